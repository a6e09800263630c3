/*
 * job - recipients that travel together.
 *
 * A route is where a recipient's mail goes; recipients of one message with the
 * same route and the same envelope sender make a bundle, which waits for its
 * turn (schedule.h); what one worker gets of it at once is a job (struct batch
 * here; struct job is the message that announces it):
 *
 *	taken -> running (sent to a worker) -> ended; or lost with its worker
 */
#ifndef QMGR_JOB_H
#define QMGR_JOB_H

#include "ipc/msg_deliver.h"
#include "ipc/msg_lookup.h"
#include "qmgr/limits.h"
#include "qmgr/message.h"

struct route {			/* the data of a destination */
	uint8_t	    kind;	/* enum target_kind, not TARGET_FAIL */
	uint8_t	    transport, tls, generic, system_user;
	uint16_t    port;
	uint32_t    uid, gid;
	struct span user, home, maildir, nexthop, source, auth;
	char	    p[];
};

struct batch {
	TAILQ_ENTRY(batch) next;	/* of its row (dispatch.c) */
	struct message *m;
	struct dest    *dest;		/* a reference */
	struct span	sender;
	uint32_t	serial;
	uint32_t	n, left;	/* recipients; without result */
	bool		answered;	/* some result was about the site */
	uint32_t	rcpts[JOB_RCPTS_MAX];
};

/*
 * This is where recipient i goes: takes the place's destination and its final
 * address.  If another recipient of the message goes to the same place, i
 * shares that one's fate (SAME, or DONE at once).
 * returns  0, or -1: too many destinations
 */
int	job_route(struct message *m, uint32_t i, const struct target *t)
	    must_use;
/* Recipient i is ROUTED with the place it knows already (from the log). */
void	job_join(struct message *m, uint32_t i);
/* Something was delivered to this place in an earlier pass. */
void	job_remember(struct message *m, uint32_t i);

/* All ROUTED recipients into bundles that wait; those of a site that is down
   are put off at once. */
void	job_bundle(struct message *m);
/* The next job of the class, or NULL.  Its recipients are TRYING. */
struct batch *job_take(struct qmgr *q, enum schedule_class cls);
/* The next for this destination, before its turn; or NULL. */
struct batch *job_take_of(struct qmgr *q, struct dest *d);
/* Has it one recipient, whose worker has not died of it? */
bool	job_rows(const struct batch *j);
/*
 * The next for this destination, to go along with one that rows; NULL: it
 * does not, or its message is larger than that.
 */
struct batch *job_take_along(struct qmgr *q, struct dest *d,
	    uint64_t octets_max);
/* All recipients have results, or get one here; freed. */
void	job_end(struct batch **j, bool site_down);
/* The worker is gone: what has no result is tried once more, then put off. */
void	job_lost(struct batch **j);
/*
 * Everybody who has not been given to a worker waits no more: LATER, without
 * a word.
 */
void	job_withdraw(struct message *m);
/* Something was paused: what waits for such a destination is put off. */
void	job_pause(struct qmgr *q);
bool	job_has(const struct batch *j, uint32_t i);

void	job_free_route(void *data);	/* for schedule_new() */

#endif
