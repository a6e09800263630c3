/*
 * thread - messages into threads (RFC 5256 section 3, THREAD).  Pure.
 *
 *	t = thread_new(THREAD_REFERENCES, seed);
 *	for each message, by ascending number:
 *		thread_add(t, &about);
 *		thread_refer(t, id) ...		its references, oldest first
 *	thread_finish(t);
 *	thread_put(t, number, put, ctx);
 *	thread_free(&t);
 *
 * Time is n log n in messages and references.  Memory: about 100 octets a
 * message and a reference.
 */
#ifndef IMAPD_THREAD_H
#define IMAPD_THREAD_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "imapd/parse.h"

#define THREAD_REFERENCES_MAX	4000000

struct thread_message {
	uint32_t seq;
	int64_t	 date_s;	/* by which siblings are in order */
	struct span id;		/* normal form; empty: none */
	struct span subject;	/* base subject, folded; empty: none */
	bool	 reply;		/* or forward, by its subject */
};

struct thread;

struct thread *thread_new(enum thread_kind kind, const uint8_t seed[16]);
void	thread_free(struct thread **t);
void	thread_add(struct thread *t, const struct thread_message *m);
/* A reference of the message that was added last. */
void	thread_refer(struct thread *t, struct span id);
/* THREAD_REFERENCES_MAX is reached: of a message only the last is to come. */
bool	thread_is_full(const struct thread *t);
void	thread_finish(struct thread *t);
/*
 * The thread-lists, in pieces.
 * number  what to say for a sequence number
 * put     takes a piece; it is cut anywhere
 */
struct thread_sink {
	uint32_t (*number)(uint32_t seq, void *ctx);
	void	 (*put)(struct span piece, void *ctx);
	void	 *ctx;
};
void	thread_put(const struct thread *t, const struct thread_sink *sink);

#endif
