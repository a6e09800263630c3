/*
 * waiting - messages that are only an id, a directory and a time: deferred
 * ones, those found at start, and those beyond the bound of memory.
 */
#ifndef QMGR_WAITING_H
#define QMGR_WAITING_H

#include "qmgr/qmgr.h"
#include "queue/states.h"

struct waiting;

struct waiting *waiting_new(const uint8_t seed[16]);

/*
 * next_s: seconds since 1970; brought back if too far away (retry.h).  One
 * that waits already gets the new place and time.
 */
void	waiting_add(struct qmgr *q, const char *id, enum queue_state place,
	    int64_t next_s);
struct waiting_item;
/* It waits no more; false: it did not.  out may be NULL. */
bool	waiting_take(struct waiting *w, const char *id,
	    struct waiting_item *out);
bool	waiting_has(const struct waiting *w, const char *id);
/* It waits because of a pause; nothing happens if it does not wait. */
void	waiting_mark_paused(struct waiting *w, const char *id);
/* All of these are due now. */
void	waiting_resume(struct qmgr *q);
size_t	waiting_count(const struct waiting *w);
/* Load those that are due, as long as there is room in memory. */
void	waiting_turn(struct qmgr *q);
/* Once a second.  A clock that was set moves nothing out of reach. */
void	waiting_tick(struct qmgr *q);
/* All are due now. */
void	waiting_flush(struct qmgr *q);
/* Nothing is loaded before that time (clock_mono_ms). */
void	waiting_hold_until(struct qmgr *q, int64_t mono_ms);

/*
 * A copy of what waits, in no order, for a list.
 * returns  how many of the first `most` are in out; *all: how many there are
 */
struct waiting_item {
	char	id[ID_SIZE];
	enum queue_state place;
	int64_t	next_s;
};
size_t	waiting_copy(const struct waiting *w, struct waiting_item *out,
	    size_t most, size_t *all);

#endif
