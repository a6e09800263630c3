/*
 * log - the lines behind the message in a queue file: what happened to it.
 * Pure.
 *
 *	TIME KIND value... =CHECK
 *
 * TIME as 2026-11-22T05:56:00Z, CHECK eight digits of a checksum over all in
 * front of it: a line that was torn, or whose sectors never reached the disk,
 * is no line.  Words as in queue/format.h; the text at the end of a result
 * may hold spaces.
 *
 * Recipients are numbered: those of the envelope from 0 in their order,
 * behind them those that expansions and forward files add, in the order of
 * the log.  A row of target lines counts only with the `expanded` line that
 * closes it.  Which kind has which values stands in one table in log.c.
 */
#ifndef QUEUE_LOG_H
#define QUEUE_LOG_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define QUEUE_LOG_LINE_MAX	12288	/* octets, LF included */

enum queue_log_kind {
	QUEUE_LOG_MAILBOX,	/* target index of parent: a Maildir */
	QUEUE_LOG_REMOTE,	/* ...: another host */
	QUEUE_LOG_PIPE,		/* ...: a configured program, in nexthop */
	QUEUE_LOG_ADDRESS,	/* ...: no route yet, asked for when its turn comes */
	QUEUE_LOG_EXPANDED,	/* count targets from number first are parent's */
	QUEUE_LOG_FORWARD,	/* a forward file of parent: a further recipient */
	QUEUE_LOG_DONE,		/* delivered */
	QUEUE_LOG_LATER,	/* will be tried again */
	QUEUE_LOG_NEVER,	/* failed for good */
	QUEUE_LOG_PASS,		/* all were tried: age so far, next attempt */
	QUEUE_LOG_BOUNCED,	/* failures up to number index were reported to
				   owner in message id ("": nobody to tell) */
	QUEUE_LOG_TOLD,		/* successes so far were reported in id */
	QUEUE_LOG_DELAYED,	/* the sender was told of the delay in id */
	QUEUE_LOG_REQUEUED,	/* by an operator: targets that are not done are
				   forgotten, and looked up anew */
	QUEUE_LOG_REMOTE_FROM,	/* as REMOTE, with a source */
	QUEUE_LOG_WAIT,		/* number index is not tried before next */
	QUEUE_LOG_KINDS
};

struct queue_log {
	enum queue_log_kind kind;
	int64_t	    time;		/* seconds since 1970, to the year 9999 */
	uint32_t    index, parent;
	uint32_t    first, count;	/* EXPANDED */
	uint32_t    uid, gid;		/* MAILBOX */
	uint32_t    system_user;	/* MAILBOX: 0 or 1 */
	uint32_t    transport, port;	/* REMOTE */
	uint32_t    tls;		/* REMOTE: enum demand */
	uint64_t    age_s;		/* PASS */
	uint64_t    next;		/* PASS, WAIT: seconds since 1970 */
	struct span address;		/* final, also of results */
	struct span owner;		/* envelope sender in place of the message's */
	struct span user, home, maildir, detail;
	struct span nexthop;
	struct span source;		/* REMOTE_FROM: addresses of ours */
	struct span esc, remote, text;	/* results; text is the rest of a line */
	struct span id;
};

/*
 * Append the line, LF included.
 * returns  0, or -1: a value is too long, or out is full (out as before)
 */
int	queue_log_put(struct buf *out, const struct queue_log *l) must_use;

/*
 * Parse one line, without its LF.
 * store    cleared; the spans of *out point into it
 * returns  0, or -1: damaged, ignore it
 */
int	queue_log_parse(struct span line, struct buf *store,
	    struct queue_log *out) must_use;

const char *queue_log_name(enum queue_log_kind kind);

#endif
