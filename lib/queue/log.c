/*
 * log - see log.h.
 * One table says which values a kind of line has and in which order; writing
 * and reading both walk it, so they cannot disagree.  The checksum makes every
 * line stand for itself: after a loss of power any subset of the unsynced
 * lines may be there.
 */
#include "queue/log.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/hash.h"
#include "base/num.h"
#include "queue/format.h"

#define TIME_LEN	20	/* 2026-11-22T05:56:00Z */
#define CHECK_LEN	10	/* " =0123abcd" */
#define TIME_MOST	INT64_C(253402300799)	/* the end of the year 9999 */

enum form { FORM_U32, FORM_U64, FORM_WORD, FORM_TEXT };
struct value {
	enum form form;
	size_t	  at;
};
#define U32(m)	{ FORM_U32, offsetof(struct queue_log, m) }
#define U64(m)	{ FORM_U64, offsetof(struct queue_log, m) }
#define WORD(m)	{ FORM_WORD, offsetof(struct queue_log, m) }
#define TEXT(m)	{ FORM_TEXT, offsetof(struct queue_log, m) }

#define VALUES_MAX	11
#define TARGET		U32(index), U32(parent), WORD(address), WORD(owner)
#define RESULT \
	5, { U32(index), WORD(address), WORD(esc), WORD(remote), TEXT(text) }

static const struct {
	const char  *name;
	size_t	     n;
	struct value values[VALUES_MAX];
} kinds[QUEUE_LOG_KINDS] = {
	[QUEUE_LOG_MAILBOX] = { "mailbox", 11, { TARGET, WORD(user),
	    U32(uid), U32(gid), WORD(home), WORD(maildir), U32(system_user),
	    WORD(detail) } },
	[QUEUE_LOG_REMOTE] = { "remote", 8, { TARGET, U32(transport),
	    WORD(nexthop), U32(port), U32(tls) } },
	[QUEUE_LOG_REMOTE_FROM] = { "remote-from", 9, { TARGET,
	    U32(transport), WORD(nexthop), U32(port), U32(tls),
	    WORD(source) } },
	[QUEUE_LOG_PIPE] = { "pipe", 5, { TARGET, WORD(nexthop) } },
	[QUEUE_LOG_ADDRESS] = { "address", 4, { TARGET } },
	[QUEUE_LOG_EXPANDED] = { "expanded", 3, { U32(parent), U32(first),
	    U32(count) } },
	[QUEUE_LOG_FORWARD] = { "forward", 3, { U32(index), U32(parent),
	    WORD(address) } },
	[QUEUE_LOG_DONE] = { "done", RESULT },
	[QUEUE_LOG_LATER] = { "later", RESULT },
	[QUEUE_LOG_NEVER] = { "never", RESULT },
	[QUEUE_LOG_PASS] = { "pass", 2, { U64(age_s), U64(next) } },
	[QUEUE_LOG_BOUNCED] = { "bounced", 3, { U32(index), WORD(id),
	    WORD(owner) } },
	[QUEUE_LOG_TOLD] = { "told", 1, { WORD(id) } },
	[QUEUE_LOG_DELAYED] = { "delayed", 1, { WORD(id) } },
	[QUEUE_LOG_REQUEUED] = { "requeued", 0, { { FORM_U32, 0 } } },
	[QUEUE_LOG_WAIT] = { "wait", 2, { U32(index), U64(next) } },
};

const char *
queue_log_name(enum queue_log_kind kind)
{
	return kinds[kind].name;
}

static int
put_value(struct buf *out, const struct value *v, const struct queue_log *l)
{
	const char *at = (const char *)l + v->at;
	struct span s;
	uint32_t n32;
	uint64_t n64;

	(void)buf_add_char(out, ' ');	/* judged by out->full */
	switch (v->form) {
	case FORM_U32:
		memcpy(&n32, at, sizeof(n32));
		return buf_add_u64(out, n32);
	case FORM_U64:
		memcpy(&n64, at, sizeof(n64));
		return buf_add_u64(out, n64);
	case FORM_WORD:
		memcpy(&s, at, sizeof(s));
		return queue_put_word(out, s);
	case FORM_TEXT:
		memcpy(&s, at, sizeof(s));
		return queue_put_text(out, s);
	}
	return -1;
}

static uint32_t
check_of(struct span s)
{
	struct sum64 sum;

	sum64_init(&sum);
	sum64_add(&sum, s.p, s.n);
	return (uint32_t)sum64_end(&sum);
}

int
queue_log_put(struct buf *out, const struct queue_log *l)
{
	size_t start = out->n;
	bool full = out->full;
	struct span line;
	int rc = -1;

	if (l->time < 0 || l->time > TIME_MOST)
		return -1;
	date_iso(out, l->time);
	(void)buf_add_char(out, ' ');	/* judged by out->full */
	(void)buf_add_str(out, kinds[l->kind].name);
	for (size_t i = 0; i < kinds[l->kind].n; i++)
		if (put_value(out, &kinds[l->kind].values[i], l) != 0)
			goto out;
	line = span_from(buf_span(out), start);
	rc = buf_addf(out, " =%08x\n", check_of(line));
out:
	if (rc != 0 || out->full) {
		buf_cut(out, start);
		out->full = full;
		rc = -1;
	}
	return rc;
}

/* Digits at two or four fixed places of a time. */
static int
digits(struct span s, size_t at, size_t n, int *out)
{
	uint64_t v;

	if (num_parse(span_head(span_from(s, at), n), 0, 9999, &v) != 0)
		return -1;
	*out = (int)v;
	return 0;
}

static int
get_time(struct span s, int64_t *out)
{
	struct date d = { .year = 0 };
	struct buf again;
	bool same;

	if (digits(s, 0, 4, &d.year) != 0 || digits(s, 5, 2, &d.month) != 0 ||
	    digits(s, 8, 2, &d.day) != 0 || digits(s, 11, 2, &d.hour) != 0 ||
	    digits(s, 14, 2, &d.minute) != 0 ||
	    digits(s, 17, 2, &d.second) != 0 || d.year < 1970 ||
	    d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31)
		return -1;
	*out = date_to_time(&d);
	/* Whatever else may be wrong with it shows when it is written again. */
	buf_init(&again, 64);
	date_iso(&again, *out);
	same = span_eq(s, buf_span(&again));
	buf_fini(&again);
	return same ? 0 : -1;
}

static int
get_num(struct span s, uint64_t max, uint64_t *out)
{
	if (s.n > 1 && s.p[0] == '0')
		return -1;
	return num_parse(s, 0, max, out);
}

/* Into store, which has room for the whole line: nothing in it moves. */
static int
get_octets(struct span s, enum form form, struct buf *store, struct span *out)
{
	size_t start = store->n;

	if ((form == FORM_WORD ? queue_get_word(s, store) :
	    queue_get_text(s, store)) != 0)
		return -1;
	*out = span_from(buf_span(store), start);
	return 0;
}

static int
get_value(struct span *rest, const struct value *v, struct buf *store,
    struct queue_log *l)
{
	char *at = (char *)l + v->at;
	struct span s = { NULL, 0 };
	uint64_t n64 = 0;
	uint32_t n32;
	int rc = -1;

	if (rest->p == NULL)
		return -1;	/* values are missing */
	switch (v->form) {
	case FORM_U32:
		rc = get_num(span_cut(rest, ' '), UINT32_MAX, &n64);
		n32 = (uint32_t)n64;
		memcpy(at, &n32, sizeof(n32));
		break;
	case FORM_U64:
		rc = get_num(span_cut(rest, ' '), UINT64_MAX, &n64);
		memcpy(at, &n64, sizeof(n64));
		break;
	case FORM_WORD:
		rc = get_octets(span_cut(rest, ' '), FORM_WORD, store, &s);
		memcpy(at, &s, sizeof(s));
		break;
	case FORM_TEXT:
		rc = get_octets(*rest, FORM_TEXT, store, &s);
		*rest = SPAN_NONE;
		memcpy(at, &s, sizeof(s));
		break;
	}
	return rc;
}

static bool
check_holds(struct span line)
{
	char want[CHECK_LEN + 1];
	struct span tail = span_from(line, line.n - CHECK_LEN);

	(void)snprintf(want, sizeof(want), " =%08x",	/* always fits */
	    check_of(span_head(line, line.n - CHECK_LEN)));
	return span_eq_str(tail, want);
}

int
queue_log_parse(struct span line, struct buf *store, struct queue_log *out)
{
	struct queue_log l = { .kind = QUEUE_LOG_KINDS };
	struct span rest, name;

	buf_clear(store);
	if (line.n < TIME_LEN + CHECK_LEN || line.n >= QUEUE_LOG_LINE_MAX ||
	    !check_holds(line) || buf_room(store, line.n) == NULL)
		return -1;
	rest = span_head(line, line.n - CHECK_LEN);
	if (get_time(span_cut(&rest, ' '), &l.time) != 0)
		return -1;
	name = span_cut(&rest, ' ');
	for (size_t i = 0; i < QUEUE_LOG_KINDS; i++)
		if (span_eq_str(name, kinds[i].name))
			l.kind = (enum queue_log_kind)i;
	if (l.kind == QUEUE_LOG_KINDS)
		return -1;
	for (size_t i = 0; i < kinds[l.kind].n; i++)
		if (get_value(&rest, &kinds[l.kind].values[i], store, &l) != 0)
			return -1;
	if (rest.p != NULL)
		return -1;	/* more than belongs there */
	*out = l;
	return 0;
}
