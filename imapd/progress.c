/*
 * progress - see progress.h.
 * The clock is read for one step in 16: a step may be as little as a look at a
 * flag.  The store may hold a lock while it calls, so that nothing here may
 * wait for the client: what is told goes out only where the connection takes
 * it at once, and all that was to be sent before it.
 */
#include "imapd/progress.h"

#include "imapd/reply.h"
#include "imapd/session.h"
#include "os/clock.h"
#include "os/fd.h"

#define STEP	16

void
progress_start(struct session *s)
{
	s->progress = (struct progress){
		.next_ms = clock_deadline(s->how->progress_ms) };
}

void
progress_goal(struct session *s, uint64_t goal)
{
	s->progress.goal = goal;
}

void
progress_tick(struct session *s, uint64_t done)
{
	struct progress *p = &s->progress;

	if (++p->ticks % STEP != 0 || done >= p->goal ||
	    clock_mono_ms() < p->next_ms || !stream_flush_now(&s->net) ||
	    fd_wait(s->net.fd, FD_WRITE, 0) != 1)
		return;
	p->next_ms = clock_deadline(s->how->progress_ms);
	reply_untagged(s, "OK [INPROGRESS (\"%.*s\" %llu %llu)] Still working",
	    SPAN_ARG(s->tag), (unsigned long long)done,
	    (unsigned long long)p->goal);
	session_pace(s);
	/* Who has gone is seen when the answer is sent. */
	(void)!stream_flush_now(&s->net);
}

void
progress_of_change(void *ctx, uint64_t done)
{
	progress_tick(ctx, done);
}
