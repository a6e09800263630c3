/*
 * dovecot_index - see dovecot_index.h: the snapshot.  The log is read in
 * dovecot_log.c.
 * Both files are of the host's byte order and of fixed layout: a head of 120
 * octets or more, extensions with names, then records of one size; the
 * extension "keywords" has the names in its head and a bit field in each
 * record.  Every offset and size is checked against the text before use.
 */
#include "store/dovecot_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "store/dovecot_log.h"

#define MAJOR		7
#define HEAD_MIN	120
#define LITTLE_ENDIAN_FLAG 1	/* of the compatibility flags */
#define MESSAGES_MAX	4000000
#define WORK_MAX	200000000	/* messages touched by the log */

/* Of the extension of keywords. */
struct field {
	uint32_t at, size;	/* in a record; size 0: none has any */
};

uint32_t
dovecot_u32(struct span s, size_t at)
{
	uint32_t v = 0;

	if (at <= s.n && s.n - at >= sizeof(v))
		memcpy(&v, s.p + at, sizeof(v));
	return v;
}

uint16_t
dovecot_u16(struct span s, size_t at)
{
	uint16_t v = 0;

	if (at <= s.n && s.n - at >= sizeof(v))
		memcpy(&v, s.p + at, sizeof(v));
	return v;
}

static bool
host_is_little(void)
{
	const uint16_t one = 1;
	uint8_t first;

	memcpy(&first, &one, 1);
	return first == 1;
}

static size_t
align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

struct dovecot_message *
dovecot_push(struct dovecot_index *x, uint32_t uid, uint8_t flags)
{
	if (x->n == MESSAGES_MAX || uid == 0 ||
	    (x->n > 0 && x->v[x->n - 1].uid >= uid))
		return NULL;
	if (x->n == x->size) {
		x->size = x->size == 0 ? 256 : x->size * 2;
		x->v = xreallocarray(x->v, x->size, sizeof(x->v[0]));
	}
	x->v[x->n] = (struct dovecot_message){ .uid = uid, .flags = flags };
	if (uid >= x->nextuid)
		x->nextuid = uid + 1;
	return &x->v[x->n++];
}

/*
 * The head of the extension: a count; as many pairs of numbers of which the
 * second is the place of a name; the names, each NUL ended.
 */
static void
take_names(struct dovecot_index *x, struct span head)
{
	size_t count = dovecot_u32(head, 0), at, names = 4 + 8 * count;
	struct span name;

	if (count > head.n / 8 || names > head.n)
		return;
	for (size_t i = 0; i < count && i < DOVECOT_KEYWORDS_MAX; i++) {
		at = dovecot_u32(head, 4 + 8 * i + 4);
		name = span_from(head, names);
		if (at >= name.n)
			continue;
		name = span_from(name, at);
		name = span_head(name, span_chr(name, '\0'));
		if (name.n > 0 && x->keyword[i] == NULL)
			x->keyword[i] = xmemdup_str(name.p, name.n);
	}
}

/* The extensions, between the head and the records. */
static void
take_extensions(struct dovecot_index *x, struct span all, size_t from,
    struct field *bits)
{
	size_t at = from, head, name, size;
	struct span rest;

	while (at < all.n && all.n - at >= 16) {
		rest = span_from(all, at);
		head = dovecot_u32(rest, 0);
		name = dovecot_u16(rest, 14);
		size = align8(16 + name);
		if (name == 0 || size > rest.n || head > rest.n - size)
			return;
		if (span_eq_str(span_head(span_from(rest, 16), name),
		    "keywords")) {
			take_names(x, span_head(span_from(rest, size), head));
			bits->at = dovecot_u16(rest, 8);
			bits->size = dovecot_u16(rest, 10);
		}
		at += align8(size + head);
	}
}

void
dovecot_set_keyword(struct dovecot_message *m, unsigned i, bool on)
{
	uint64_t bit = (uint64_t)1 << (i % 64);

	if (on)
		m->keywords[i / 64] |= bit;
	else
		m->keywords[i / 64] &= ~bit;
}

bool
dovecot_has_keyword(const struct dovecot_message *m, unsigned i)
{
	return (m->keywords[i / 64] >> (i % 64) & 1) != 0;
}

static void
take_bits(struct dovecot_message *m, struct span record,
    const struct field *bits)
{
	for (uint32_t i = 0; i < bits->size * 8 &&
	    i < DOVECOT_KEYWORDS_MAX; i++) {
		size_t at = bits->at + i / 8;

		if (at < record.n)
			dovecot_set_keyword(m, i,
			    ((uint8_t)record.p[at] >> (i % 8) & 1) != 0);
	}
}

static int
read_snapshot(struct dovecot_index *x, struct span s)
{
	struct field bits = { .size = 0 };
	size_t base = dovecot_u16(s, 2), head = dovecot_u32(s, 4);
	size_t record = dovecot_u32(s, 8), count = dovecot_u32(s, 32);
	struct dovecot_message *m;
	struct span one;

	if (s.n < HEAD_MIN || s.p[0] != MAJOR || base < HEAD_MIN ||
	    head < base || head > s.n || record < 8 || record > s.n ||
	    ((s.p[12] & LITTLE_ENDIAN_FLAG) != 0) != host_is_little())
		return -1;
	x->uidvalidity = dovecot_u32(s, 24);
	x->log_seq = dovecot_u32(s, 60);
	x->log_at = dovecot_u32(s, 68);
	take_extensions(x, span_head(s, head), align8(base), &bits);
	for (size_t i = 0; i < count && (s.n - head) / record > i; i++) {
		one = span_head(span_from(s, head + i * record), record);
		m = dovecot_push(x, dovecot_u32(one, 0), (uint8_t)one.p[4]);
		if (m == NULL)
			return 0;
		take_bits(m, one, &bits);
	}
	if (x->nextuid < dovecot_u32(s, 28))
		x->nextuid = dovecot_u32(s, 28);
	return 0;
}

int
dovecot_index_read(struct dovecot_index *x, struct span index,
    struct span log, struct span old)
{
	int rc;

	*x = (struct dovecot_index){ .nextuid = 1,
	    .left = WORK_MAX };
	rc = read_snapshot(x, index);
	if (dovecot_log_apply(x, old))
		rc = 0;
	if (dovecot_log_apply(x, log))
		rc = 0;
	return rc;
}

void
dovecot_index_fini(struct dovecot_index *x)
{
	for (size_t i = 0; i < DOVECOT_KEYWORDS_MAX; i++)
		free(x->keyword[i]);
	free(x->v);
	*x = (struct dovecot_index){ .v = NULL };
}
