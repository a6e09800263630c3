/*
 * cmd_select - SELECT, EXAMINE (RFC 3501 6.3.1, 6.3.2), CLOSE (6.4.2) and
 * UNSELECT (RFC 3691).
 */
#include "imapd/command.h"
#include "imapd/modseq.h"
#include "imapd/list.h"
#include "imapd/named.h"
#include "imapd/reply.h"
#include "imapd/select.h"

/* RFC 8474 4.2 */
static void
tell_mailboxid(struct session *s)
{
	struct buf line;

	buf_init(&line, KIB);
	buf_add_str(&line, "OK [MAILBOXID ");
	reply_put_mailboxid(&line, s->folder);
	buf_add_str(&line, "] Ok");
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
}

/* All that is there becomes what the client knows. */
static void
tell_all(struct session *s)
{
	uint32_t recent = 0, unseen = 0;
	const struct message *m;

	for (size_t i = 0; i < folder_count(s->folder); i++) {
		m = folder_message(s->folder, i);
		uids_add(&s->view.told, m->uid);
		recent += (m->flags & MESSAGE_RECENT) != 0;
		if (unseen == 0 && (m->flags & MESSAGE_SEEN) == 0)
			unseen = (uint32_t)(i + 1);
	}
	reply_flags(s);
	reply_untagged(s, "%u EXISTS", view_count(&s->view));
	if (!session_is_rev2(s))
		reply_untagged(s, "%u RECENT", recent);
	if (unseen > 0 && !session_is_rev2(s))
		reply_untagged(s, "OK [UNSEEN %u] First unseen", unseen);
	reply_untagged(s, "OK [UIDVALIDITY %u] UIDs valid",
	    folder_uidvalidity(s->folder));
	reply_untagged(s, "OK [UIDNEXT %u] Predicted next UID",
	    folder_uidnext(s->folder));
	modseq_selected(s);
	tell_mailboxid(s);
}

/* NULL: the answer is given. */
static struct folder *
open_folder(struct session *s, struct span mailbox, bool read_only)
{
	char name[FOLDER_NAME_SIZE];
	struct folder *f = NULL;
	struct why why;

	if (!named(s, mailbox, name))
		return NULL;
	f = folder_open(s->how->root, name, read_only, &why);
	if (f != NULL && folder_sync(f, NULL, &why) == 0)
		return f;
	folder_close(&f);
	if (!folder_exists(s->how->root, name))
		reply_no(s, "NONEXISTENT", "Mailbox does not exist");
	else
		reply_why(s, &why);
	return NULL;
}

/* RFC 9051 6.3.2: REQUIRED; with OLDNAME where the client wrote another. */
static void
tell_name(struct session *s, struct span mailbox)
{
	const char *name = folder_name_of(s->folder);
	char seen[NAMES_SIZE];

	if (!session_is_rev2(s))
		return;
	names_out(name, &s->names, seen);
	list_tell_one(s, name, span_eq_str(mailbox, seen) ? SPAN_NONE :
	    mailbox);
}

static void
choose(struct session *s, const union args *a, bool read_only)
{
	struct resync resync = a->select.resync;

	/* RFC 7162 3.2.5 */
	if (resync.uidvalidity != 0 && (s->enabled & ENABLED_QRESYNC) == 0) {
		reply_bad(s, "QRESYNC is not enabled");
		return;
	}
	/* RFC 3501 6.3.1: what was selected is not, even if this fails. */
	if (s->state == STATE_SELECTED) {
		session_unselect(s);
		reply_untagged(s, "OK [CLOSED] Previous mailbox closed");
	}
	s->folder = open_folder(s, a->select.mailbox, read_only);
	if (s->folder == NULL)
		return;
	if (a->select.condstore)
		s->enabled |= ENABLED_CONDSTORE;
	session_enter(s, STATE_SELECTED);
	tell_all(s);
	tell_name(s, a->select.mailbox);
	if (resync.uidvalidity != 0)
		modseq_resync(s, &resync);
	if (read_only)
		reply_ok(s, "READ-ONLY", "Examine completed");
	else
		reply_ok(s, "READ-WRITE", "Select completed");
}

void
cmd_select(struct session *s, const union args *a)
{
	choose(s, a, false);
}

void
cmd_examine(struct session *s, const union args *a)
{
	choose(s, a, true);
}

/* RFC 3501 6.4.2: deleted messages go, and nothing is told of it. */
void
cmd_close(struct session *s, const union args *a)
{
	struct uids deleted;
	struct folder_change change = { .kind = CHANGE_EXPUNGE };
	struct why why;
	int rc = 0;

	(void)a;
	uids_init(&deleted);
	if (!folder_read_only(s->folder)) {
		rc = folder_sync(s->folder, NULL, &why);
		select_deleted(s, NULL, &deleted);
		change.uids = deleted.v;
		change.uids_n = deleted.n;
		if (rc == 0 && deleted.n > 0)
			rc = folder_commit(s->folder, &change, 1, NULL, &why);
	}
	uids_fini(&deleted);
	session_unselect(s);
	/* The mailbox is closed all the same; what is left is still marked. */
	if (rc != 0)
		reply_why(s, &why);
	else
		reply_ok(s, NULL, "Close completed");
}

void
cmd_unselect(struct session *s, const union args *a)
{
	(void)a;
	session_unselect(s);
	reply_ok(s, NULL, "Unselect completed");
}
