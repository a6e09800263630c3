/*
 * folder_arrivals - the usual news of a folder: messages have come to new/, and
 * nothing else is other than it was.  Then new/ and the last lines of the
 * uidlist tell it all, however many messages lie in cur/.
 *
 * Whatever does not fit that (a line without its file, a message that has left
 * new/, an old name) is left to a listing of both directories: arrivals_match()
 * says so, and nothing has happened yet.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "os/clock.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define FRESH_S	3600	/* a name that is older may be known by its base */

/* The message of a record that new/ does not have is known, or gone. */
static bool
is_told(struct folder *f, const struct uidlist_record *r)
{
	size_t i = columns_at(&f->cols, r->uid);
	const struct message *m;
	struct maildir_name parts;

	if (!columns_has(&f->cols, r->uid))
		return r->uid < f->nextuid;
	m = folder_whole(f, i);
	return m != NULL && maildir_name_parse(span_str(m->name), &parts) &&
	    span_eq(parts.base, r->base);
}

static bool
match_records(struct sync *s, const struct uidlist_news *news)
{
	struct scan_entry *e;

	for (size_t i = 0; i < news->n; i++) {
		e = scan_find(&s->scan, news->v[i].base);
		if (e != NULL) {
			e->uid = news->v[i].uid;
			e->ext = news->v[i].ext;
		} else if (!is_told(s->f, &news->v[i]))
			return false;
	}
	return true;
}

/* All messages of the view that were in new/ are there, under their names. */
static bool
match_known(struct sync *s)
{
	struct folder *f = s->f;
	struct maildir_name parts;
	const struct message *m;
	struct scan_entry *e;

	for (size_t i = 0; i < f->cols.n; i++) {
		if ((f->cols.bits[i] & BIT_IN_NEW) == 0)
			continue;
		m = folder_whole(f, i);
		if (m == NULL || !maildir_name_parse(span_str(m->name), &parts))
			return false;
		e = scan_find(&s->scan, parts.base);
		if (e == NULL || (e->uid != 0 && e->uid != m->uid) ||
		    strcmp(scan_name(&s->scan, e), m->name) != 0)
			return false;
		e->uid = m->uid;
		e->kept = true;
	}
	return true;
}

/*
 * A file that nobody has given a UID has a name that was made just now, unless
 * somebody has put an old one back, which may be in cur/, too.
 */
static bool
is_fresh(struct span base)
{
	size_t n = 0;
	uint64_t at_s;

	while (n < base.n && ascii_isdigit(base.p[n]))
		n++;
	return num_parse(span_head(base, n), 0, INT64_MAX - FRESH_S,
	    &at_s) == 0 && (int64_t)at_s + FRESH_S > clock_wall_s();
}

/*
 * Right before the stamp of a change of ours somebody may have moved a known
 * message from cur/ to new/: nobody has seen that cur/ changed, but the file
 * has.  What came behind the stamp is not such a one.
 */
static bool
is_behind_stamp(const struct sync *s, const struct scan_entry *e)
{
	const struct stamp *cur = &s->f->cur_at;
	struct fs_stat st;

	return cur->old || (fs_stat(s->f->new_dir, scan_name(&s->scan, e),
	    &st) == 0 && st.ctime_ns > cur->ctime_ns);
}

/* The file is no message of the view. */
static bool
is_news(const struct sync *s, const struct scan_entry *e)
{
	if (e->uid != 0)
		return e->uid >= s->f->nextuid;
	return is_fresh(scan_base(&s->scan, e)) && is_behind_stamp(s, e);
}

bool
arrivals_match(struct sync *s)
{
	struct scan_entry *e;

	if (s->locked && s->locked_news.afresh)
		return false;
	for (size_t i = 0; i < s->scan.n; i++) {
		s->scan.v[i].uid = 0;
		s->scan.v[i].ext = SPAN_NONE;
		s->scan.v[i].kept = false;
	}
	if (!match_records(s, &s->news) ||
	    (s->locked && !match_records(s, &s->locked_news)) ||
	    !match_known(s))
		return false;
	for (size_t i = 0; i < s->scan.n; i++) {
		e = &s->scan.v[i];
		if (!e->kept && !is_news(s, e))
			return false;
	}
	s->missing = s->unmatched = 0;
	return true;
}

void
arrivals_take(struct sync *s)
{
	struct scan_entry **v = scan_by_uid(&s->scan);

	for (size_t i = 0; i < s->scan.n; i++)
		if (!v[i]->kept)
			folder_add_entry(s->f, &s->f->cols, &s->scan, v[i]);
	free(v);
}
