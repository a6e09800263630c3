/*
 * schedule - who goes next.  Pure: time is passed in, nothing is sent.
 *
 * A destination has a window of jobs that may run at once: it grows by one
 * when as many jobs as it is wide went well, and falls to one when the site is
 * down.  Groups (the recipients of one message for one destination) wait in
 * the order of their tags: start-time fair queueing, where every job counts
 * one and each message is a flow.  A message's n-th job is tagged n behind
 * the tag of the job that started last, so the first job of a short message
 * stands before nearly all of a long one's, in each destination and among
 * destinations.
 */
#ifndef QMGR_SCHEDULE_H
#define QMGR_SCHEDULE_H

#include <sys/queue.h>

#include "base/base.h"
#include "base/heap.h"
#include "base/span.h"

struct schedule;

enum schedule_class { CLASS_OUT, CLASS_LOCAL, CLASS_PIPE, CLASS_COUNT };

struct dest {			/* read only but for data */
	struct heap_node  node;		/* among the ready of its class */
	TAILQ_ENTRY(dest) idle;
	struct heap	  groups;	/* waiting */
	enum schedule_class cls;
	unsigned	  refs;
	unsigned	  running, window, most, credit, fails;
	int64_t		  down_until_ms, idle_since_ms;
	bool		  is_idle;
	void		 *data;		/* the caller's: the route */
	size_t		  key_n;
	char		  key[];
};

struct group {
	struct heap_node  node;
	struct dest	 *dest;		/* NULL: not waiting */
};

struct flow {			/* of a message; zero at birth */
	int64_t	next[CLASS_COUNT];
};

/* free_data: called with the data of each destination that is forgotten. */
struct schedule *schedule_new(size_t dests_max, const uint8_t seed[16],
	    void (*free_data)(void *data));
void	schedule_free(struct schedule **s);
/* Jobs at once to one destination, at most (for those made from now on). */
void	schedule_set_window(struct schedule *s, unsigned most);

/*
 * The destination of that key, made if need be; the caller has a reference.
 * serial   one job at a time (a mailbox)
 * returns  NULL: as many as there may be
 */
struct dest *schedule_dest(struct schedule *s, enum schedule_class cls,
	    struct span key, bool serial);
/* One more reference to it. */
struct dest *schedule_ref(struct dest *d);
void	schedule_unref(struct schedule *s, struct dest *d, int64_t now_ms);
/* Forget what was learned about idle destinations long ago. */
void	schedule_sweep(struct schedule *s, int64_t now_ms);

/* Wait for a turn. */
void	schedule_add(struct schedule *s, struct group *g, struct dest *d,
	    struct flow *f);
/*
 * The group whose turn it is; one job of its destination now counts as
 * running, the group waits no more (add it again for its next job).
 * returns  NULL: none may go
 */
struct group *schedule_next(struct schedule *s, enum schedule_class cls);

/*
 * The same for one destination, before its turn: for a worker that is there
 * already.  How many in a row is the caller's to bound.
 */
struct group *schedule_next_of(struct schedule *s, struct dest *d);

/* Who waits first for it, or NULL. */
struct group *schedule_first_of(const struct dest *d);
/*
 * That one goes along with a job that has just started: counts as another job
 * that runs, whatever the window.
 */
struct group *schedule_along(struct schedule *s, struct dest *d);

enum schedule_outcome {
	SCHEDULE_WELL,		/* the site answered */
	SCHEDULE_NEUTRAL,	/* says nothing about the site */
	SCHEDULE_DOWN		/* nobody there */
};
/* The end of a job. */
void	schedule_end(struct schedule *s, struct dest *d,
	    enum schedule_outcome how, int64_t now_ms);
/* Is it in back-off?  Then nothing should be added. */
bool	schedule_down(const struct dest *d, int64_t now_ms);
/* Take a group out of a destination that is down; NULL: none is left. */
struct group *schedule_drain(struct schedule *s, struct dest *d);
/* The group waits no more; nothing if it does not. */
void	schedule_remove(struct schedule *s, struct group *g);
/* each() may drain them. */
void	schedule_each(struct schedule *s, void (*each)(struct dest *d,
	    void *ctx), void *ctx);
/* No destination is in back-off any more. */
void	schedule_revive(struct schedule *s);

#endif
