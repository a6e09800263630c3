/*
 * dovecot_log - see dovecot_log.h.
 * A head of 40 octets, then transactions: size (of the whole, 7 bits an octet
 * with the highest bit set, so that a torn one is seen), type, and data.  Those that
 * concern flags, keywords, and which messages there are, are carried out; an
 * expunge only when it was done and not just asked for.  Ranges of UIDs touch
 * the messages that are there, found by halving.
 */
#include "store/dovecot_log.h"

#include <string.h>

#include "base/bug.h"

#define MAJOR		1
#define MINOR		3
#define LITTLE_ENDIAN_FLAG 1
#define HEAD_MIN	24

#define TYPE_MASK	0x0fffffffu
#define EXTERNAL	0x10000000u	/* it has happened */
#define EXPUNGE		0x00000001u
#define APPEND		0x00000002u
#define FLAGS		0x00000004u
#define KEYWORD		0x00000400u
#define KEYWORD_RESET	0x00000800u
#define EXPUNGE_GUID	0x00002000u
#define EXPUNGE_PROT	0x0000cd90u
#define HEADER		0x00000020u

#define MODIFY_ADD	0
#define MODIFY_REMOVE	1

#define ALL_KEYWORDS	(-1)	/* in place of one's number: all go */

/* 0: torn, or none. */
static uint32_t
size_of(struct span s, size_t at)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		if (at + i >= s.n || ((uint8_t)s.p[at + i] & 0x80) == 0)
			return 0;
		v = v << 7 | ((uint8_t)s.p[at + i] & 0x7f);
	}
	return v << 2;
}

/* The first message whose UID is not below this one. */
static size_t
first_from(const struct dovecot_index *x, uint32_t uid)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (x->v[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* false: enough has been done for this log. */
static bool
may_touch(struct dovecot_index *x, size_t n)
{
	bool may = x->left >= n;

	x->left = may ? x->left - n : 0;
	return may;
}

static void
drop_range(struct dovecot_index *x, uint32_t from, uint32_t to)
{
	size_t i = first_from(x, from), k = i;

	if (!may_touch(x, (x->n - i) / 16 + 1))
		return;
	while (k < x->n && x->v[k].uid <= to)
		k++;
	memmove(x->v + i, x->v + k, (x->n - k) * sizeof(x->v[0]));
	x->n -= k - i;
}

static void
on_expunge(struct dovecot_index *x, struct span s, bool guids)
{
	size_t step = guids ? 20 : 8;

	for (size_t at = 0; x->n > 0 && s.n - at >= step; at += step)
		drop_range(x, dovecot_u32(s, at), guids ?
		    dovecot_u32(s, at) : dovecot_u32(s, at + 4));
}

static void
on_append(struct dovecot_index *x, struct span s)
{
	for (size_t at = 0; s.n - at >= 8; at += 8)
		if (dovecot_push(x, dovecot_u32(s, at),
		    (uint8_t)s.p[at + 4]) == NULL)
			continue;	/* the snapshot has it */
}

/* {first, last, flags that come, flags that go, two octets} */
static void
on_flags(struct dovecot_index *x, struct span s)
{
	for (size_t at = 0; s.n - at >= 12 && may_touch(x, 1); at += 12) {
		uint32_t last = dovecot_u32(s, at + 4);
		uint8_t add = (uint8_t)s.p[at + 8];
		uint8_t remove = (uint8_t)s.p[at + 9];

		for (size_t i = first_from(x, dovecot_u32(s, at));
		    i < x->n && x->v[i].uid <= last && may_touch(x, 1); i++)
			x->v[i].flags = (uint8_t)((x->v[i].flags & ~remove) |
			    add);
	}
}

/* The number of a name, given now if need be; -1: there are too many. */
static int
keyword_of(struct dovecot_index *x, struct span name)
{
	for (int i = 0; i < DOVECOT_KEYWORDS_MAX; i++) {
		if (x->keyword[i] == NULL) {
			x->keyword[i] = xmemdup_str(name.p, name.n);
			return i;
		}
		if (span_ieq_str(name, x->keyword[i]))
			return i;
	}
	return -1;
}

static void
mark(struct dovecot_message *m, int which, bool on)
{
	if (which == ALL_KEYWORDS)
		memset(m->keywords, 0, sizeof(m->keywords));
	else
		dovecot_set_keyword(m, (unsigned)which, on);
}

static void
mark_ranges(struct dovecot_index *x, struct span s, int which, bool on)
{
	/* A range is work, whether or not there is a message in it. */
	for (size_t at = 0; s.n - at >= 8 && may_touch(x, 1); at += 8) {
		uint32_t last = dovecot_u32(s, at + 4);

		for (size_t i = first_from(x, dovecot_u32(s, at));
		    i < x->n && x->v[i].uid <= last && may_touch(x, 1); i++)
			mark(&x->v[i], which, on);
	}
}

/* {what, a filler, length of the name; name, filled up; ranges} */
static void
on_keyword(struct dovecot_index *x, struct span s)
{
	size_t name = dovecot_u16(s, 2), from = (4 + name + 3) & ~(size_t)3;
	int which;

	if (s.n < 4 || name == 0 || from > s.n)
		return;
	which = keyword_of(x, span_head(span_from(s, 4), name));
	if (which >= 0 && ((uint8_t)s.p[0] == MODIFY_ADD ||
	    (uint8_t)s.p[0] == MODIFY_REMOVE))
		mark_ranges(x, span_from(s, from), which,
		    s.p[0] == MODIFY_ADD);
}

static void
on_keyword_reset(struct dovecot_index *x, struct span s)
{
	mark_ranges(x, s, ALL_KEYWORDS, false);
}

/* {offset, size, data}...: the head of the index; UIDVALIDITY is at 24. */
static void
on_header(struct dovecot_index *x, struct span s)
{
	size_t at, n;

	while (s.n >= 4) {
		at = dovecot_u16(s, 0);
		n = dovecot_u16(s, 2);
		s = span_from(s, 4);
		if (n > s.n)
			return;
		if (at <= 24 && at + n >= 28)
			x->uidvalidity = dovecot_u32(s, 24 - at);
		if (at <= 28 && at + n >= 32 &&
		    x->nextuid < dovecot_u32(s, 28 - at))
			x->nextuid = dovecot_u32(s, 28 - at);
		s = span_from(s, (n + 3) & ~(size_t)3);
	}
}

static void
carry_out(struct dovecot_index *x, uint32_t type, struct span s)
{
	uint32_t what = type & TYPE_MASK;

	if (what == (EXPUNGE | EXPUNGE_PROT) ||
	    what == (EXPUNGE_GUID | EXPUNGE_PROT)) {
		if ((type & EXTERNAL) != 0)
			on_expunge(x, s, (what & EXPUNGE_GUID) != 0);
	} else if (what == APPEND)
		on_append(x, s);
	else if (what == FLAGS)
		on_flags(x, s);
	else if (what == KEYWORD)
		on_keyword(x, s);
	else if (what == KEYWORD_RESET)
		on_keyword_reset(x, s);
	else if (what == HEADER)
		on_header(x, s);
}

bool
dovecot_log_apply(struct dovecot_index *x, struct span log)
{
	size_t at = dovecot_u16(log, 2), size;
	uint32_t seq = dovecot_u32(log, 8);

	if (log.n < HEAD_MIN || log.p[0] != MAJOR || at < HEAD_MIN ||
	    at > log.n || seq < x->log_seq)
		return false;
	/* In the file in which the snapshot ends, from there on. */
	if (seq == x->log_seq && x->log_at >= at)
		at = x->log_at;
	while (at < log.n && log.n - at >= 8 && x->left > 0) {
		size = size_of(log, at);
		if (size < 8 || size > log.n - at)
			break;
		carry_out(x, dovecot_u32(log, at + 4), span_head(
		    span_from(log, at + 8), size - 8));
		at += size;
	}
	x->log_seq = seq;
	x->log_at = (uint32_t)at;
	return true;
}

static void
put(uint8_t *out, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++, v >>= 8)
		out[i] = (uint8_t)(v & 0xff);
}

void
dovecot_log_begin(uint8_t out[DOVECOT_LOG_HEAD], uint32_t id, uint64_t modseq)
{
	memset(out, 0, DOVECOT_LOG_HEAD);
	out[0] = MAJOR;
	out[1] = MINOR;
	put(out + 2, DOVECOT_LOG_HEAD, 2);
	put(out + 4, id, 4);
	put(out + 8, 1, 4);		/* the first file: none before it */
	put(out + 20, id, 4);		/* when it was made */
	put(out + 24, modseq, 8);
	out[32] = LITTLE_ENDIAN_FLAG;
}
