/*
 * format - what stands in a queue file.  Pure.
 *
 *	first line	QUEUE_FIRST_LEN octets: blank until all is written, then
 *			version, lengths and checksum of the next two parts
 *	envelope	lines "key value...": from client helo auth time body, where
 *			they say something ret envid smtputf8 verp, then rcpt
 *	message		exactly as on the wire (CRLF)
 *	log		(queue/log.h) what happened to it since
 *
 * A value is any string of octets up to QUEUE_VALUE_MAX.  It is written
 * as one word: octets outside 33..126 and '%' as %XX, the empty one as "-", a
 * lone '-' as "%2D".  Reading takes only what writing makes, so that both ways
 * are an identity and no octet of a value can begin a field or line.
 *
 * Writing, as a session does it:
 *	queue_writer_begin(&w, &envelope, &out);   write out at offset 0
 *	queue_writer_add(&w, p, n);		   for all that is appended
 *	queue_writer_first(&w, first);		   pwrite at offset 0, fsync, close
 */
#ifndef QUEUE_FORMAT_H
#define QUEUE_FORMAT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/span.h"
#include "base/why.h"

#define QUEUE_FIRST_LEN		80	/* octets, LF included */
#define QUEUE_VALUE_MAX		640	/* octets of a value, not encoded */
#define QUEUE_LINE_MAX		8192	/* octets of an envelope line */
#define QUEUE_RCPTS_MAX		100000	/* recipients of one envelope */
#define QUEUE_ENVELOPE_MAX	(32 * MIB)
#define QUEUE_MESSAGE_MAX	((uint64_t)999999999999)

enum queue_notify {		/* RFC 3461 4.1, as bits; 0: not said */
	QUEUE_NOTIFY_NEVER = 1,
	QUEUE_NOTIFY_SUCCESS = 2,
	QUEUE_NOTIFY_FAILURE = 4,
	QUEUE_NOTIFY_DELAY = 8
};
#define QUEUE_NOTIFY_MAX	15
enum queue_ret {		/* RFC 3461 4.3 */
	QUEUE_RET_NONE,
	QUEUE_RET_FULL,
	QUEUE_RET_HDRS
};

struct queue_rcpt {
	struct span address;	/* canonical (mail/addr.h) */
	struct span original;	/* as the client wrote it */
	unsigned    notify;	/* enum queue_notify; at most _MAX */
	struct span orcpt;	/* ORCPT decoded, "rfc822;a@b", or empty */
};

struct queue_envelope {
	struct span from;	/* canonical; empty: <> */
	struct span client;	/* address it came from, or "local" */
	struct span helo;	/* as said, or empty */
	struct span auth;	/* account that logged in, uid:N, or empty */
	int64_t	    time;	/* of arrival, seconds since 1970 */
	bool	    body_8bit;	/* BODY=8BITMIME was said, or is needed */
	enum queue_ret ret;
	struct span envid;	/* ENVID decoded, or empty */
	bool	    smtputf8;	/* RFC 6531 3.4: goes only where that is known */
	struct span verp;	/* two delimiters, or empty: no such senders */
	const struct queue_rcpt *rcpts;
	size_t	    rcpts_n;	/* 1..QUEUE_RCPTS_MAX */
};

struct queue_writer {
	struct sum64 sum;
	uint64_t     envelope_octets, message_octets;
};

/*
 * Append the blank first line and the envelope to out; they are the first
 * octets of the file.
 * returns  0, or -1: a value, the count of recipients or out's cap is
 *	    exceeded (w and out are then of no use)
 */
int	queue_writer_begin(struct queue_writer *w,
	    const struct queue_envelope *e, struct buf *out) must_use;
/* Further n octets that stand in the file, in order: the message. */
void	queue_writer_add(struct queue_writer *w, const void *p, size_t n);
/* The first line, to be written over the blank one when all else is. */
void	queue_writer_first(const struct queue_writer *w,
	    char out[QUEUE_FIRST_LEN]);

enum queue_first_kind {
	QUEUE_FIRST_BLANK,	/* never finished */
	QUEUE_FIRST_FILLED,
	QUEUE_FIRST_BAD		/* neither: damaged, or another version */
};
struct queue_first {
	uint64_t envelope_octets;	/* <= QUEUE_ENVELOPE_MAX */
	uint64_t message_octets;	/* <= QUEUE_MESSAGE_MAX */
	uint64_t sum;			/* sum64 over both */
};
/* line: QUEUE_FIRST_LEN octets; *out is set for FILLED only. */
enum queue_first_kind	queue_first_parse(struct span line,
	    struct queue_first *out) must_use;
/* Where the log begins in the file. */
uint64_t queue_first_end(const struct queue_first *f);

/*
 * Parse an envelope, all of text.  Syntax and budgets only: whether the values
 * are addresses is the caller's to judge.
 * a        the decoded values and the recipients live there
 * out      filled
 * returns  0, or -1 with why (WHY_PERM 5.6.0, or WHY_TEMP 4.3.0: a is full)
 */
int	queue_envelope_parse(struct span text, struct arena *a,
	    struct queue_envelope *out, struct why *why) must_use;

/* One value as a word behind what is in out; -1: too long, or out is full. */
int	queue_put_word(struct buf *out, struct span value) must_use;
/*
 * Append the value of a word to value.
 * returns  0, or -1: not what queue_put_word makes (value is then of no use)
 */
int	queue_get_word(struct span word, struct buf *value) must_use;
/* The same for a text, which stands last in its line: spaces are kept. */
int	queue_put_text(struct buf *out, struct span value) must_use;
int	queue_get_text(struct span text, struct buf *value) must_use;

#endif
