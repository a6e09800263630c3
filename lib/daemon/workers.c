/*
 * workers - see workers.h.
 * A worker that could not be forked counts as none, and its channel is closed:
 * qmgr tries its job again.
 */
#include "daemon/workers.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "os/fd.h"

struct waiting {
	STAILQ_ENTRY(waiting) next;
	int  qmgr;			/* the channel of a worker to be */
	alignas(max_align_t) char who[];
};

struct workers {
	const struct workers_ops *ops;
	size_t who_octets, running, nwaiting;
	STAILQ_HEAD(, waiting) waiting;
};

struct workers *
workers_new(const struct workers_ops *ops, size_t who_octets)
{
	struct workers *w = xcalloc(1, sizeof(*w));

	w->ops = ops;
	w->who_octets = who_octets;
	STAILQ_INIT(&w->waiting);
	return w;
}

static void
drop_first(struct workers *w)
{
	struct waiting *first = STAILQ_FIRST(&w->waiting);

	STAILQ_REMOVE_HEAD(&w->waiting, next);
	w->nwaiting--;
	fd_close(&first->qmgr);
	free(first);
}

void
workers_free(struct workers **w)
{
	if (*w == NULL)
		return;
	while ((*w)->nwaiting > 0)
		drop_first(*w);
	free(*w);
	*w = NULL;
}

bool
workers_room(const struct workers *w)
{
	return w->running < w->ops->most();
}

void
workers_count(struct workers *w)
{
	w->running++;
}

size_t
workers_running(const struct workers *w)
{
	return w->running;
}

void
workers_start(struct workers *w)
{
	struct waiting *first;

	while ((first = STAILQ_FIRST(&w->waiting)) != NULL &&
	    workers_room(w) && (w->ops->able == NULL || w->ops->able(first->who))) {
		if (w->ops->start(first->who, first->qmgr))
			w->running++;
		drop_first(w);
	}
}

int
workers_add(struct workers *w, const void *who, int *qmgr)
{
	struct waiting *one;

	if (w->nwaiting >= WORKERS_WAITING_MAX)
		return -1;
	one = xcalloc(1, sizeof(*one) + w->who_octets);
	if (w->who_octets > 0)
		memcpy(one->who, who, w->who_octets);
	one->qmgr = *qmgr;
	*qmgr = -1;
	STAILQ_INSERT_TAIL(&w->waiting, one, next);
	w->nwaiting++;
	workers_start(w);
	return 0;
}

void
workers_ended(struct workers *w)
{
	if (w->running > 0)
		w->running--;
	workers_start(w);
}
