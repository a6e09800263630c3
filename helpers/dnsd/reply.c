/*
 * reply.c - RFC 1035 4.1 as one function per part.  All is walked with a
 * position and the end of the message; a name may only point backwards, and not
 * more often than it can have labels, so that a chain of pointers for each of
 * thousands of records costs nobody a second.  Work is bounded: JUMPS_MAX steps
 * for a name, and REPLY_CNAMES_MAX walks over a message.
 *
 * A name whose labels hold other than printable octets without dot and
 * backslash cannot be written as text in one way only: it is equal to nothing,
 * and a record that leads to it is left out.
 */
#include "helpers/dnsd/reply.h"

#include <string.h>

#define HEADER		12	/* octets, RFC 1035 4.1.1 */
#define NAME_WIRE_MAX	255	/* RFC 1035 2.3.4 */
#define CLASS_IN	1
#define JUMPS_MAX	127	/* labels of a name */

struct walk {
	const uint8_t *p;	/* the whole message */
	size_t	n, at;
};

struct rr {
	char	 owner[256];
	unsigned type, class;
	uint32_t ttl_s;
	size_t	 data, data_n;	/* in the message */
};

static unsigned
u16(const struct walk *w, size_t at)
{
	return (unsigned)w->p[at] << 8 | w->p[at + 1];
}

/* ------------------------------------------------------------------- names */

static bool
label_is_text(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] >= 127 || p[i] == '.' || p[i] == '\\')
			return false;
	return true;
}

/* Append one label; odd: it is none that text can hold. */
static void
put_label(const uint8_t *p, size_t n, char out[256], bool *odd)
{
	size_t have = strlen(out);

	if (!label_is_text(p, n)) {
		*odd = true;
		return;
	}
	if (have > 0)
		out[have++] = '.';
	memcpy(out + have, p, n);
	out[have + n] = '\0';
}

/*
 * The name at *at, which moves behind it; "\\" if it is none for text ("" is
 * the
 * root).  -1: broken.
 */
static int
get_name(const struct walk *w, size_t *at, char out[256])
{
	size_t here = *at, lowest = here, wire = 1;
	unsigned jumps = 0;
	bool odd = false;

	out[0] = '\0';
	for (;;) {
		unsigned n;

		if (here >= w->n)
			return -1;
		n = w->p[here];
		if ((n & 0xc0) == 0xc0) {
			if (here + 1 >= w->n)
				return -1;
			if (jumps++ == 0)
				*at = here + 2;
			here = u16(w, here) & 0x3fff;
			/* only backwards */
			if (here >= lowest || jumps > JUMPS_MAX)
				return -1;
			lowest = here;
			continue;
		}
		wire += n + 1;
		if (n > 63 || here + 1 + n > w->n || wire > NAME_WIRE_MAX + 1)
			return -1;
		here += 1 + n;
		if (n == 0)
			break;
		put_label(w->p + here - n, n, out, &odd);
	}
	if (jumps == 0)
		*at = here;
	if (odd)
		memcpy(out, "\\", 2);
	return 0;
}

static bool
same_name(const char *a, const char *b)
{
	return strcmp(a, "\\") != 0 && span_ieq(span_str(a), span_str(b));
}

/* ----------------------------------------------------------------- records */

/* RFC 1035 4.1.3.  -1: broken. */
static int
get_rr(struct walk *w, struct rr *rr)
{
	if (get_name(w, &w->at, rr->owner) != 0 || w->n - w->at < 10)
		return -1;
	rr->type = u16(w, w->at);
	rr->class = u16(w, w->at + 2);
	rr->ttl_s = (uint32_t)u16(w, w->at + 4) << 16 | u16(w, w->at + 6);
	if (rr->ttl_s > INT32_MAX)	/* RFC 2181 8: then it is zero */
		rr->ttl_s = 0;
	rr->data_n = u16(w, w->at + 8);
	rr->data = w->at + 10;
	if (w->n - rr->data < rr->data_n)
		return -1;
	w->at = rr->data + rr->data_n;
	return 0;
}

/* A name that fills the data of a record from skip on. */
static int
get_target(const struct walk *w, const struct rr *rr, size_t skip,
    char out[256])
{
	size_t at = rr->data + skip;

	return rr->data_n > skip && get_name(w, &at, out) == 0 &&
	    at == rr->data + rr->data_n ? 0 : -1;
}

static int
give_text(const struct walk *w, const struct rr *rr, struct reply *out)
{
	size_t at = rr->data, end = at + rr->data_n;

	while (at < end) {
		struct dns_record r = { .family = 0 };
		size_t n = w->p[at++];

		if (n > end - at)
			return -1;
		span_copy_cut(span_of(w->p + at, n), r.text, sizeof(r.text));
		out->take(out->ctx, &r);
		at += n;
	}
	return 0;
}

static int
give_name(const struct walk *w, const struct rr *rr, struct reply *out)
{
	struct dns_record r = { .family = 0 };
	size_t skip = rr->type == REPLY_MX ? 2 : 0;

	if (get_target(w, rr, skip, r.text) != 0)
		return -1;
	if (skip > 0)
		r.preference = (uint16_t)u16(w, rr->data);
	if (strcmp(r.text, "\\") != 0)
		out->take(out->ctx, &r);
	else
		out->left_out = true;
	return 0;
}

/* One record of the type that was asked for.  -1: broken. */
static int
give(const struct walk *w, const struct rr *rr, struct reply *out)
{
	struct dns_record r = { .family = rr->type == REPLY_A ? 4 : 6 };

	switch (rr->type) {
	case REPLY_A:
	case REPLY_AAAA:
		if (rr->data_n != (r.family == 4 ? 4u : 16u))
			return -1;
		memcpy(r.ip, w->p + rr->data, rr->data_n);
		break;
	case REPLY_TXT:
		return give_text(w, rr, out);
	case REPLY_TLSA:
		r.family = 0;
		r.data = span_of(w->p + rr->data, rr->data_n);
		break;
	default:
		return give_name(w, rr, out);
	}
	out->take(out->ctx, &r);
	return 0;
}

/* ---------------------------------------------------------------- sections */

static void
lower_ttl(struct reply *out, uint32_t ttl_s)
{
	if (ttl_s < out->ttl_s)
		out->ttl_s = ttl_s;
}

/* One CNAME further from name.  1: yes; 0: there is none; -1: broken. */
static int
follow(struct walk w, unsigned count, char name[256], struct reply *out)
{
	struct rr rr;

	while (count-- > 0) {
		if (get_rr(&w, &rr) != 0)
			return -1;
		if (rr.type != REPLY_CNAME || rr.class != CLASS_IN ||
		    !same_name(rr.owner, name))
			continue;
		lower_ttl(out, rr.ttl_s);
		if (get_target(&w, &rr, 0, name) != 0)
			return -1;
		memcpy(out->canonical, name, sizeof(out->canonical));
		return 1;
	}
	return 0;
}

static int
follow_all(const struct walk *w, unsigned count, char name[256],
    struct reply *out)
{
	for (int i = 0; i <= REPLY_CNAMES_MAX; i++) {
		int rc = follow(*w, count, name, out);

		if (rc <= 0)
			return rc;
	}
	return -1;
}

/* How many records of that name and type; -1: broken. */
static int
give_all(struct walk *w, unsigned count, const char *name,
    enum reply_type type, struct reply *out)
{
	struct rr rr;
	int n = 0;

	while (count-- > 0) {
		if (get_rr(w, &rr) != 0)
			return -1;
		if (rr.type != type || rr.class != CLASS_IN ||
		    !same_name(rr.owner, name))
			continue;
		lower_ttl(out, rr.ttl_s);
		if (give(w, &rr, out) != 0)
			return -1;
		n++;
	}
	return n;
}

/* RFC 2308 5: the smaller of the SOA's own TTL and its last field. */
static void
negative_ttl(struct walk *w, unsigned count, struct reply *out)
{
	struct rr rr;
	uint32_t minimum;

	while (count-- > 0 && get_rr(w, &rr) == 0) {
		if (rr.type != REPLY_SOA || rr.data_n < 22)
			continue;
		minimum = (uint32_t)u16(w, w->at - 4) << 16 |
		    u16(w, w->at - 2);
		lower_ttl(out, rr.ttl_s);
		lower_ttl(out, minimum);
		return;
	}
	lower_ttl(out, REPLY_TTL_NEGATIVE_S);
}

static int
skip_questions(struct walk *w)
{
	char name[256];

	for (unsigned i = u16(w, 4); i > 0; i--) {
		if (get_name(w, &w->at, name) != 0 || w->n - w->at < 4)
			return -1;
		w->at += 4;
	}
	return 0;
}

enum reply_got
reply_read(struct span octets, const char *name, enum reply_type type,
    struct reply *out)
{
	struct walk w = { (const uint8_t *)octets.p, octets.n, HEADER };
	unsigned rcode, answers;
	char at_last[256];
	int n;

	out->ttl_s = INT32_MAX;
	out->canonical[0] = '\0';
	out->secure = out->left_out = false;
	/* A response (QR), and all of it (no TC). */
	if (w.n < HEADER || (w.p[2] & 0x80) == 0 || (w.p[2] & 0x02) != 0)
		return REPLY_FAILED;
	out->secure = (w.p[3] & 0x20) != 0;
	rcode = w.p[3] & 0x0f;
	answers = u16(&w, 6);
	if ((rcode != 0 && rcode != 3) || skip_questions(&w) != 0 ||
	    span_copy(span_str(name), at_last, sizeof(at_last)) != 0)
		return REPLY_FAILED;
	if (type != REPLY_CNAME && follow_all(&w, answers, at_last, out) != 0)
		return REPLY_FAILED;
	n = give_all(&w, answers, at_last, type, out);
	if (n != 0)
		return n > 0 ? REPLY_RECORDS : REPLY_FAILED;
	negative_ttl(&w, u16(&w, 8), out);
	return rcode == 3 ? REPLY_NXDOMAIN : REPLY_NODATA;
}
