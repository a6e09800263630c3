/*
 * folder_copy - COPY and MOVE.
 * COPY makes a hard link of each message in the other folder's tmp/ (a copy of
 * the octets where links are not possible) and lets folder_place() put all
 * of them in place, or none.  MOVE renames each file from folder to folder: a
 * stop leaves each message in exactly one of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_commit.h"
#include "store/folder_look.h"
#include "store/quota.h"

#define MOVE_ROUNDS	20	/* others rename files all the time */

struct batch {
	struct folder *from;
	const struct folder_change *c;
	struct arrival *v;
	uint32_t *uids;		/* of the originals */
	size_t	 n;
	uint64_t octets;
};

/* RFC 8474 5.1: the copy is the same message; Dovecot reads this, too. */
static void
put_guid(struct arrival *a, const struct message *m)
{
	a->ext[0] = 'G';
	message_guid(m, a->ext + 1);
}

/* The letters of its keywords there; in the same folder they stay. */
static int
letters_there(struct batch *b, const struct message *m, uint32_t *letters,
    struct folder_result *r, struct why *why)
{
	struct span names[KEYWORDS_MAX];
	size_t n = 0;

	*letters = m->keywords;
	if (b->from == b->c->to)
		return 0;
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if ((m->keywords >> i & 1) != 0 &&
		    folder_keyword(b->from, i) != NULL)
			names[n++] = span_str(folder_keyword(b->from, i));
	return folder_letters(b->c->to, names, n, letters, &r->keywords_full,
	    why);
}

/* The name there: another base, the same sizes, and flags by that folder's table. */
static int
name_there(struct batch *b, const struct message *m, struct arrival *a,
    struct folder_result *r, struct why *why)
{
	char base[MAILDIR_NAME_SIZE];
	struct maildir_name parts;
	uint32_t letters;
	struct buf full;
	int rc;

	if (letters_there(b, m, &letters, r, why) != 0)
		return -1;
	if (!maildir_name_parse(span_str(m->name), &parts))
		bug("the view has the name %s", m->name);
	maildir_unique(base);
	buf_init(&full, MAILDIR_NAME_MAX);
	(void)buf_add_str(&full, base);		/* short names: fits */
	(void)buf_addf(&full, ",S=%llu", (unsigned long long)m->size_octets);
	if ((m->known & NEED_WIRE) != 0)
		(void)buf_addf(&full, ",W=%llu",
		    (unsigned long long)m->wire_octets);
	a->base_n = full.n;
	put_guid(a, m);
	a->to_new = parts.flags == 0 && letters == 0 && parts.others.n == 0;
	rc = a->to_new ? span_copy(buf_span(&full), a->name,
	    sizeof(a->name)) : maildir_name_make(a->name, buf_span(&full),
	    parts.flags, letters, parts.others);
	buf_fini(&full);
	if (rc != 0)
		why_set(why, WHY_TEMP, "4.3.0", "the name is too long");
	return rc;
}

/* A copy of the octets, with the time, on stable storage. */
static int
copy_octets(int from, struct folder *to, const char *tmp)
{
	char text[32 * 1024];
	struct fs_stat st;
	ssize_t got;
	int fd, rc = -1;

	fd = fs_create(to->tmp_dir, tmp);
	if (fd < 0)
		return -1;
	while ((got = fd_read(from, text, sizeof(text))) > 0)
		if (fd_write_all(fd, text, (size_t)got) != 0)
			break;
	if (got == 0 && fs_fstat(from, &st) == 0 &&
	    fs_fset_mtime(fd, st.mtime_ns) == 0 && fs_sync(fd) == 0)
		rc = fd_close_check(&fd);
	fd_close(&fd);
	return rc;
}

/* A second file of message m, in tmp/ of the other folder. */
static int
double_message(struct batch *b, uint32_t uid, struct arrival *a,
    struct why *why)
{
	const struct message *m = folder_need(b->from, uid, 0, why);
	struct folder *to = b->c->to;
	int fd, rc;

	a->from_dir = to->tmp_dir;
	maildir_unique(a->from);
	if (m != NULL && fs_link(m->in_new ? b->from->new_dir :
	    b->from->cur_dir, m->name, to->tmp_dir, a->from) == 0)
		return 0;
	fd = folder_open_message(b->from, uid, why);
	if (fd < 0)
		return -1;
	rc = copy_octets(fd, to, a->from);
	if (rc != 0)
		why_sys(why, WHY_TEMP, errno == ENOSPC ? "4.3.1" : "4.3.0",
		    "cannot copy the message");
	fd_close(&fd);
	return rc;
}

static void
batch_init(struct batch *b, struct folder *f, const struct folder_change *c)
{
	*b = (struct batch){ .from = f, .c = c,
	    .v = xcalloc(c->uids_n + 1, sizeof(b->v[0])),
	    .uids = xcalloc(c->uids_n + 1, sizeof(b->uids[0])) };
}

/* What is still in tmp/ goes; not for a MOVE, where that is the message. */
static void
batch_fini(struct batch *b, bool doubles)
{
	for (size_t i = 0; doubles && i < b->n; i++)
		if (!b->v[i].placed && b->v[i].from[0] != '\0')
			/* else the sweep will */
			(void)fs_discard(b->v[i].from_dir, b->v[i].from);
	free(b->v);
	free(b->uids);
}

/* The next message of the view that is to go; its name there. */
static int
batch_add(struct batch *b, uint32_t uid, struct folder_result *r,
    struct why *why)
{
	struct arrival *a = &b->v[b->n];
	const struct message *m;

	m = folder_need(b->from, uid, NEED_SIZE, why);
	if (m == NULL || name_there(b, m, a, r, why) != 0)
		return -1;
	b->octets += m->size_octets;
	b->uids[b->n++] = uid;
	return 0;
}

static int
batch_fill(struct batch *b, struct folder_result *r, struct why *why)
{
	for (size_t i = 0; i < b->c->uids_n; i++) {
		/* COPY then doubles them: only MOVE is told of this. */
		if (b->c->kind == CHANGE_MOVE)
			commit_tick(b->c, i);
		if (folder_find(b->from, b->c->uids[i]) != NULL &&
		    batch_add(b, b->c->uids[i], r, why) != 0)
			return -1;
	}
	return 0;
}

static size_t
in_view(const struct folder *f, const struct folder_change *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->uids_n; i++)
		n += folder_find(f, c->uids[i]) != NULL;
	return n;
}

static void
note_made(const struct batch *b, uint32_t uidvalidity,
    struct folder_result *r)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].placed) {
			uids_add(&r->done, b->uids[i]);
			uids_add(&r->made, b->v[i].uid);
			r->made_uidvalidity = uidvalidity;
		}
}

int
folder_copy(struct folder *f, const struct folder_change *c,
    struct folder_result *r, struct why *why)
{
	size_t wanted = in_view(f, c);
	struct batch b;
	uint32_t uidvalidity;
	int rc;

	batch_init(&b, f, c);
	rc = batch_fill(&b, r, why);
	/* To look for one may show that another is gone: then it is none. */
	if (rc == 0 && c->kind == CHANGE_COPY && b.n < wanted) {
		why_set(why, WHY_PERM, "5.1.1", "a message is gone");
		rc = -1;
	}
	if (rc == 0)
		rc = quota_room(f->root, b.octets, b.n, why);
	for (size_t i = 0; rc == 0 && i < b.n; i++) {
		commit_tick(c, i);
		rc = double_message(&b, b.uids[i], &b.v[i], why);
	}
	if (rc == 0)
		rc = folder_place(c->to, b.v, b.n, PLACE_ALL, &uidvalidity,
		    why);
	if (rc == 0) {
		note_made(&b, uidvalidity, r);
		quota_add(f->root, (int64_t)b.octets, (int64_t)b.n);
	}
	batch_fini(&b, true);
	return rc;
}

/* Where each file lies now; the view has just been brought up to date. */
static void
take_places(struct batch *b)
{
	const struct message *m;
	struct why why;

	for (size_t i = 0; i < b->n; i++) {
		m = folder_need(b->from, b->uids[i], 0, &why);
		b->v[i].from[0] = '\0';
		if (m == NULL)
			continue;
		b->v[i].from_dir = m->in_new ? b->from->new_dir :
		    b->from->cur_dir;
		(void)snprintf(b->v[i].from, sizeof(b->v[i].from), "%s",
		    m->name);	/* names of the view fit */
	}
}

/* The moved ones leave the view without being told as expunged. */
static void
leave_view(struct folder *f, const struct batch *b)
{
	struct uids moved;

	uids_init(&moved);
	for (size_t k = 0; k < b->n; k++)
		if (b->v[k].placed)
			uids_add(&moved, b->uids[k]);
	folder_drop(f, &moved);
	uids_fini(&moved);
}

/* Other file systems, and a move within a folder: COPY, then EXPUNGE. */
static int
copy_and_remove(struct folder *f, const struct folder_change *c,
    struct folder_result *r, struct why *why)
{
	struct folder_change gone = { .kind = CHANGE_EXPUNGE };
	struct folder_result copied, removed;
	int rc;

	folder_result_init(&copied);
	folder_result_init(&removed);
	rc = folder_copy(f, c, &copied, why);
	gone.uids = copied.done.v;
	gone.uids_n = copied.done.n;
	if (rc == 0)
		rc = commit_expunge(f, &gone, false, &removed, why);
	/* What could not be removed is here still, and not told as gone. */
	for (size_t i = 0; i < copied.done.n; i++) {
		if (rc != 0 && !uids_has(&removed.done, copied.done.v[i]))
			continue;
		uids_add(&r->done, copied.done.v[i]);
		uids_add(&r->made, copied.made.v[i]);
	}
	r->made_uidvalidity = copied.made_uidvalidity;
	r->keywords_full = r->keywords_full || copied.keywords_full;
	folder_result_fini(&removed);
	folder_result_fini(&copied);
	return rc;
}

static bool
same_device(const struct folder *a, const struct folder *b)
{
	struct fs_stat x, y;

	return fs_fstat(a->cur_dir, &x) == 0 &&
	    fs_fstat(b->cur_dir, &y) == 0 && x.device == y.device;
}

/*
 * Those of the view, as far as they can be found.
 * again    set if others have renamed or removed one since we looked
 */
static int
move_round(struct folder *f, const struct folder_change *c,
    struct folder_result *r, bool *again, struct why *why)
{
	struct own_change own;
	struct batch b;
	uint32_t uidvalidity = 0;
	size_t before = r->done.n;
	int rc;

	/* Names must be fresh: a rename cannot look twice. */
	if (folder_refresh(f, why) != 0)
		return -1;
	batch_init(&b, f, c);
	rc = batch_fill(&b, r, why);
	take_places(&b);
	own_change_begin(f, &own);
	if (rc == 0)
		rc = folder_place(c->to, b.v, b.n, PLACE_EACH, &uidvalidity,
		    why);
	*again = false;
	for (size_t i = 0; i < b.n; i++)
		*again = *again || b.v[i].missing;
	note_made(&b, uidvalidity, r);
	leave_view(f, &b);
	own_change_end(f, &own, r->done.n - before);
	if (b.n > 0 && (fs_dirsync(f->cur_dir) != 0 ||
	    fs_dirsync(f->new_dir) != 0) && rc == 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot sync %s", f->name);
		rc = -1;
	}
	batch_fini(&b, false);
	return rc;
}

/*
 * What has another name by now is looked for, and what is gone left out.  Each
 * round moves those before it, so that UIDs there have the order of those here.
 */
int
folder_move(struct folder *f, const struct folder_change *c,
    struct folder_result *r, struct why *why)
{
	struct folder_change rest = *c;
	bool again = false;
	int rc;

	if (c->to == f || !same_device(f, c->to))
		return copy_and_remove(f, c, r, why);
	rc = move_round(f, &rest, r, &again, why);
	for (int i = 1; rc != 0 && again && i < MOVE_ROUNDS; i++) {
		f->synced = false;	/* whatever the stamps say */
		rest.tick = NULL;	/* it has told of all of them */
		rc = move_round(f, &rest, r, &again, why);
	}
	return rc;
}
