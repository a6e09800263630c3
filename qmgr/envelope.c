/*
 * envelope - see envelope.h.
 * Addresses must be in the one spelling of mail/addr, so that what is compared
 * here, looked up in lookupd and delivered is the same text.
 */
#include "qmgr/envelope.h"

#include "ipc/msg_lookup.h"
#include "mail/addr.h"
#include "os/clock.h"

#define ENVID_MAX	100	/* as in ipc/msg_deliver */
#define ORCPT_MAX	500
#define CLOCK_SLACK_S	3600	/* between its clock and ours: it is one */

static int
bad(struct why *why, const char *what)
{
	why_set(why, WHY_TEMP, "4.3.0", "queue file: %s", what);
	return -1;
}

static bool
canonical(struct span s, enum addr_side side)
{
	char path[ADDR_MAX + 3];
	struct addr a;
	size_t n = 0;

	if (s.n == 0)
		return side == ADDR_REVERSE;
	if (s.n > ADDR_MAX)
		return false;
	path[n++] = '<';
	for (size_t i = 0; i < s.n; i++)
		path[n++] = s.p[i];
	path[n++] = '>';
	return addr_parse_path(span_of(path, n), side, &a, NULL) == 0 &&
	    span_eq(addr_text(&a), s);
}

/* What can go as a text through lib/ipc: no controls, not too long. */
static bool
sendable(struct span s, size_t most)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_iscntrl(s.p[i]))
			return false;
	return s.n <= most;
}

static bool
is_mark(char c)
{
	return c == '+' || c == '-' || c == '=';
}

static int
judge(const struct queue_envelope *e, struct why *why)
{
	int64_t now_s = clock_wall_s();

	if (!canonical(e->from, ADDR_REVERSE))
		return bad(why, "sender");
	if (e->time > now_s + CLOCK_SLACK_S)
		return bad(why, "time");
	if (e->verp.n > 0 && (e->verp.n != 2 || !is_mark(e->verp.p[0]) ||
	    !is_mark(e->verp.p[1])))
		return bad(why, "verp");
	if (!sendable(e->envid, ENVID_MAX))
		return bad(why, "envelope id");
	for (size_t i = 0; i < e->rcpts_n; i++)
		if (!canonical(e->rcpts[i].address, ADDR_FORWARD) ||
		    !sendable(e->rcpts[i].original, LOOKUP_ADDRESS_MAX) ||
		    !sendable(e->rcpts[i].orcpt, ORCPT_MAX))
			return bad(why, "recipient");
	return 0;
}

int
envelope_take(const struct qmgr *q, int fd, struct arena *a,
    struct queue_head *out, struct why *why)
{
	switch (queue_read_head(fd, a, out, why)) {
	case QUEUE_GOT:
		break;
	case QUEUE_UNFINISHED:
		return bad(why, "first line blank");
	case QUEUE_DAMAGED:
	case QUEUE_TROUBLE:
		why->kind = WHY_TEMP;	/* the client may try again */
		return bad(why, "not readable");
	}
	if (out->size_octets != queue_first_end(&out->first))
		return bad(why, "longer than its first line says");
	/* With room for the trace fields that smtpd adds. */
	if (out->first.message_octets > q->set.message_max_octets + 64 * KIB)
		return bad(why, "too large");
	return judge(&out->envelope, why);
}
