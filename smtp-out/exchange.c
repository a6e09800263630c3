/*
 * exchange.c - see exchange.h.  A reply is waited for only as long as somebody
 * wants to hear of it.
 */
#include "smtp-out/exchange.h"

#include "base/buf.h"
#include "net/line.h"
#include "os/clock.h"
#include "smtp-out/limits.h"

int
exchange_lost(const struct talk *t, struct why *why, const char *when)
{
	why_set(why, WHY_TEMP, "4.4.2", "%s: connection lost or no answer %s",
	    t->remote, when);
	return -1;
}

/* What is written leaves, and there is input, or the deadline has come. */
static int
wait_for_reply(struct talk *t, struct why *why, const char *when)
{
	if (stream_flush(&t->stream) != STREAM_OK)
		return exchange_lost(t, why, when);
	if (stream_idle(&t->stream) && job_wait(t->link, t->stream.fd,
	    t->stream.deadline_ms) != 0) {
		why_set(why, WHY_TEMP, "4.3.0", "the queue manager ended");
		return -1;
	}
	return 0;
}

/* The next reply into t->reply; -1 with why: none came, or it is none. */
int
exchange_reply(struct talk *t, int64_t wait_ms, const char *when,
    struct why *why)
{
	int64_t left_ms = t->until_ms - clock_mono_ms();
	struct span line;

	reply_clear(&t->reply);
	stream_deadline(&t->stream, left_ms < wait_ms ? left_ms : wait_ms);
	if (wait_for_reply(t, why, when) != 0)
		return -1;
	for (;;) {
		if (line_read(&t->stream, LINE_MAX_OCTETS, LINE_CRLF_OR_LF,
		    &line) != LINE_OK)
			return exchange_lost(t, why, when);
		switch (reply_feed(&t->reply, line)) {
		case REPLY_MORE:
			break;
		case REPLY_DONE:
			return 0;
		case REPLY_BAD:
			why_set(why, WHY_TEMP, "4.5.0",
			    "%s: not an SMTP reply %s", t->remote, when);
			return -1;
		}
	}
}

int
exchange_command(struct talk *t, const char *line, int64_t wait_ms,
    const char *when, struct why *why)
{
	if (stream_puts(&t->stream, line) != STREAM_OK)
		return exchange_lost(t, why, when);
	return exchange_reply(t, wait_ms, when, why);
}

bool
exchange_said(const struct talk *t, unsigned hundred)
{
	return t->reply.code / 100 == hundred;
}

int
exchange_refused(struct talk *t, struct why *why, const char *when)
{
	struct buf line;

	buf_init(&line, REPLY_SHORT_MAX + 1);
	reply_one_line(&t->reply, &line);
	/* Another host, or this one later, may be kinder: never permanent. */
	why_set(why, WHY_TEMP, "4.4.0", "%s said %s %s", t->remote,
	    buf_cstr(&line), when);
	buf_fini(&line);
	return -1;
}
