/*
 * cmd_folder - CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 3501 6.3.3
 * to 6.3.7); CREATE with USE (RFC 6154 3).
 */
#include <string.h>

#include "imapd/command.h"
#include "imapd/list.h"
#include "imapd/named.h"
#include "imapd/quota.h"
#include "imapd/reply.h"

static void
done(struct session *s, int rc, const struct why *why, const char *text)
{
	if (rc == 0)
		reply_ok(s, NULL, text);
	else
		reply_why(s, why);
}

/* RFC 8474 4.1: MAILBOXID of the new folder, which its first look gives. */
static void
answer_created(struct session *s, const char *name)
{
	struct folder *f;
	struct buf code;
	struct why why;

	f = folder_open(s->how->root, name, true, &why);
	buf_init(&code, KIB);
	buf_add_str(&code, "MAILBOXID ");
	if (f != NULL && folder_sync(f, NULL, &why) == 0) {
		reply_put_mailboxid(&code, f);
		reply_ok_code(s, buf_span(&code), "Create completed");
	} else
		reply_why(s, &why);
	buf_fini(&code);
	folder_close(&f);
}

/* RFC 9208 5.3, and 4.3.1 of the code; false: the answer is given. */
static bool
has_place(struct session *s)
{
	struct why why;
	size_t n;

	if (quota_folders(s, &n, &why) != 0) {
		reply_why(s, &why);
		return false;
	}
	if (s->how->folders_max == 0 || n < s->how->folders_max)
		return true;
	reply_no(s, "OVERQUOTA", "Too many mailboxes");
	return false;
}

void
cmd_create(struct session *s, const union args *a)
{
	struct span mailbox = a->create.mailbox;
	char name[FOLDER_NAME_SIZE];
	struct why why;

	/* A separator at the end says that names below are to follow (6.3.3). */
	if (mailbox.n > 0 && mailbox.p[mailbox.n - 1] == s->how->separator)
		mailbox.n--;
	if (!named(s, mailbox, name))
		return;
	if (folder_exists(s->how->root, name))
		reply_no(s, "ALREADYEXISTS", "Mailbox exists");
	else if (a->create.other ||
	    (a->create.uses != 0 && folder_is_inbox(name)))
		reply_no(s, "USEATTR", "Mailbox cannot be used so");
	else if (!has_place(s))
		return;
	else if (folders_create_for(s->how->root, name, a->create.uses,
	    &why) != 0)
		reply_why(s, &why);
	else {
		named_tell(s, mailbox, name);
		answer_created(s, name);
	}
}

/* The folder with that name, or one below it, is the selected one. */
static bool
is_selected(const struct session *s, const char *name, bool below)
{
	const char *selected;

	if (s->folder == NULL)
		return false;
	selected = folder_name_of(s->folder);
	return strcmp(selected, name) == 0 ||
	    (below && folder_is_below(selected, name));
}

/* RFC 9051 6.3.5, 7.1: only names below it are there, or nothing. */
static void
answer_missing(struct session *s, const char *name)
{
	if (list_has_below(s, name))
		reply_no(s, "HASCHILDREN", "Only mailboxes below it exist");
	else
		reply_no(s, "NONEXISTENT", "Mailbox does not exist");
}

void
cmd_delete(struct session *s, const union args *a)
{
	char name[FOLDER_NAME_SIZE];
	struct why why;
	int rc;

	if (!named(s, a->one.mailbox, name))
		return;
	if (folder_is_inbox(name)) {
		reply_no(s, "CANNOT", "INBOX cannot be deleted");
		return;
	}
	if (!folder_exists(s->how->root, name)) {
		answer_missing(s, name);
		return;
	}
	if (is_selected(s, name, false)) {
		session_unselect(s);
		reply_untagged(s, "OK [CLOSED] Mailbox deleted");
	}
	rc = folders_delete(s->how->root, name, &why);
	if (rc == 0)
		named_tell(s, a->one.mailbox, name);
	done(s, rc, &why, "Delete completed");
}

void
cmd_rename(struct session *s, const union args *a)
{
	char from[FOLDER_NAME_SIZE], to[FOLDER_NAME_SIZE];
	struct why why;
	bool moved;

	if (!named(s, a->two.from, from) || !named(s, a->two.to, to))
		return;
	if (folder_exists(s->how->root, to)) {
		reply_no(s, "ALREADYEXISTS", "Mailbox exists");
		return;
	}
	if (!folder_exists(s->how->root, from) && !list_has_below(s, from)) {
		reply_no(s, "NONEXISTENT", "Mailbox does not exist");
		return;
	}
	/* INBOX stays; only its messages go (6.3.5). */
	moved = !folder_is_inbox(from) && is_selected(s, from, true);
	if (folders_rename(s->how->root, from, to, &why) != 0) {
		reply_why(s, &why);
		return;
	}
	if (moved) {
		session_unselect(s);
		reply_untagged(s, "OK [CLOSED] Mailbox renamed");
	}
	/* RFC 9051 6.3.9.7 */
	if (session_is_rev2(s))
		list_tell_one(s, to, a->two.from);
	reply_ok(s, NULL, "Rename completed");
}

void
cmd_subscribe(struct session *s, const union args *a)
{
	char name[FOLDER_NAME_SIZE];
	struct why why;

	if (named(s, a->one.mailbox, name))
		done(s, folders_subscribe(s->how->root, name, true, &why),
		    &why, "Subscribe completed");
}

void
cmd_unsubscribe(struct session *s, const union args *a)
{
	char name[FOLDER_NAME_SIZE];
	struct why why;

	if (named(s, a->one.mailbox, name))
		done(s, folders_subscribe(s->how->root, name, false, &why),
		    &why, "Unsubscribe completed");
}
