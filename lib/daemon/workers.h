/*
 * workers - who forks a worker for each channel that qmgr sends: as many as may
 * be at once, the others wait in the order in which they came.
 *
 * qmgr counts too, but a worker that it has let go for another may not have
 * ended yet: that is not the job's fault.
 */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include "base/base.h"

/* Workers to be that wait: as many as qmgr may have (smtp_out_max). */
#define WORKERS_WAITING_MAX 5000

struct workers;

struct workers_ops {
	size_t (*most)(void);	/* how many may be at once */
	/* Whether that one can be made now; NULL: always. */
	bool (*able)(const void *who);
	/*
	 * Fork one.  who and qmgr stay the caller's; the child does not return.
	 * returns  false: there is none, qmgr will see its channel end
	 */
	bool (*start)(const void *who, int qmgr);
};

/* who_octets: of what start() is told of each, 0: nothing. */
struct workers *workers_new(const struct workers_ops *ops,
	    size_t who_octets);
void	workers_free(struct workers **w);
/*
 * One for this channel, now or when there is a place.
 * who      copied; NULL if it has no octets
 * qmgr     taken, and -1 then
 * returns  0; -1: too many wait
 */
int	workers_add(struct workers *w, const void *who, int *qmgr) must_use;
bool	workers_room(const struct workers *w);
/* A child of another kind has been forked: it takes a place. */
void	workers_count(struct workers *w);
size_t	workers_running(const struct workers *w);
/* A child has ended. */
void	workers_ended(struct workers *w);
/* Something has changed: those that can be are started. */
void	workers_start(struct workers *w);

#endif
