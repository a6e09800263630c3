/*
 * proof.c - a pool of crypt(3) workers, each a child with one socket and a
 * filter that leaves it reading and writing.  One question is with a worker
 * at a time; the rest waits here.  A worker that dies, or is killed because a
 * question takes too long, loses it (PROOF_UNKNOWN) and is replaced; one that
 * cannot be replaced at once is tried again every second.
 *
 * A stored clear password is compared here, in constant time.  When it does
 * not fit, and for an unknown user, one crypt of the kind that `paquebot user`
 * makes is done all the same.
 */
#include "helpers/authd/proof.h"

#include <crypt.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "map/account.h"
#include "os/clock.h"
#include "os/confine.h"
#include "os/fd.h"

/* hash NUL password NUL */
#define QUESTION_MAX	(PROOF_HASH_MAX + SECRET_MAX + 2)

struct question {
	STAILQ_ENTRY(question) next;
	char   text[QUESTION_MAX];
	size_t text_n;
	void (*done)(enum proof_result, void *);
	void  *ctx;
};
STAILQ_HEAD(questions, question);

struct worker {
	struct proof	*pool;
	pid_t		 pid;
	int		 fd;
	struct event	*readable;
	struct question *busy;
	int64_t		 busy_since_ms;
};

struct proof {
	struct event_base *base;
	struct event	  *look;	/* after the workers, every second */
	struct worker	   workers[PROOF_WORKERS];
	struct questions   waiting;
	size_t		   nwaiting;
	char		   nobody[128];	/* a hash that no password fits */
};

/* --------------------------------------------------------------- a worker */

static bool
judge(const char *text, size_t n)
{
	static struct crypt_data data;
	const char *hash = text, *password, *made;
	bool fits;

	/* Both ends are there: text holds two NULs, the last at its end. */
	password = hash + strlen(hash) + 1;
	if (password >= text + n)
		return false;
	made = crypt_r(password, hash, &data);
	fits = made != NULL && made[0] != '*' &&
	    secret_eq(span_str(made), span_str(hash));
	wipe(&data, sizeof(data));
	return fits;
}

_Noreturn static void
work(int fd)
{
	char text[QUESTION_MAX], answer;
	struct why why;
	ssize_t n;
	int extra;

	service_after_fork(&fd, 1);
	if (confine_narrow(SANDBOX_STDIO, &why) != 0)
		die(EXIT_OSERR, "%s", why.text);
	for (;;) {
		n = fd_recv(fd, text, sizeof(text), &extra);
		fd_close(&extra);
		if (n < 2 || text[n - 1] != '\0')
			_Exit(0);
		answer = judge(text, (size_t)n) ? 'y' : 'n';
		wipe(text, sizeof(text));
		if (fd_send(fd, &answer, 1, -1) != 0)
			_Exit(0);
	}
}

/* ---------------------------------------------------------------- the pool */

static void
finish(struct question *q, enum proof_result result)
{
	q->done(result, q->ctx);
	wipe(q->text, sizeof(q->text));
	free(q);
}

static void
feed(struct worker *w)
{
	struct proof *p = w->pool;
	struct question *q = STAILQ_FIRST(&p->waiting);

	if (w->busy != NULL || w->fd < 0 || q == NULL)
		return;
	STAILQ_REMOVE_HEAD(&p->waiting, next);
	p->nwaiting--;
	w->busy = q;
	w->busy_since_ms = clock_mono_ms();
	if (fd_send(w->fd, q->text, q->text_n, -1) != 0) {
		w->busy = NULL;
		finish(q, PROOF_UNKNOWN);
	}
}

/* It is dead, or as good as: its channel is of no more use. */
static void
lose(struct worker *w)
{
	struct question *q = w->busy;

	w->busy = NULL;
	if (w->readable != NULL)
		event_free(w->readable);
	w->readable = NULL;
	fd_close(&w->fd);
	if (q != NULL)
		finish(q, PROOF_UNKNOWN);
}

static void
on_answer(evutil_socket_t fd, short what, void *ctx)
{
	struct worker *w = ctx;
	struct question *q = w->busy;
	char answer = 0;
	int extra;
	ssize_t n = fd_recv(fd, &answer, 1, &extra);

	(void)what;
	fd_close(&extra);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n != 1 || q == NULL) {	/* proof_child_ended follows */
		lose(w);
		return;
	}
	w->busy = NULL;
	finish(q, answer == 'y' ? PROOF_HOLDS : PROOF_FAILS);
	feed(w);
}

static void
start(struct worker *w)
{
	int pair[2] = { -1, -1 };

	w->fd = -1;
	w->pid = -1;
	if (fd_pair(pair) != 0 || fd_nonblock(pair[0], true) != 0) {
		log_error(LF_STR("event", "no-password-worker"),
		    LF_STR("why", strerror(errno)));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return;
	}
	w->pid = spawn_fork();
	if (w->pid == 0)
		work(pair[1]);
	if (w->pid < 0) {
		log_error(LF_STR("event", "no-password-worker"),
		    LF_STR("why", strerror(errno)));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return;
	}
	fd_close(&pair[1]);
	w->fd = pair[0];
	w->readable = event_new(w->pool->base, w->fd, EV_READ | EV_PERSIST,
	    on_answer, w);
	if (w->readable == NULL || event_add(w->readable, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a password worker");
}

/* Nobody can tell now. */
static void
give_up(struct proof *p)
{
	while (!STAILQ_EMPTY(&p->waiting)) {
		struct question *q = STAILQ_FIRST(&p->waiting);

		STAILQ_REMOVE_HEAD(&p->waiting, next);
		p->nwaiting--;
		finish(q, PROOF_UNKNOWN);
	}
}

/* Those that could not be started are tried again; with none, nobody waits. */
static void
feed_all(struct proof *p)
{
	size_t alive = 0;

	for (size_t i = 0; i < PROOF_WORKERS; i++) {
		struct worker *w = &p->workers[i];

		if (w->pid < 0)
			start(w);
		alive += w->pid >= 0;
		feed(w);
	}
	if (alive == 0)
		give_up(p);
}

static void
on_look(evutil_socket_t fd, short what, void *ctx)
{
	struct proof *p = ctx;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < PROOF_WORKERS; i++) {
		struct worker *w = &p->workers[i];

		if (w->busy == NULL || clock_mono_ms() - w->busy_since_ms <=
		    PROOF_MAX_MS)
			continue;
		log_error(LF_STR("event", "password-hash-too-slow"));
		lose(w);
		(void)spawn_kill(w->pid, SIGKILL);	/* its end follows */
	}
	feed_all(p);
}

struct proof *
proof_new(struct event_base *base)
{
	const struct timeval every = { .tv_sec = 1 };
	struct proof *p = xcalloc(1, sizeof(*p));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = xcalloc(1, sizeof(*data));

	p->base = base;
	STAILQ_INIT(&p->waiting);
	if (crypt_gensalt_rn(NULL, 0, NULL, 0, setting,
	    sizeof(setting)) == NULL || span_copy(span_str(crypt_r(
	    "nobody's", setting, data)), p->nobody, sizeof(p->nobody)) != 0)
		die(EXIT_OSERR, "crypt does not work");
	free(data);
	/* One octet off: a password that fits is not to be found. */
	p->nobody[strlen(p->nobody) - 1] ^= 1;
	for (size_t i = 0; i < PROOF_WORKERS; i++) {
		p->workers[i].pool = p;
		start(&p->workers[i]);
	}
	p->look = event_new(base, -1, EV_PERSIST, on_look, p);
	if (p->look == NULL || evtimer_add(p->look, &every) != 0)
		die(EXIT_OSERR, "no timer");
	return p;
}

void
proof_free(struct proof **p)
{
	if (*p == NULL)
		return;
	event_free((*p)->look);
	for (size_t i = 0; i < PROOF_WORKERS; i++)
		lose(&(*p)->workers[i]);
	give_up(*p);
	free(*p);
	*p = NULL;
}

void
proof_child_ended(struct proof *p, const struct spawn_end *end)
{
	for (size_t i = 0; i < PROOF_WORKERS; i++) {
		struct worker *w = &p->workers[i];

		if (w->pid != end->pid)
			continue;
		log_warn(LF_STR("event", "password-worker-ended"),
		    LF_INT("signal", end->signal));
		/* Its last answer may still be there. */
		if (w->readable != NULL && w->busy != NULL)
			on_answer(w->fd, EV_READ, w);
		lose(w);
		start(w);
		feed(w);
	}
}

void
proof_ask(struct proof *p, struct span field, struct span password,
    void (*done)(enum proof_result result, void *ctx), void *ctx)
{
	struct span hash = SPAN_NONE;
	enum hash_scheme scheme = account_hash(field, &hash);
	struct question *q;

	if (scheme == HASH_PLAIN && secret_eq(hash, password)) {
		done(PROOF_HOLDS, ctx);
		return;
	}
	if (scheme != HASH_CRYPT)
		hash = span_str(p->nobody);
	/* A NUL would end the password early for crypt(3). */
	if (hash.n >= PROOF_HASH_MAX || password.n > SECRET_MAX ||
	    span_has(password, '\0') || span_has(hash, '\0')) {
		done(PROOF_FAILS, ctx);
		return;
	}
	if (p->nwaiting >= PROOF_QUEUE_MAX) {
		done(PROOF_UNKNOWN, ctx);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	memcpy(q->text, hash.p, hash.n);
	if (password.n > 0)
		memcpy(q->text + hash.n + 1, password.p, password.n);
	q->text_n = hash.n + 1 + password.n + 1;
	q->done = done;
	q->ctx = ctx;
	STAILQ_INSERT_TAIL(&p->waiting, q, next);
	p->nwaiting++;
	feed_all(p);
}
