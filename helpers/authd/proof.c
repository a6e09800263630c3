/*
 * proof.c - a pool of workers, each a child with one socket and a filter that
 * leaves it reading and writing.  One question is with a worker at a time; the
 * rest waits here.  A worker that dies, or is killed because a question takes
 * too long, loses it (PROOF_UNKNOWN) and is replaced; one that cannot be
 * replaced at once is tried again every second.
 *
 * A stored clear password is compared here, in constant time.  When it does
 * not fit, and for an unknown user, a worker does the same as for others.
 */
#include "helpers/authd/proof.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "helpers/authd/apps.h"
#include "helpers/authd/judge.h"
#include "helpers/authd/network.h"
#include "helpers/authd/turns.h"
#include "os/clock.h"
#include "os/confine.h"
#include "os/fd.h"
#include "trust/scram.h"

/* hash NUL keys NUL password NUL */
#define QUESTION_MAX	(PROOF_HASH_MAX + SCRAM_TEXT_MAX + SECRET_MAX + 3)

struct question {
	struct turn turn;	/* first: a turn is its question */
	char   text[QUESTION_MAX];
	size_t text_n;
	void (*done)(enum proof_result, const char *, void *);
	void  *ctx;
};

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
	struct turns	  *waiting;
};

/* --------------------------------------------------------------- a worker */

void
proof_prepare(void)
{
	judge_prepare();
}

/* Three strings, the last at the end of text. */
static bool
judge(const char *text, size_t n)
{
	const char *part[3] = { text, NULL, NULL };

	for (size_t i = 1; i < COUNT(part); i++) {
		part[i] = part[i - 1] + strlen(part[i - 1]) + 1;
		if (part[i] >= text + n)
			return false;
	}
	return judge_fits(&(struct judge_case){ .hash = part[0],
	    .keys = part[1], .password = part[2] }, NULL);
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
		if (service_took_log(n, &extra))
			continue;
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
	q->done(result, "", q->ctx);
	wipe(q->text, sizeof(q->text));
	free(q);
}

static struct question *
next_question(struct proof *p)
{
	return (struct question *)(void *)turns_next(p->waiting);
}

static void
feed(struct worker *w)
{
	struct proof *p = w->pool;
	struct question *q;

	if (w->busy != NULL || w->fd < 0 || (q = next_question(p)) == NULL)
		return;
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
	struct question *q;

	while ((q = next_question(p)) != NULL)
		finish(q, PROOF_UNKNOWN);
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

void
proof_pass_log(const struct proof *p)
{
	for (size_t i = 0; i < PROOF_WORKERS; i++)
		if (p->workers[i].fd >= 0)
			service_pass_log(p->workers[i].fd);
}

struct proof *
proof_new(struct event_base *base, const uint8_t seed[16])
{
	const struct timeval every = { .tv_sec = 1 };
	struct proof *p = xcalloc(1, sizeof(*p));

	p->base = base;
	p->waiting = turns_new(seed, PROOF_QUEUE_MAX, PROOF_NETWORK_MAX);
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
	turns_free(&(*p)->waiting);
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

/* ---------------------------------------------------------------- asking */

static void
add_string(struct question *q, struct span s)
{
	if (s.n > 0)
		memcpy(q->text + q->text_n, s.p, s.n);
	q->text_n += s.n;
	q->text[q->text_n++] = '\0';
}

/* What a worker is to compare with: SPAN_NONE, nothing fits. */
struct stored {
	struct span hash, keys;
	const char *scheme;	/* of keys */
};

/* Keys count only where no hash says what the password is. */
static void
stored_of(const struct account *a, struct stored *out)
{
	enum hash_scheme scheme;

	*out = (struct stored){ .hash = SPAN_NONE, .scheme = "" };
	if (a == NULL)
		return;
	scheme = account_hash(a->hash, &out->hash);
	if (scheme != HASH_CRYPT)
		out->hash = SPAN_NONE;
	if (scheme != HASH_SCRAM && a->hash.n > 0)
		return;
	out->keys = account_scram(a, "sha-256");
	out->scheme = "{SCRAM-SHA-256}";
	if (out->keys.n == 0) {
		out->keys = account_scram(a, "sha-1");
		out->scheme = out->keys.n > 0 ? "{SCRAM-SHA-1}" : "";
	}
}

static bool
clear_fits(const struct proof_try *try)
{
	struct span clear;

	/* "{PLAIN}" with nothing behind it is a line that was left unfinished,
	   not leave for everybody. */
	return try->account != NULL && account_hash(try->account->hash,
	    &clear) == HASH_PLAIN && clear.n > 0 &&
	    secret_eq(clear, try->password);
}

/* NULs would end strings early for crypt(3). */
static bool
askable(const struct stored *s, struct span password)
{
	return s->hash.n < PROOF_HASH_MAX && !span_has(s->hash, '\0') &&
	    s->keys.n + strlen(s->scheme) <= SCRAM_TEXT_MAX &&
	    !span_has(s->keys, '\0') && password.n <= SECRET_MAX &&
	    !span_has(password, '\0');
}

void
proof_ask(struct proof *p, const struct proof_try *try,
    void (*done)(enum proof_result result, const char *app, void *ctx),
    void *ctx)
{
	char app[ACCOUNT_APP_NAME_MAX + 1];
	struct network from;
	struct stored stored;
	struct question *q;

	if (apps_fit(try->account, try->password, try->service,
	    clock_wall_s(), app) || clear_fits(try)) {
		done(PROOF_HOLDS, app, ctx);
		return;
	}
	stored_of(try->account, &stored);
	if (!askable(&stored, try->password)) {
		done(PROOF_FAILS, "", ctx);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	add_string(q, stored.hash);
	add_string(q, span_str(stored.scheme));
	q->text_n--;			/* one string with what follows */
	add_string(q, stored.keys);
	add_string(q, try->password);
	q->done = done;
	q->ctx = ctx;
	network_of(try->client, &from);
	if (turns_add(p->waiting, &q->turn, span_str(from.text),
	    try->known) != 0)
		finish(q, PROOF_UNKNOWN);
	else
		feed_all(p);
}
