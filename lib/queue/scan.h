/*
 * scan - the names in the queue, at start and for lists.  Reads no file.
 */
#ifndef QUEUE_SCAN_H
#define QUEUE_SCAN_H

#include "queue/entry.h"

/*
 * Calls each() for every message in that state.
 * next_s   DEFERRED: the time of the next attempt (the file's mtime, seconds
 *	    since 1970); 0 for the others
 * foreign  set to how many names are no id or no regular file: left alone
 * returns  0, or -1: a directory cannot be read
 */
int	queue_scan(const struct queue *q, enum queue_state s,
	    void (*each)(const char *id, int64_t next_s, void *ctx),
	    void *ctx, size_t *foreign) must_use;
/* The same for one directory of that state: index of queue->dirs. */
int	queue_scan_dir(const struct queue *q, enum queue_state s, size_t dir,
	    void (*each)(const char *id, int64_t next_s, void *ctx),
	    void *ctx, size_t *foreign) must_use;

#endif
