/*
 * folder_cache - see folder_cache.h.
 * The file only grows: 16 octets (mark, number of this file), then records
 * {length 4, uid 4, kind 4, length unpacked 4, before 8, sum 8, text}.  A
 * message's row in the index has the place of its last record, which has the
 * place of the one before it: a chain of at most CACHE_CHAIN.  The sum has the
 * file's number and the folder's UIDVALIDITY in it, so a place that leads into
 * another file leads nowhere.
 *
 * Texts are packed (base/lz.h): before each stand usual words and the texts of
 * the records before it in its chain, as the kinds say the same in other forms.
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
#include "base/lz.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define CACHE_MARK	UINT64_C(0x3268636143716150)	/* "PaqCach2" */
#define FILE_HEAD	16
#define RECORD_HEAD	32
#define GATHER_MAX	(128 * KIB)
#define WINDOW		(64 * KIB)
#define UNSAVED_MANY	256	/* places that the index does not know yet */
#define FILE_SLACK	(4 * MIB)
#define FILE_PER_MESSAGE (8 * KIB)

/* A text packed is longer than it was at most by a 32nd and 8 octets. */
#define PACKED_MAX	(CACHE_OCTETS_MAX + CACHE_OCTETS_MAX / 32 + 8)

_Static_assert(CACHE_CHAIN == CACHE_KINDS, "a chain holds one of each kind");

/* A change of these words makes another file: the mark changes with it. */
static const char usual[] =
    "Disposition-Notification-To: \r\nX-Draft-Info: \r\nMail-Reply-To: "
    "\r\nMail-Followup-To: \r\nNewsgroups: \r\nImportance: high\r\n"
    "X-Priority: 3\r\nPriority: normal\r\nList-Post: <mailto:"
    "\r\nList-Id: <\r\nBcc: \r\nSender: \r\nReply-To: "
    "Return-Path: <\r\nDate: \r\nFrom: \"\" <\r\nTo: \r\nCc: "
    "\r\nSubject: Re: =?utf-8?Q?_=?=\r\nMessage-ID: <"
    "\r\nIn-Reply-To: <\r\nReferences: <>\r\n\t<"
    "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; "
    "boundary=\"Content-Type: text/plain; charset=utf-8"
    "\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    "((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 1"
    " NIL NIL NIL NIL)(\"text\" \"html\" (\"charset\" \"us-ascii\") NIL"
    " NIL \"quoted-printable\" NIL NIL NIL NIL) \"alternative\" "
    "(\"boundary\" \"\") NIL NIL NIL \"mixed\" (\"attachment\" "
    "(\"filename\" \"base64\" \"image\" \"application\""
    "(\"Mon, Tue, Wed, Thu, Fri, Sat, Sun, 1 Jan Feb Mar Apr May Jun Jul Aug"
    " Sep Oct Nov Dec 2026 00:00:00 +0000\" \"\" ((NIL NIL \"\" \""
    ".com\")) ((\"\" NIL \"\" \".org\")) NIL NIL NIL \"<"
    "@mail.gmail.com>\")";
#define USUAL_OCTETS	(sizeof(usual) - 1)

/* As it is in the file, in its window. */
struct record {
	uint32_t uid, kind, plain_octets;
	uint64_t before;	/* 0: none */
	struct span text;	/* packed */
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
	/* The shortest records are all head, which does not grow. */
	buf_init(&c->packed, 2 * c->gathered.cap);
	buf_init(&c->plain, USUAL_OCTETS + CACHE_CHAIN * CACHE_OCTETS_MAX);
}

/* The file is another one, or longer: nothing of it is known. */
static void
forget_windows(struct folder_cache *c)
{
	for (size_t i = 0; i < CACHE_CHAIN; i++)
		c->window[i].n = 0;
}

void
cache_fini(struct folder_cache *c)
{
	fd_close(&c->fd);
	buf_fini(&c->gathered);
	buf_fini(&c->packed);
	buf_fini(&c->plain);
	for (size_t i = 0; i < CACHE_CHAIN; i++)
		free(c->window[i].p);
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

/* n octets at that place, by way of w; NULL: there are not so many. */
static const uint8_t *
octets_at(const struct folder_cache *c, struct cache_window *w, uint64_t at,
    size_t n)
{
	ssize_t got;

	if (w->n > 0 && at >= w->at && n <= w->n && at - w->at <= w->n - n)
		return w->p + (at - w->at);
	if (w->p == NULL)
		w->p = xmalloc(WINDOW + RECORD_HEAD + PACKED_MAX);
	w->n = 0;
	w->at = at;
	if (at > INT64_MAX)
		return NULL;
	got = fd_pread(c->fd, w->p, num_max(n, WINDOW), at);
	if (got < 0 || (size_t)got < n)
		return NULL;
	w->n = (size_t)got;
	return w->p;
}

static bool
read_record(struct folder *f, struct cache_window *w, uint64_t at,
    struct record *r)
{
	const uint8_t *p = octets_at(&f->cache, w, at, RECORD_HEAD);
	size_t octets;

	if (p == NULL)
		return false;
	octets = (size_t)get_le(p, 4);
	if (octets > PACKED_MAX)
		return false;
	p = octets_at(&f->cache, w, at, RECORD_HEAD + octets);
	if (p == NULL)
		return false;
	r->uid = (uint32_t)get_le(p + 4, 4);
	r->kind = (uint32_t)get_le(p + 8, 4);
	r->plain_octets = (uint32_t)get_le(p + 12, 4);
	r->before = get_le(p + 16, 8);
	r->text = span_of(p + RECORD_HEAD, octets);
	return r->plain_octets <= CACHE_OCTETS_MAX &&
	    get_le(p + 24, 8) == sum_of(f, p, r->text);
}

/*
 * The records of a message, the last first.
 * at       of the last
 * returns  how many; 0: none, or none that can be read
 */
static size_t
read_chain(struct folder *f, uint32_t uid, uint64_t at,
    struct record v[CACHE_CHAIN])
{
	size_t n = 0;

	for (; at != 0; at = v[n++].before)
		if (n == CACHE_CHAIN || at < FILE_HEAD ||
		    !read_record(f, &f->cache.window[n], at, &v[n]) ||
		    v[n].uid != uid)
			return 0;
	return n;
}

static void
begin_plain(struct folder_cache *c)
{
	if (c->plain.n == 0)
		(void)buf_add(&c->plain, usual, USUAL_OCTETS);	/* fits */
	buf_cut(&c->plain, USUAL_OCTETS);
}

/*
 * What v[from] says, of a chain of n, and what stands before it.
 * enough   octets of it
 */
static bool
unpack(struct folder_cache *c, const struct record v[CACHE_CHAIN], size_t n,
    size_t from, size_t enough, struct span *text)
{
	size_t begin = USUAL_OCTETS;

	begin_plain(c);
	while (n-- > from) {
		begin = c->plain.n;
		if (lz_unpack(&c->plain, v[n].text, v[n].plain_octets,
		    n == from ? enough : SIZE_MAX) != 0)
			return false;
	}
	*text = span_from(buf_span(&c->plain), begin);
	return true;
}

/* Where the message's last record is, if that is there. */
static uint64_t
place_of(struct folder *f, uint32_t uid)
{
	size_t i = columns_at(&f->cols, uid);
	const struct extra *e;

	if (i == f->cols.n || f->cols.uid[i] != uid)
		return 0;
	if ((f->cols.bits[i] & BIT_EXTRA) == 0)
		return index_base_place(&f->index.base,
		    columns_row(&f->cols, i));
	e = extras_get(&f->extras, uid);
	return e == NULL ? 0 : e->m.cache_at;
}

bool
folder_cached_look(struct folder *f, uint32_t uid, struct cache_look *look)
{
	struct record v[CACHE_CHAIN];
	uint64_t at = is_open(f) ? place_of(f, uid) : 0;
	size_t n = at == 0 ? 0 : read_chain(f, uid, at, v), i = 0;

	while (i < n && (v[i].kind >= CACHE_KINDS ||
	    (look->kinds >> v[i].kind & 1) == 0))
		i++;
	if (i == n ||
	    !unpack(&f->cache, v, n, i, look->enough, &look->text))
		return false;
	look->kind = (enum cache_kind)v[i].kind;
	look->whole = look->text.n == v[i].plain_octets;
	return true;
}

bool
folder_cached(struct folder *f, uint32_t uid, enum cache_kind kind,
    struct buf *out)
{
	struct cache_look look = { .kinds = 1U << kind, .enough = SIZE_MAX };

	buf_clear(out);
	return folder_cached_look(f, uid, &look) &&
	    buf_add_span(out, look.text) == 0;
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
	forget_windows(&f->cache);
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

/*
 * c->plain gets what stands before the next record of that message.
 * before   where its last record is; 0: it has none that is of use
 * returns  how many it has
 */
static size_t
plain_before(struct folder *f, uint32_t uid, uint64_t *before)
{
	size_t i = columns_at(&f->cols, uid), n = 0;
	const struct message *m = NULL;
	struct record v[CACHE_CHAIN];
	struct span text;

	if (i < f->cols.n && f->cols.uid[i] == uid)
		m = folder_whole(f, i);
	*before = m == NULL ? 0 : m->cache_at;
	n = read_chain(f, uid, *before, v);
	/* A chain that has no room is begun anew. */
	if (n < CACHE_CHAIN && unpack(&f->cache, v, n, 0, SIZE_MAX,
	    &text) && n > 0)
		return n;
	*before = 0;
	begin_plain(&f->cache);
	return 0;
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
 * The record of that head and text goes behind the others in c->packed; what
 * stands before it is in c->plain, which gets the text, too.
 */
static int
pack_record(struct folder *f, const uint8_t *given, struct span text,
    const struct lz_words *words, uint64_t before)
{
	struct folder_cache *c = &f->cache;
	size_t at = c->packed.n, from = c->plain.n;
	uint8_t *head;

	if (buf_add(&c->packed, given, RECORD_HEAD) != 0 ||
	    buf_add_span(&c->plain, text) != 0 ||
	    lz_pack(&c->packed, buf_span(&c->plain), from, words) != 0)
		return -1;
	head = (uint8_t *)c->packed.p + at;
	text = span_from(buf_span(&c->packed), at + RECORD_HEAD);
	put_le(head, text.n, 4);
	put_le(head + 16, before, 8);
	put_le(head + 24, sum_of(f, head, text), 8);
	return 0;
}

/* All that are gathered; two of one message in one batch are chained, too. */
static int
pack_gathered(struct folder *f, uint64_t begin)
{
	struct folder_cache *c = &f->cache;
	const uint8_t *given = (const uint8_t *)c->gathered.p;
	uint64_t before = 0, place;
	uint32_t uid, last = 0;
	struct lz_words words;
	size_t n, chain = 0;

	lz_learn(&words, span_of(usual, USUAL_OCTETS));
	buf_clear(&c->packed);
	for (size_t at = 0; at < c->gathered.n; at += RECORD_HEAD + n) {
		n = (size_t)get_le(given + at + 12, 4);
		uid = (uint32_t)get_le(given + at + 4, 4);
		if (uid != last || chain == CACHE_CHAIN)
			chain = plain_before(f, uid, &before);
		last = uid;
		place = begin + c->packed.n;
		if (pack_record(f, given + at, span_of(given + at + RECORD_HEAD,
		    n), &words, before) != 0)
			return -1;
		before = place;
		chain++;
	}
	return 0;
}

static void
write_gathered(struct folder *f)
{
	struct folder_cache *c = &f->cache;
	uint64_t begin = end_of(f);
	const uint8_t *p;

	if (begin == 0 || pack_gathered(f, begin) != 0 || fd_pwrite_all(c->fd,
	    c->packed.p, c->packed.n, begin) != 0) {
		c->off = true;
		return;
	}
	for (size_t at = 0; at < c->packed.n;
	    at += RECORD_HEAD + (size_t)get_le(p, 4)) {
		p = (const uint8_t *)c->packed.p + at;
		set_place(f, (uint32_t)get_le(p + 4, 4), begin + at);
	}
	forget_windows(c);
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
	struct folder_cache *c = &f->cache;

	write_out(f);
	/* Few need more than one; a session may be idle for long now. */
	for (size_t i = 1; i < CACHE_CHAIN; i++) {
		free(c->window[i].p);
		c->window[i] = (struct cache_window){ .p = NULL };
	}
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
	put_le(head + 4, uid, 4);
	put_le(head + 8, (uint64_t)kind, 4);
	put_le(head + 12, text.n, 4);
	(void)buf_add(&c->gathered, head, sizeof(head));
	(void)buf_add_span(&c->gathered, text);	/* fits: see cache_init() */
	if (c->gathered.n >= GATHER_MAX)
		write_out(f);
}
