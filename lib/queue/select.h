/*
 * select - which messages an operator means: words like
 *
 *	sender=@example.org older=2h error=timed%20out
 *
 * all of which must hold.  A value is a word as in queue/format.h (%XX), so
 * that it may hold spaces.  Pure.
 *
 *	id	the whole id
 *	sender	the envelope's, or "@domain"; "<>" for none
 *	rcpt	a recipient of the envelope that is not done, or "@domain"
 *	account	who had logged in to send it
 *	older, newer	durations: time since it came
 *	larger, smaller	sizes of the message: 10M
 *	error	stands in the last reason why a recipient waits or failed
 *	state	incoming, active, deferred, hold, corrupt
 *
 * Addresses and reasons compare without the case of ASCII letters.
 */
#ifndef QUEUE_SELECT_H
#define QUEUE_SELECT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/span.h"
#include "base/why.h"
#include "queue/format.h"
#include "queue/states.h"

#define QUEUE_SELECT_MAX	640	/* octets of one value */

enum queue_select_text { SELECT_SENDER, SELECT_RCPT, SELECT_ACCOUNT,
	SELECT_ERROR, SELECT_TEXTS };

struct queue_select {
	char	id[ID_SIZE];	/* "": any */
	struct {
		bool	given;
		size_t	n;
		char	p[QUEUE_SELECT_MAX];
	} text[SELECT_TEXTS];
	int64_t	older_s, newer_s;	/* -1: any */
	int64_t	larger, smaller;	/* octets; -1: any */
	bool	by_state, active;
	enum queue_state state;		/* unless active */
	unsigned given;			/* how many words */
};

/* What is known of a message. */
struct queue_facts {
	const char	*id;
	enum queue_state place;
	bool		 active;	/* in memory: being tried */
	/* NULL where the file is not understood: matches id and state only. */
	const struct queue_envelope *envelope;
	uint64_t	 message_octets;
	struct span	 errors;	/* reasons, one a line */
};

void	queue_select_init(struct queue_select *s);
/*
 * One more word.
 * returns  0; 1: its key is none of ours; -1 with why: bad value, or the
 *	    second word of that key
 */
int	queue_select_add(struct queue_select *s, struct span word,
	    struct why *why) must_use;
/* The word for a key and a value as the operator wrote it; -1: too long. */
int	queue_select_put(struct buf *out, const char *key, struct span value)
	    must_use;
/* Must the file be read to decide?  (Not for id and state alone.) */
bool	queue_select_reads(const struct queue_select *s);
bool	queue_select_match(const struct queue_select *s,
	    const struct queue_facts *f, int64_t now_s);

#endif
