/*
 * progress - how far a long command is, told now and then, which also keeps
 * clients from taking the silence for the end of the connection (RFC 9585).
 */
#ifndef IMAPD_PROGRESS_H
#define IMAPD_PROGRESS_H

#include "base/base.h"

struct session;

struct progress {
	int64_t	 next_ms;	/* clock_mono_ms: not before */
	uint64_t goal;		/* 0: nothing is told */
	unsigned ticks;
};

/* A command begins: its time counts from here. */
void	progress_start(struct session *s);
/* So many steps it has, as far as is known now. */
void	progress_goal(struct session *s, uint64_t goal);
/*
 * So many of them are done.  Cheap; tells at most once in progress_ms, and never
 * waits: a client that does not read is told nothing.
 */
void	progress_tick(struct session *s, uint64_t done);
/* The same, as struct folder_change wants it; ctx: the session. */
void	progress_of_change(void *ctx, uint64_t done);

#endif
