/*
 * cmd_list - LSUB and STATUS (RFC 3501 6.3.9, 6.3.10).
 * The store lists everything once; the pattern is compiled once; each name is
 * then looked at once.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "imapd/command.h"
#include "imapd/list.h"
#include "imapd/modseq.h"
#include "imapd/named.h"
#include "imapd/parents.h"
#include "imapd/reply.h"
#include "store/folder_modseq.h"

static void
tell_lsub(struct session *s, const char *attributes, const char *name)
{
	struct buf line;

	buf_init(&line, KIB);
	list_put(&line, s, "LSUB", attributes, name);
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
}

static bool
is_match(const struct session *s, const struct listmatch *m,
    const char *name)
{
	return list_matches(s, m, 1, name);
}

/*
 * RFC 3501 6.3.9: "foo/bar" is subscribed and "%" asks only for the level
 * of "foo": then foo is told with \Noselect.
 */
static void
tell_parents(struct session *s, const struct folders *fs,
    const struct listmatch *m, struct parents *p)
{
	const struct folders_entry *e;

	parents_sort(p);
	for (size_t i = 0; i < p->n; i++) {
		e = folders_find(fs, p->v[i]);
		if ((e == NULL || !e->subscribed) && is_match(s, m, p->v[i]))
			tell_lsub(s, "\\Noselect", p->v[i]);
	}
}

/* A subscribed name has no attributes; Thunderbird wants one. */
static const char *
lsub_flags(const struct session *s, const struct folders_entry *e)
{
	return (s->how->workarounds & WORKAROUND_LSUB_FLAGS) != 0 &&
	    !e->exists ? "\\Noselect" : "";
}

static void
lsub_all(struct session *s, const struct folders *fs,
    const struct listmatch *m)
{
	struct parents parents;

	parents_init(&parents);
	for (size_t i = 0; i < fs->n; i++) {
		if (!fs->v[i].subscribed)
			continue;
		if (is_match(s, m, fs->v[i].name))
			tell_lsub(s, lsub_flags(s, &fs->v[i]), fs->v[i].name);
		else
			parents_add(&parents, fs->v[i].name);
	}
	tell_parents(s, fs, m, &parents);
	parents_fini(&parents);
}

void
cmd_lsub(struct session *s, const union args *a)
{
	struct listmatch *m;
	struct folders fs;
	struct why why;

	if (folders_list(s->how->root, true, &fs, &why) != 0) {
		reply_why(s, &why);
		return;
	}
	m = xmalloc(sizeof(*m));
	list_compile(m, s, a->list.reference, a->list.pattern);
	lsub_all(s, &fs, m);
	free(m);
	folders_fini(&fs);
	reply_ok(s, NULL, "Lsub completed");
}

struct counts {
	uint32_t recent, unseen, deleted;
};

static struct counts
count(const struct folder *f)
{
	struct counts n = { .recent = 0 };
	const struct message *m;

	for (size_t i = 0; i < folder_count(f); i++) {
		m = folder_message(f, i);
		n.recent += (m->flags & MESSAGE_RECENT) != 0;
		n.unseen += (m->flags & MESSAGE_SEEN) == 0;
		n.deleted += (m->flags & MESSAGE_DELETED) != 0;
	}
	return n;
}

/*
 * RFC 9208 4.1.4: what an expunge would give back: octets on disk, as the
 * quota counts them.
 */
static int
sum_deleted(struct folder *f, uint64_t *sum, struct why *why)
{
	const struct message *m;

	for (size_t i = 0; i < folder_count(f); i++) {
		m = folder_message(f, i);
		if ((m->flags & MESSAGE_DELETED) == 0)
			continue;
		m = folder_need(f, m->uid, NEED_SIZE, why);
		if (m != NULL)
			*sum += m->size_octets;
		else if (why->kind != WHY_PERM)	/* else it is gone */
			return -1;
	}
	return 0;
}

/* RFC 8438 3: at least the sum of all RFC822.SIZE; exactly that. */
static int
sum_sizes(struct folder *f, uint64_t *sum, struct why *why)
{
	const struct message *m;

	*sum = 0;
	for (size_t i = 0; i < folder_count(f); i++) {
		m = folder_need(f, folder_message(f, i)->uid, NEED_WIRE, why);
		if (m != NULL)
			*sum += m->wire_octets;
		else if (why->kind != WHY_PERM)	/* else it is gone */
			return -1;
	}
	return 0;
}

static void
put_numbers(struct buf *out, const struct session *s, struct folder *f,
    unsigned items, uint64_t size)
{
	struct counts n = count(f);
	const struct { enum status_item bit; const char *name; uint64_t n; }
	    values[] = {
		{ STATUS_MESSAGES, "MESSAGES", folder_count(f) },
		{ STATUS_RECENT, "RECENT", n.recent },
		{ STATUS_UIDNEXT, "UIDNEXT", folder_uidnext(f) },
		{ STATUS_UIDVALIDITY, "UIDVALIDITY", folder_uidvalidity(f) },
		{ STATUS_UNSEEN, "UNSEEN", n.unseen },
		{ STATUS_DELETED, "DELETED", n.deleted },
		{ STATUS_SIZE, "SIZE", size },
		{ STATUS_APPENDLIMIT, "APPENDLIMIT", reply_append_limit(s) },
		{ STATUS_HIGHESTMODSEQ, "HIGHESTMODSEQ", folder_modseq(f) },
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if ((items & values[i].bit) != 0) {
			buf_addf(out, " %s ", values[i].name);
			buf_add_u64(out, values[i].n);
		}
}

/*
 * "(MESSAGES 231 UIDNEXT 44292)" of a folder that was synced.
 * returns  -1 with why: a size cannot be found out
 */
static int
put_status(struct buf *out, const struct session *s, struct folder *f,
    unsigned items, struct why *why)
{
	size_t begin = out->n;
	uint64_t size = 0, deleted = 0;

	if ((items & STATUS_SIZE) != 0 && sum_sizes(f, &size, why) != 0)
		return -1;
	put_numbers(out, s, f, items, size);
	if ((items & STATUS_DELETED_STORAGE) != 0) {
		if (sum_deleted(f, &deleted, why) != 0)
			return -1;
		buf_add_str(out, " DELETED-STORAGE ");
		buf_add_u64(out, deleted);
	}
	if ((items & STATUS_MAILBOXID) != 0) {
		buf_add_str(out, " MAILBOXID ");
		reply_put_mailboxid(out, f);
	}
	out->p[begin] = '(';	/* in place of the first space */
	buf_add_char(out, ')');
	return 0;
}

int
list_tell_status(struct session *s, const char *name, unsigned items,
    struct why *why)
{
	struct folder *f;
	struct buf line;
	int rc = -1;

	/* Read-only: \Recent stays for who selects it (RFC 3501 6.3.10). */
	f = folder_open(s->how->root, name, true, why);
	if (f == NULL)
		return -1;
	if ((items & STATUS_HIGHESTMODSEQ) != 0)
		modseq_enable(s, ENABLED_CONDSTORE);	/* RFC 7162 3.1 */
	buf_init(&line, 2 * KIB);
	buf_add_str(&line, "STATUS ");
	names_put(&line, name, &s->names);
	buf_add_char(&line, ' ');
	if (folder_sync(f, NULL, why) == 0 &&
	    put_status(&line, s, f, items, why) == 0) {
		reply_untagged_span(s, buf_span(&line));
		rc = 0;
	}
	buf_fini(&line);
	folder_close(&f);
	return rc;
}

bool
list_may_status(struct session *s, unsigned items)
{
	if (!session_is_rev2(s) || (items & STATUS_RECENT) == 0)
		return true;
	reply_bad(s, "RECENT is not in IMAP4rev2");
	return false;
}

void
cmd_status(struct session *s, const union args *a)
{
	char name[FOLDER_NAME_SIZE];
	struct why why;

	if (!list_may_status(s, a->status.items) ||
	    !named(s, a->status.mailbox, name))
		return;
	if (list_tell_status(s, name, a->status.items, &why) == 0)
		reply_ok(s, NULL, "Status completed");
	else if (why.kind == WHY_PERM && !folder_exists(s->how->root, name))
		reply_no(s, "NONEXISTENT", "Mailbox does not exist");
	else
		reply_why(s, &why);
}
