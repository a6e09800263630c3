/*
 * question.c - the answer is the exit code of the child, so that nothing else
 * can come from it.
 */
#include "helpers/pamd/question.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/service.h"
#include "helpers/pamd/conversation.h"
#include "os/clock.h"

struct question {
	STAILQ_ENTRY(question) next;
	struct pam_req req;
	pid_t	 pid;
	int64_t	 until_ms;
	void   (*done)(enum pam_result, void *);
	void	*ctx;
};

struct questions {
	struct event *look;
	const char   *service;
	STAILQ_HEAD(, question) waiting;
	size_t	      nwaiting;
	struct question *busy[QUESTIONS_AT_ONCE];
};

static void
finish(struct question *q, enum pam_result result)
{
	q->done(result, q->ctx);
	wipe(&q->req, sizeof(q->req));
	free(q);
}

_Noreturn static void
answer(const struct questions *all, const struct question *q)
{
	spawn_die_with_parent();
	service_after_fork(NULL, 0);
	_Exit(conversation_judges(all->service, &q->req));
}

/* false: no child could be made. */
static bool
start(const struct questions *all, struct question *q)
{
	q->pid = spawn_fork();
	if (q->pid == 0)
		answer(all, q);
	q->until_ms = clock_deadline(QUESTIONS_MAX_MS);
	return q->pid > 0;
}

static void
feed(struct questions *all)
{
	for (size_t i = 0; i < QUESTIONS_AT_ONCE; i++) {
		struct question *q = STAILQ_FIRST(&all->waiting);

		if (q == NULL)
			return;
		if (all->busy[i] != NULL)
			continue;
		STAILQ_REMOVE_HEAD(&all->waiting, next);
		all->nwaiting--;
		if (start(all, q))
			all->busy[i] = q;
		else
			finish(q, PAMD_UNKNOWN);
	}
}

static void
on_look(evutil_socket_t fd, short what, void *ctx)
{
	struct questions *all = ctx;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < QUESTIONS_AT_ONCE; i++)
		if (all->busy[i] != NULL &&
		    clock_mono_ms() > all->busy[i]->until_ms) {
			log_error(LF_STR("event", "pam-too-slow"));
			(void)spawn_kill(all->busy[i]->pid, SIGKILL);
			/* its end follows */
			all->busy[i]->until_ms = INT64_MAX;
		}
	feed(all);
}

struct questions *
questions_new(struct event_base *base)
{
	const struct timeval every = { .tv_sec = 1 };
	struct questions *all = xcalloc(1, sizeof(*all));

	STAILQ_INIT(&all->waiting);
	all->look = event_new(base, -1, EV_PERSIST, on_look, all);
	if (all->look == NULL || evtimer_add(all->look, &every) != 0)
		die(EXIT_OSERR, "no timer");
	return all;
}

void
questions_free(struct questions **all)
{
	struct question *q;

	if (*all == NULL)
		return;
	event_free((*all)->look);
	for (size_t i = 0; i < QUESTIONS_AT_ONCE; i++)
		if ((*all)->busy[i] != NULL) {
			(void)spawn_kill((*all)->busy[i]->pid, SIGKILL);
			finish((*all)->busy[i], PAMD_UNKNOWN);
		}
	while ((q = STAILQ_FIRST(&(*all)->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&(*all)->waiting, next);
		finish(q, PAMD_UNKNOWN);
	}
	free(*all);
	*all = NULL;
}

void
questions_service(struct questions *q, const char *service)
{
	q->service = service;
}

void
questions_ask(struct questions *all, const struct pam_req *req,
    void (*done)(enum pam_result result, void *ctx), void *ctx)
{
	struct question *q;

	if (all->nwaiting >= QUESTIONS_WAITING) {
		done(PAMD_UNKNOWN, ctx);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->req = *req;
	q->done = done;
	q->ctx = ctx;
	STAILQ_INSERT_TAIL(&all->waiting, q, next);
	all->nwaiting++;
	feed(all);
}

void
questions_ended(struct questions *all, const struct spawn_end *end)
{
	enum pam_result result = end->code == PAMD_HOLDS ? PAMD_HOLDS :
	    end->code == PAMD_FAILS ? PAMD_FAILS : PAMD_UNKNOWN;

	for (size_t i = 0; i < QUESTIONS_AT_ONCE; i++) {
		struct question *q = all->busy[i];

		if (q == NULL || q->pid != end->pid)
			continue;
		all->busy[i] = NULL;
		if (end->signal != 0)
			log_warn(LF_STR("event", "pam-child-ended"),
			    LF_INT("signal", end->signal));
		finish(q, result);
	}
	feed(all);
}
