/*
 * folder_cache - see folder_cache.h.
 * The file only grows: 16 octets (mark, number of this file), then records
 * {length 4, uid 4, kind 4, zero 4, before 8, sum 8, text}.  A message's
 * row in the index has the place of its last record, which has the place of the
 * one before it.  The sum has the file's number and the folder's UIDVALIDITY
 * in it, so a place that leads into another file leads nowhere.
 *
 * Records are gathered and written together, under a lock that is only tried:
 * who does not get it keeps nothing.  When most of a file must be dead it is begun
 * anew.
 */
#include "store/folder_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define CACHE_MARK	UINT64_C(0x3168636143716150)	/* "PaqCach1" */
#define FILE_HEAD	16
#define RECORD_HEAD	32
#define GATHER_MAX	(128 * KIB)
#define WINDOW		(64 * KIB)
#define UNSAVED_MANY	256	/* places that the index does not know yet */
#define FILE_SLACK	(4 * MIB)
#define FILE_PER_MESSAGE (8 * KIB)

struct record {
	uint32_t octets, uid, kind;
	uint64_t before;	/* 0: none */
};

static void
put_le(uint8_t *p, uint64_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get_le(const uint8_t *p, int octets)
{
	uint64_t v = 0;

	for (int i = 0; i < octets; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t
sum_of(const struct folder *f, const uint8_t head[RECORD_HEAD],
    struct span text)
{
	uint64_t key[2] = { f->cache.number, f->uidvalidity };
	struct sum64 s;

	sum64_init(&s);
	sum64_add(&s, key, sizeof(key));
	sum64_add(&s, head, RECORD_HEAD - 8);
	sum64_add(&s, text.p, text.n);
	return sum64_end(&s);
}

void
cache_init(struct folder_cache *c)
{
	*c = (struct folder_cache){ .fd = -1 };
	buf_init(&c->gathered, GATHER_MAX + CACHE_OCTETS_MAX + RECORD_HEAD);
}

void
cache_fini(struct folder_cache *c)
{
	fd_close(&c->fd);
	buf_fini(&c->gathered);
	free(c->window);
	cache_init(c);
}

/* The number of the open file; 0: it is none of ours. */
static uint64_t
number_of(int fd)
{
	uint8_t head[FILE_HEAD];

	if (fd < 0 || fd_pread_all(fd, head, sizeof(head), 0) != 0 ||
	    get_le(head, 8) != CACHE_MARK)
		return 0;
	return get_le(head + 8, 8);
}

static bool
is_open(struct folder *f)
{
	struct folder_cache *c = &f->cache;

	if (c->fd < 0 && !c->off)
		c->fd = fs_open_rw(f->dir, CACHE_NAME);
	if (c->fd >= 0 && c->number == 0)
		c->number = number_of(c->fd);
	c->off = c->off || (c->fd < 0 && errno != ENOENT);
	return c->fd >= 0 && c->number != 0;
}

/* n octets at that place; NULL: there are not so many. */
static const uint8_t *
octets_at(struct folder_cache *c, uint64_t at, size_t n)
{
	ssize_t got;

	if (c->window_n > 0 && at >= c->window_at && n <= c->window_n &&
	    at - c->window_at <= c->window_n - n)
		return c->window + (at - c->window_at);
	if (c->window == NULL)
		c->window = xmalloc(WINDOW + CACHE_OCTETS_MAX);
	c->window_n = 0;
	c->window_at = at;
	if (at > INT64_MAX)
		return NULL;
	got = fd_pread(c->fd, c->window, num_max(n, WINDOW), at);
	if (got < 0 || (size_t)got < n)
		return NULL;
	c->window_n = (size_t)got;
	return c->window;
}

static bool
read_record(struct folder *f, uint64_t at, struct record *r, struct span *text)
{
	const uint8_t *p = octets_at(&f->cache, at, RECORD_HEAD);

	if (p == NULL)
		return false;
	r->octets = (uint32_t)get_le(p, 4);
	if (r->octets > CACHE_OCTETS_MAX)
		return false;
	p = octets_at(&f->cache, at, RECORD_HEAD + r->octets);
	if (p == NULL)
		return false;
	r->uid = (uint32_t)get_le(p + 4, 4);
	r->kind = (uint32_t)get_le(p + 8, 4);
	r->before = get_le(p + 16, 8);
	*text = span_of(p + RECORD_HEAD, r->octets);
	return get_le(p + 24, 8) == sum_of(f, p, *text);
}

bool
folder_cached(struct folder *f, uint32_t uid, enum cache_kind kind,
    struct buf *out)
{
	const struct message *m;
	struct record r;
	struct span text;
	struct why why;
	uint64_t at;

	buf_clear(out);
	m = is_open(f) ? folder_need(f, uid, 0, &why) : NULL;
	at = m == NULL ? 0 : m->cache_at;
	for (int i = 0; i < CACHE_KINDS && at >= FILE_HEAD; i++) {
		if (!read_record(f, at, &r, &text) || r.uid != uid)
			return false;
		if (r.kind == (uint32_t)kind)
			return buf_add_span(out, text) == 0;
		at = r.before;
	}
	return false;
}

/* Under the lock: where the next record goes; 0: nowhere. */
static uint64_t
end_of(struct folder *f)
{
	uint64_t most = FILE_SLACK + f->cols.n * FILE_PER_MESSAGE;
	uint8_t head[FILE_HEAD];
	struct fs_stat st;

	if (fs_fstat(f->cache.fd, &st) != 0)
		return 0;
	f->cache.window_n = 0;
	f->cache.number = number_of(f->cache.fd);
	if (f->cache.number != 0 && st.size_octets < most)
		return st.size_octets;
	f->cache.number = clock_wall_us();
	put_le(head, CACHE_MARK, 8);
	put_le(head + 8, f->cache.number, 8);
	if (fs_truncate(f->cache.fd, 0) != 0 ||
	    fd_pwrite_all(f->cache.fd, head, sizeof(head), 0) != 0)
		return 0;
	return FILE_HEAD;
}

/* Where the last record of that message is, as far as there is one. */
static uint64_t
last_of(struct folder *f, uint32_t uid)
{
	size_t i = columns_at(&f->cols, uid);
	const struct message *m = NULL;
	struct record r;
	struct span text;

	if (i < f->cols.n && f->cols.uid[i] == uid)
		m = folder_whole(f, i);
	if (m == NULL || m->cache_at < FILE_HEAD ||
	    !read_record(f, m->cache_at, &r, &text) || r.uid != uid)
		return 0;
	return m->cache_at;
}

static void
set_place(struct folder *f, uint32_t uid, uint64_t at)
{
	size_t i = columns_at(&f->cols, uid);
	struct message m;

	if (i == f->cols.n || f->cols.uid[i] != uid ||
	    folder_take(f, i, &m) != 0)
		return;
	m.cache_at = at;
	folder_put(f, i, &m);
}

/*
 * The records get what depends on where they are, then all are written by one
 * call; two of one message in one batch are chained, too.
 */
static void
write_gathered(struct folder *f)
{
	struct folder_cache *c = &f->cache;
	uint64_t begin = end_of(f);
	uint8_t *p = (uint8_t *)c->gathered.p;
	uint32_t uid, last = 0;
	size_t n;

	for (size_t at = 0; begin != 0 && at < c->gathered.n; at += n) {
		uint8_t *head = p + at;

		n = RECORD_HEAD + (size_t)get_le(head, 4);
		uid = (uint32_t)get_le(head + 4, 4);
		put_le(head + 16, uid == last ? c->before : last_of(f, uid), 8);
		put_le(head + 24, sum_of(f, head, span_of(head + RECORD_HEAD,
		    n - RECORD_HEAD)), 8);
		last = uid;
		c->before = begin + at;
	}
	if (begin == 0 || fd_pwrite_all(c->fd, p, c->gathered.n, begin) != 0) {
		c->off = true;
		return;
	}
	for (size_t at = 0; at < c->gathered.n; at += n) {
		n = RECORD_HEAD + (size_t)get_le(p + at, 4);
		set_place(f, (uint32_t)get_le(p + at + 4, 4), begin + at);
	}
	c->window_n = 0;	/* the file is longer now */
}

static void
write_out(struct folder *f)
{
	struct folder_cache *c = &f->cache;

	if (c->gathered.n == 0)
		return;
	if (!is_open(f) && c->fd < 0 && !c->off) {
		c->fd = fs_create(f->dir, CACHE_NAME);
		c->off = c->fd < 0;
	}
	if (c->fd >= 0 && !c->off && f->known && fs_lock_try(c->fd) == 0) {
		if (index_is_same(f, CACHE_NAME, c->fd))
			write_gathered(f);
		else
			c->off = true;
		if (fs_unlock(c->fd) != 0)
			fd_close(&c->fd);
	}
	buf_clear(&c->gathered);
	if (f->index.unsaved > INDEX_UNSAVED_MAX)
		folder_flush(f);
}

void
folder_cache_write(struct folder *f)
{
	write_out(f);
	/* Whoever opens the folder next shall find them. */
	if (f->index.unsaved > UNSAVED_MANY)
		folder_flush(f);
}

void
folder_cache_add(struct folder *f, uint32_t uid, enum cache_kind kind,
    struct span text)
{
	struct folder_cache *c = &f->cache;
	uint8_t head[RECORD_HEAD] = { 0 };

	if (text.n > CACHE_OCTETS_MAX || c->off || f->index.off)
		return;
	put_le(head, text.n, 4);
	put_le(head + 4, uid, 4);
	put_le(head + 8, (uint64_t)kind, 4);
	(void)buf_add(&c->gathered, head, sizeof(head));
	(void)buf_add_span(&c->gathered, text);	/* fits: see cache_init() */
	if (c->gathered.n >= GATHER_MAX)
		write_out(f);
}
