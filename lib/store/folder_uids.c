/*
 * folder_uids - files without a UID get one, and the uidlist is repaired or
 * shortened.  Under the lock: read what others have added meanwhile, give the
 * next UIDs in the order in which the files came, append their lines (or write
 * the whole list anew), sync.  Only then the view sees them.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"
#include "os/rand.h"
#include "store/folder_priv.h"
#include "store/uidvalidity.h"

#define LIST_SLACK	(64 * KIB)	/* dead records that are left in peace */
#define LIST_PER_MESSAGE 256		/* octets of uidlist per living one */

static size_t
count_unknown(const struct sync *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->scan.n; i++)
		n += s->scan.v[i].uid == 0;
	return n;
}

#define NO_MICRO	UINT64_MAX

/* What says in its name when it came. */
struct unborn {
	uint64_t s, us;		/* us: NO_MICRO: the name does not say */
	const char *base;	/* of e's name */
	struct scan_entry *e;
};

/* The number at the front of *s, which is moved behind it; cut in length. */
static uint64_t
take_number(struct span *s)
{
	uint64_t v = 0;
	size_t n = 0;

	while (n < s->n && n < 18 && ascii_isdigit(s->p[n]))
		v = v * 10 + (uint64_t)(s->p[n++] - '0');
	*s = span_from(*s, n);
	return v;
}

/*
 * The time in front of the name: seconds and, behind ".M", microseconds, which
 * are not filled up with zeros.
 * returns  what stands behind the seconds
 */
static struct span
take_time(struct span base, uint64_t *s, uint64_t *us)
{
	static const struct span micro = SPAN_LIT(".M");
	struct span rest;

	*us = NO_MICRO;
	*s = take_number(&base);
	if (span_starts(base, micro)) {
		rest = span_from(base, micro.n);
		*us = take_number(&rest);
	}
	return base;
}

/*
 * The order in which files came: by their time, and by the rest of the name
 * where the time is the same.  Microseconds count where both have them.
 */
static int
by_arrival(const void *a, const void *b)
{
	const struct unborn *x = a, *y = b;
	bool micro = x->us != NO_MICRO && y->us != NO_MICRO;
	uint64_t s, us;
	struct span p, q;

	if (x->s != y->s)
		return x->s < y->s ? -1 : 1;
	if (micro && x->us != y->us)
		return x->us < y->us ? -1 : 1;
	p = take_time(span_of(x->base, x->e->base_n), &s, &us);
	q = take_time(span_of(y->base, y->e->base_n), &s, &us);
	if (micro) {
		p = span_from(p, 2);
		q = span_from(q, 2);
		(void)take_number(&p);
		(void)take_number(&q);
	}
	return span_cmp(p, q);
}

/*
 * The entries without a UID, n of them, get the next ones.
 * returns  them in that order, the caller's to free
 */
static struct unborn *
give_uids(struct sync *s, size_t n, uint32_t *nextuid)
{
	struct unborn *v = xcalloc(n + 1, sizeof(v[0])), *u;
	size_t k = 0;

	for (size_t i = 0; i < s->scan.n; i++) {
		if (s->scan.v[i].uid != 0)
			continue;
		u = &v[k++];
		u->e = &s->scan.v[i];
		u->base = scan_name(&s->scan, u->e);
		(void)take_time(scan_base(&s->scan, u->e), &u->s, &u->us);
	}
	qsort(v, n, sizeof(v[0]), by_arrival);
	for (k = 0; k < n; k++)
		v[k].e->uid = (*nextuid)++;
	return v;
}

static int
append_uids(struct sync *s, struct uidlist_tail *t, struct why *why)
{
	struct uidlist_file *u = &s->f->uidlist;
	size_t n = count_unknown(s);
	struct unborn *v;
	struct buf lines;
	int rc = -1;

	v = give_uids(s, n, &t->header.nextuid);
	buf_init(&lines, UIDLIST_FILE_MAX);
	for (size_t i = 0; i < n; i++) {
		struct uidlist_record r = { .uid = v[i].e->uid,
		    .base = scan_base(&s->scan, v[i].e) };

		(void)uidlist_put_record(&lines, &r);	/* `full` tells */
	}
	if (lines.full || !dotlock_held(&s->lock) ||
	    uidlist_tail_append(t, buf_span(&lines), true) != 0)
		why_sys(why, WHY_TEMP, "4.3.0",
		    "cannot add to " UIDLIST_NAME);
	else {
		/* Under the lock all before it had been read. */
		u->at_octets = t->size_octets;
		u->header.nextuid = t->header.nextuid;
		u->last = t->header.nextuid - 1;
		s->settled = true;
		rc = 0;
	}
	buf_fini(&lines);
	free(v);
	return rc;
}

void
folder_make_guid(char out[33])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t r[16];

	rand_octets(r, sizeof(r));
	for (size_t i = 0; i < sizeof(r); i++) {
		out[2 * i] = hex[r[i] >> 4];
		out[2 * i + 1] = hex[r[i] & 15];
	}
	out[32] = '\0';
}

/* What a new file is to say in its header. */
static int
new_header(struct sync *s, struct uidlist_header *h, struct why *why)
{
	struct folder *f = s->f;

	*h = f->uidlist.header;
	if (f->uidvalidity != 0 && h->uidvalidity == 0)
		h->uidvalidity = f->uidvalidity;
	if (f->uidvalidity == h->uidvalidity && h->nextuid < f->nextuid)
		h->nextuid = f->nextuid;
	if (h->uidvalidity == 0 || h->nextuid > UID_CEILING) {
		h->nextuid = h->uidvalidity == 0 ? h->nextuid : 1;
		h->uidvalidity = uidvalidity_next(f->root, why);
		if (h->uidvalidity == 0)
			return -1;
		for (size_t i = 0; i < s->scan.n; i++)
			s->scan.v[i].uid = 0;
	}
	if (h->nextuid > UID_CEILING)
		h->nextuid = 1;
	if (h->guid[0] == '\0')
		folder_make_guid(h->guid);
	return 0;
}

/* All entries as records, in order; of two with one UID only the first. */
static size_t
make_records(struct sync *s, struct uidlist_record *v)
{
	struct scan_entry **e = scan_by_uid(&s->scan);
	size_t n = 0;

	for (size_t i = 0; i < s->scan.n; i++) {
		if (n > 0 && e[i]->uid == v[n - 1].uid)
			continue;
		v[n++] = (struct uidlist_record){ .uid = e[i]->uid,
		    .ext = e[i]->ext, .base = scan_base(&s->scan, e[i]) };
	}
	free(e);
	return n;
}

/*
 * Nobody has a record, and no message was shown: a file that the listing has
 * missed is one that comes later.
 */
static bool
is_first_list(const struct folder *f)
{
	return f->uidlist.state == UIDLIST_MISSING && !f->known;
}

/*
 * Write the whole list anew: it is missing or damaged, or most of it is dead.
 * Who has a record has a file, from before the record was written: so these
 * two looks under the lock find all that is to stay.
 */
static int
rewrite_list(struct sync *s, struct why *why)
{
	struct folder *f = s->f;
	struct uidlist_record *v;
	struct uidlist_header h;
	uint32_t last;
	size_t n;
	int rc;

	s->partial = false;
	if (!is_first_list(f) && (sync_list(s, why) != 0 ||
	    sync_list(s, why) != 0 || sync_match(s, why) != 0))
		return -1;
	if (new_header(s, &h, why) != 0)
		return -1;
	free(give_uids(s, count_unknown(s), &h.nextuid));
	v = xcalloc(s->scan.n + 1, sizeof(v[0]));
	n = make_records(s, v);
	dotlock_touch(&s->lock);
	rc = uidlist_rewrite(f->dir, &h, v, n, why);
	s->settled = true;
	last = n > 0 ? v[n - 1].uid : 0;
	free(v);
	if (rc != 0)
		return -1;
	log_info(LF_STR("event", "uidlist-rewritten"),
	    LF_STR("folder", f->name), LF_NUM("messages", n),
	    LF_NUM("uidvalidity", h.uidvalidity));
	/* The entries go on pointing into what they came from. */
	if (uidlist_file_adopt(&f->uidlist, &h, last) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read " UIDLIST_NAME);
	return -1;
}

static bool
is_mostly_dead(const struct sync *s)
{
	return s->f->uidlist.at_octets >
	    LIST_SLACK + (uint64_t)sync_messages(s) * LIST_PER_MESSAGE;
}

static int
assign_locked(struct sync *s, struct why *why)
{
	struct folder *f = s->f;
	struct uidlist_tail t;
	int rc;

	s->locked = true;
	if (uidlist_file_read(&f->uidlist, true, &s->locked_news, why) != 0)
		return -1;
	if (sync_match(s, why) != 0)
		return -1;
	/* What got its record since we looked has its file since then, too. */
	if (s->locked_news.n > 0 && s->unmatched > 0) {
		if (sync_list(s, why) != 0 || sync_match(s, why) != 0)
			return -1;
	}
	if (f->uidlist.state != UIDLIST_GOOD || is_mostly_dead(s) ||
	    f->uidlist.header.nextuid > UID_CEILING)
		return rewrite_list(s, why);
	if (count_unknown(s) == 0 && !f->repair)
		return 0;
	if (uidlist_tail_open(&t, f->dir) != 0) {
		if (errno == EINVAL)
			return rewrite_list(s, why);
		why_sys(why, WHY_TEMP, "4.3.0", "cannot open " UIDLIST_NAME);
		return -1;
	}
	rc = append_uids(s, &t, why);
	uidlist_tail_close(&t);
	return rc;
}

int
sync_assign(struct sync *s, struct why *why)
{
	int rc;

	if (s->f->uidlist.state == UIDLIST_GOOD && count_unknown(s) == 0 &&
	    !s->f->repair)
		return 0;
	if (dotlock_take(&s->lock, s->f->dir, UIDLIST_NAME,
	    LOCK_WAIT_MS) != 0) {
		why_sys(why, WHY_TEMP, "4.2.0", "cannot lock " UIDLIST_NAME);
		return -1;
	}
	rc = assign_locked(s, why);
	s->f->repair = false;
	dotlock_drop(&s->lock);
	return rc;
}
