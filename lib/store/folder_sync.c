/*
 * folder_sync - the view becomes what is on disk: uidlist, then both
 * directories, then who is who.
 *
 *	read the uidlist from where we were (no lock)
 *	list new/ and cur/; again, if somebody seems to be gone
 *	files without a UID, or a uidlist that needs repair: folder_uids.c
 *	the view is made anew; what lies in new/ is claimed
 *
 * A file that had left the view and is back gets a new UID: IMAP allows no
 * message to appear below UIDs that a client has seen (RFC 3501 2.3.1.1).
 */
#include <stdlib.h>
#include <string.h>

#include "os/fs.h"
#include "store/folder_courier.h"
#include "store/folder_look.h"
#include "store/folder_priv.h"

#define ROUNDS_MAX	5			/* of looking for who is missing */

/* Another UIDVALIDITY, or no folder: nothing that we know holds. */
static void
reset(struct folder *f)
{
	folder_empty(f);
	changes_clear(&f->pending);
	f->pending.reset = true;
	f->uidvalidity = f->top = 0;
	f->nextuid = 1;
	f->known = f->synced = false;
	uidlist_file_fini(&f->uidlist);
	uidlist_file_init(&f->uidlist, f->dir);
}

static void
match_news(struct sync *s, const struct uidlist_news *news)
{
	struct scan_entry *e;

	for (size_t i = 0; i < news->n; i++) {
		e = scan_find(&s->scan, news->v[i].base);
		if (e == NULL) {
			s->unmatched++;
			continue;
		}
		e->uid = news->v[i].uid;
		e->ext = news->v[i].ext;
	}
}

/* A copy: what is shown of a message does not last. */
static struct span
keep_ext(struct sync *s, const char *ext)
{
	if (s->exts == NULL)
		s->exts = arena_new(UIDLIST_FILE_MAX);
	return arena_span(s->exts, span_str(ext));
}

/* What the file does not say of known messages; unless it says all. */
static void
match_view(struct sync *s, bool file_says_all)
{
	struct folder *f = s->f;
	const struct message *m;
	struct maildir_name parts;
	struct scan_entry *e;

	s->missing = 0;
	for (size_t i = 0; i < f->cols.n && !f->lost; i++) {
		m = folder_whole(f, i);
		e = NULL;
		if (m != NULL && maildir_name_parse(span_str(m->name), &parts))
			e = scan_find(&s->scan, parts.base);
		if (e == NULL) {
			s->missing++;
			continue;
		}
		/* Of two messages with one file the list has the later one. */
		if ((e->uid == 0 || (e->kept && e->uid < m->uid)) &&
		    !file_says_all) {
			e->uid = m->uid;
			if (m->ext != NULL)
				e->ext = keep_ext(s, m->ext);
		}
		e->kept = e->uid == m->uid;
	}
}

/* The snapshot was spoilt under our eyes: the uidlist alone says who is who. */
static void
match_lost(struct sync *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->scan.n; i++) {
		struct scan_entry *e = &s->scan.v[i];

		e->kept = e->uid != 0 && columns_has(&s->f->cols, e->uid);
		kept += e->kept;
	}
	s->missing = s->f->cols.n > kept ? s->f->cols.n - kept : 0;
}

/* new/ alone does not tell: both are listed. */
static int
list_whole(struct sync *s, struct why *why)
{
	s->partial = false;
	scan_fini(&s->scan);
	scan_init(&s->scan);
	return sync_list(s, why);
}

int
sync_match(struct sync *s, struct why *why)
{
	struct folder *f = s->f;
	const struct uidlist_news *last = &s->news;

	if (s->partial && arrivals_match(s))
		return 0;
	if (s->partial && list_whole(s, why) != 0)
		return -1;
	if (s->locked && s->locked_news.afresh)
		last = &s->locked_news;
	s->unmatched = 0;
	for (size_t i = 0; i < s->scan.n; i++) {
		s->scan.v[i].uid = 0;
		s->scan.v[i].ext = SPAN_NONE;
		s->scan.v[i].kept = false;
	}
	match_news(s, last);
	if (s->locked && last != &s->locked_news)
		match_news(s, &s->locked_news);
	match_view(s, last->afresh && f->uidlist.state == UIDLIST_GOOD);
	if (f->lost && !last->afresh) {
		why_set(why, WHY_TEMP, "4.3.0", "the index was spoilt");
		return -1;	/* the uidlist has to say all: refresh() */
	}
	if (f->lost)
		match_lost(s);
	for (size_t i = 0; i < s->scan.n; i++) {
		struct scan_entry *e = &s->scan.v[i];

		if (f->known && !e->kept && e->uid < f->nextuid)
			e->uid = 0;
	}
	return 0;
}

int
sync_list(struct sync *s, struct why *why)
{
	return scan_read(&s->scan, s->f->new_dir,
	    s->partial ? -1 : s->f->cur_dir, !s->f->read_only, why);
}

size_t
sync_messages(const struct sync *s)
{
	return s->scan.n + (s->partial ? s->f->cols.n : 0);
}

/* The directories have not changed since these stamps were taken. */
static bool
dirs_are(const struct folder *f, const struct fs_stat was[2])
{
	struct fs_stat new, cur;

	return fs_fstat(f->new_dir, &new) == 0 &&
	    fs_fstat(f->cur_dir, &cur) == 0 &&
	    new.ctime_ns == was[0].ctime_ns && cur.ctime_ns == was[1].ctime_ns;
}

/*
 * Who is not found is looked for a second time at least, and again while
 * others rename files under our eyes: a listing may miss those.
 */
static int
find_all(struct sync *s, struct why *why)
{
	struct folder *f = s->f;
	struct fs_stat was[2];

	for (int round = 0; round < ROUNDS_MAX; round++) {
		if (fs_fstat(f->new_dir, &was[0]) != 0 ||
		    fs_fstat(f->cur_dir, &was[1]) != 0)
			was[0].ctime_ns = was[1].ctime_ns = 0;
		if (sync_list(s, why) != 0 || sync_match(s, why) != 0)
			return -1;
		if (s->missing == 0 && (s->unmatched == 0 ||
		    (f->new_at.old && f->cur_at.old)))
			break;
		if (round > 0 && dirs_are(f, was))
			break;
	}
	return 0;
}

/*
 * What lies in new/ becomes ours, and \Recent here, if our rename is the one
 * that works.
 * returns  it has
 */
static bool
claim_one(struct folder *f, size_t i)
{
	char name[MAILDIR_NAME_SIZE];
	struct maildir_name parts;
	struct message m;

	if (folder_take(f, i, &m) != 0)
		return false;
	if (!maildir_name_parse(span_str(m.name), &parts) ||
	    maildir_name_make(name, parts.base, parts.flags, parts.keywords,
	    parts.others) != 0) {
		message_fini(&m);
		return false;
	}
	if (fs_rename_new(f->new_dir, m.name, f->cur_dir, name) == 0) {
		m.in_new = false;
		message_set_name(&m, name);
		folder_put(f, i, &m);
		return true;
	}
	message_fini(&m);
	f->cols.bits[i] &= (uint8_t)~MESSAGE_RECENT;
	f->synced = false;	/* where is it now? */
	return false;
}

static void
claim_new(struct folder *f)
{
	struct own_change own = { .mtime_ns = 0 };
	size_t n = 0;

	for (size_t i = 0; i < f->cols.n; i++) {
		if ((f->cols.bits[i] & BIT_IN_NEW) == 0)
			continue;
		if (n == 0)
			own_change_begin(f, &own);
		n += claim_one(f, i);
	}
	own_change_end(f, &own, n);
}

static bool
other_uidvalidity(const struct folder *f)
{
	return f->uidvalidity != 0 &&
	    f->uidlist.state == UIDLIST_GOOD &&
	    f->uidlist.header.uidvalidity != f->uidvalidity;
}

/*
 * No name in cur/ is other than the view says, and the uidlist has only grown.
 */
static bool
is_partial(const struct sync *s, const struct look *l)
{
	const struct folder *f = s->f;

	return f->known && f->synced && !f->lost && !l->in_cur &&
	    !s->news.afresh && f->uidlist.state == UIDLIST_GOOD;
}

static int
run(struct sync *s, const struct look *l, struct why *why)
{
	struct folder *f = s->f;
	bool afresh;

	if (uidlist_file_read(&f->uidlist, false, &s->news, why) != 0)
		return -1;
	s->partial = is_partial(s, l);
	if (other_uidvalidity(f)) {
		reset(f);
		return 0;
	}
	if (find_all(s, why) != 0 || sync_assign(s, why) != 0)
		return -1;
	if (other_uidvalidity(f)) {
		reset(f);
		return 0;
	}
	afresh = s->news.afresh || s->locked_news.afresh;
	if ((afresh || (!s->settled &&
	    (s->news.n > 0 || s->locked_news.n > 0))) &&
	    uidlist_file_settle(&f->uidlist, afresh, why) != 0)
		return -1;
	if (folder_keywords_read(f, why) != 0)
		return -1;
	f->index.settled = f->uidlist.at_octets;
	if (s->partial)
		arrivals_take(s);
	else
		folder_take_scan(f, &s->scan);
	f->uidvalidity = f->uidlist.header.uidvalidity;
	f->nextuid = f->uidlist.header.nextuid;
	f->known = f->synced = true;
	return 0;
}

/*
 * After a failure what the uidlist told has not reached the view: it is read
 * from its beginning the next time.
 */
static void
forget_list(struct folder *f)
{
	uidlist_file_fini(&f->uidlist);
	uidlist_file_init(&f->uidlist, f->dir);
	f->synced = false;
}

static int
scan_all(struct folder *f, const struct look *l, struct why *why)
{
	struct sync s = { .f = f, .lock = DOTLOCK_NONE };
	int rc;

	if (f->lost)
		forget_list(f);
	/* A folder without our list may have been Courier's. */
	if (!f->known && courier_take_uids(f->root, f->dir, why) != 0)
		return -1;
	scan_init(&s.scan);
	uidlist_news_init(&s.news);
	uidlist_news_init(&s.locked_news);
	rc = run(&s, l, why);
	if (rc != 0)
		forget_list(f);
	uidlist_news_fini(&s.locked_news);
	uidlist_news_fini(&s.news);
	scan_fini(&s.scan);
	arena_free(&s.exts);
	return rc;
}

/* What others have noted was read; the list tells UIDs of it. */
static int
settle_list(struct folder *f, bool afresh, struct why *why)
{
	if (f->index.settled < f->uidlist.at_octets &&
	    uidlist_file_settle(&f->uidlist, afresh, why) != 0)
		return -1;
	f->index.settled = f->uidlist.at_octets;
	return folder_keywords_read(f, why);
}

/*
 * Something has changed, or is to be noted.  With the lock nobody else notes
 * anything in the index between our look and our note.
 */
static int
look_closer(struct folder *f, bool first, struct look *l, struct why *why)
{
	bool locked = index_lock(f);
	int rc = 0;

	/* Another session may have looked, and noted what it saw. */
	if (locked && index_catch_up(f))
		rc = folder_look(f, first, l, why);
	if (rc == 0 && f->synced && !l->in_new && !l->in_cur && !l->list)
		rc = settle_list(f, false, why);
	else if (rc == 0) {
		rc = scan_all(f, l, why);
		if (rc != 0 && f->lost)
			rc = scan_all(f, l, why);
	}
	if (rc == 0 && f->known && !f->read_only)
		claim_new(f);
	if (locked && rc == 0 && f->known)
		index_save(f);
	if (locked)
		index_unlock(f);
	return rc;
}

/* What the index says is told as if it had been listed. */
static int
tell_loaded(struct folder *f, struct why *why)
{
	if (settle_list(f, true, why) != 0)
		return -1;
	if (!f->read_only)
		claim_new(f);
	return 0;
}

static int
refresh(struct folder *f, struct why *why)
{
	bool first = !f->known;
	struct look l;
	int rc;

	if (first)
		index_load(f);
	rc = folder_look(f, first, &l, why);
	if (rc < 0 && why->kind == WHY_PERM) {
		reset(f);
		return 0;
	}
	if (rc < 0)
		return -1;
	if (!look_is_same(&l) || (f->index.changed && !f->index.off))
		return look_closer(f, first, &l, why);
	return first ? tell_loaded(f, why) : 0;
}

int
folder_refresh(struct folder *f, struct why *why)
{
	struct why here;
	int rc;

	why_clear(&here);
	rc = refresh(f, &here);
	if (rc != 0 && why != NULL)
		*why = here;
	return rc;
}

/* Take out of a what is in b, too; both ascend. */
static void
subtract(struct uids *a, const struct uids *b)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		if (!uids_has(b, a->v[i]))
			a->v[n++] = a->v[i];
	a->n = n;
}

/* Came and went, changed and went: only what still matters is told. */
static void
tidy(struct folder *f, struct folder_changes *c)
{
	struct uids told;

	uids_sort(&c->added);
	uids_sort(&c->expunged);
	uids_sort(&c->flagged);
	uids_init(&told);
	for (size_t i = 0; i < c->expunged.n; i++)
		uids_add(&told, c->expunged.v[i]);
	subtract(&c->expunged, &c->added);
	subtract(&c->added, &told);
	uids_fini(&told);
	subtract(&c->flagged, &c->added);
	for (size_t i = 0, n = c->flagged.n; i < n; i++)
		if (folder_find(f, c->flagged.v[i]) == NULL)
			c->flagged.v[i] = 0;
	uids_sort(&c->flagged);
	if (c->flagged.n > 0 && c->flagged.v[0] == 0) {
		memmove(c->flagged.v, c->flagged.v + 1,
		    (c->flagged.n - 1) * sizeof(c->flagged.v[0]));
		c->flagged.n--;
	}
}

int
folder_sync(struct folder *f, struct folder_changes *changes, struct why *why)
{
	struct folder_changes spare;
	int rc;

	if (changes != NULL)
		changes_clear(changes);
	/* Who asks for the first time, and not for changes, sees the view. */
	f->silent = changes == NULL && !f->known;
	rc = folder_refresh(f, why);
	f->silent = false;
	if (rc != 0)
		return -1;
	if (f->cols.n > 0 && f->top < f->cols.uid[f->cols.n - 1])
		f->top = f->cols.uid[f->cols.n - 1];
	tidy(f, &f->pending);
	if (changes != NULL) {
		spare = *changes;
		*changes = f->pending;
		f->pending = spare;
	}
	changes_clear(&f->pending);
	return 0;
}
