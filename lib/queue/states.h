/*
 * states - the state of a queued message is the directory in which its file
 * stands.  There is no other record of it.
 *
 *	directory	what the file holds		who may find it there
 *	incoming	first line blank: a session	its session, by descriptor
 *			still writes it
 *	incoming	complete: fresh, being		qmgr
 *			delivered for the first time
 *	deferred/X	complete; waits for the time	qmgr
 *			in its mtime, or is being tried
 *			again; X: last character of the id
 *	hold		complete; parked by the		qmgr, operator
 *			operator
 *	corrupt		not understood			operator
 *
 * Edges: (none) -> incoming; incoming -> deferred, hold, corrupt, (none);
 * deferred -> hold, corrupt, (none); hold -> deferred, corrupt, (none).
 * A message that is tried again stays in deferred: an attempt renames nothing.
 */
#ifndef QUEUE_STATES_H
#define QUEUE_STATES_H

#include "base/base.h"

enum queue_state {
	QUEUE_INCOMING,
	QUEUE_DEFERRED,
	QUEUE_HOLD,
	QUEUE_CORRUPT,
	QUEUE_NONE		/* no file (any more) */
};

/* "incoming", "deferred", "hold", "corrupt", "none" */
const char *queue_state_name(enum queue_state s);
/* Is this one of the edges above? */
bool	queue_state_edge(enum queue_state from, enum queue_state to);

#endif
