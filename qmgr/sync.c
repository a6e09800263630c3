/*
 * sync - see sync.h.
 * The helper is a fork of the confined qmgr with the narrower filter, a
 * channel and the top of the queue; it opens the directories itself.  One
 * order is with it at a time: all directory syncs that wait go as one, and
 * take turns with single files.
 *
 * A sync that failed says nothing about the next one on the same descriptor,
 * so the helper ends after it; a new one opens the directories afresh.  When it
 * ends, for whatever reason, all that wait are told no: their sessions answer
 * 4.3.0.
 */
#include "qmgr/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"

#define RESTART_MS	1000	/* between two helpers at least */
#define ORDER_OCTETS	8	/* a bit for each directory, or 0: the file */

_Static_assert(QUEUE_DIRS <= 64, "one bit each");

struct want {
	TAILQ_ENTRY(want) next;
	int	   fd;		/* -1: incoming */
	sync_done *done;
	void	  *arg;
};
TAILQ_HEAD(wants, want);

struct sync {
	struct event_base *base;
	const struct queue *q;
	struct wants  dirs, files, sent, unable;
	uint64_t      moved;	/* directories, as bits */
	bool	      file_next;	/* whose turn it is */
	int	      chan;
	pid_t	      pid;
	int64_t	      started_ms;
	struct event *answer, *turn;
};

/* ------------------------------------------------------------ the helper */

static int
sync_dir_bit(int top, int *dir, size_t i)
{
	char path[16];

	if (*dir < 0) {
		queue_dir_path(i, path);
		*dir = fs_open_dir(top, path);
	}
	return *dir < 0 ? -1 : fs_dirsync(*dir);
}

/* Incoming is bit 0: the others first, see sync_moved(). */
static int
sync_dirs(int top, int dirs[QUEUE_DIRS], uint64_t bits)
{
	for (size_t i = QUEUE_DIRS; i-- > 0;)
		if ((bits >> i & 1) != 0 &&
		    sync_dir_bit(top, &dirs[i], i) != 0)
			return -1;
	return 0;
}

_Noreturn static void
helper(int chan, int top)
{
	const int keep[] = { chan, top };
	int dirs[QUEUE_DIRS], fd, rc, error;
	ssize_t n;
	uint8_t order[ORDER_OCTETS], ok;
	uint64_t bits;
	struct why why;

	service_after_fork(keep, COUNT(keep));
	spawn_die_with_parent();
	if (confine_narrow(SANDBOX_FILES, &why) != 0)
		die(EXIT_OSERR, "sync helper: %s", why.text);
	for (size_t i = 0; i < QUEUE_DIRS; i++)
		dirs[i] = -1;
	while ((n = fd_recv(chan, order, sizeof(order), &fd)) > 0) {
		if (service_took_log(n, &fd))
			continue;
		if (n != (ssize_t)sizeof(order))
			break;
		bits = 0;
		for (size_t i = 0; i < sizeof(order); i++)
			bits = bits << 8 | order[i];
		rc = fd >= 0 ? fs_datasync(fd) : sync_dirs(top, dirs, bits);
		error = errno;
		fd_close(&fd);
		ok = rc == 0;
		if (!ok)
			log_error(LF_STR("event", "sync-failed"),
			    LF_STR("why", strerror(error)));
		if (fd_send(chan, &ok, 1, -1) != 0 || !ok)
			break;
	}
	_exit(EXIT_SUCCESS);
}

/* ------------------------------------------------------------- this side */

static void	on_answer(evutil_socket_t fd, short what, void *arg);
static void	on_turn(evutil_socket_t fd, short what, void *arg);

static void
start(struct sync *s)
{
	int pair[2];

	s->started_ms = clock_mono_ms();
	if (fd_pair(pair) != 0)
		return;		/* the next turn tries again */
	s->pid = spawn_fork();
	if (s->pid == 0) {
		fd_close(&pair[0]);
		helper(pair[1], s->q->top);
	}
	if (s->pid < 0) {
		log_error(LF_STR("event", "no-sync-helper"),
		    LF_STR("why", strerror(errno)));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return;
	}
	fd_close(&pair[1]);
	s->chan = pair[0];
	s->answer = event_new(s->base, s->chan, EV_READ | EV_PERSIST,
	    on_answer, s);
	if (s->answer == NULL || event_add(s->answer, NULL) != 0)
		die(EXIT_OSERR, "event_new failed");
}

void
sync_pass_log(const struct sync *s)
{
	if (s->chan >= 0)
		service_pass_log(s->chan);
}

struct sync *
sync_new(struct event_base *base, const struct queue *q)
{
	struct sync *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->q = q;
	s->chan = -1;
	TAILQ_INIT(&s->dirs);
	TAILQ_INIT(&s->files);
	TAILQ_INIT(&s->sent);
	TAILQ_INIT(&s->unable);
	s->turn = event_new(base, -1, 0, on_turn, s);
	if (s->turn == NULL)
		die(EXIT_OSERR, "event_new failed");
	start(s);
	return s;
}

static void
finish(struct wants *list, bool ok)
{
	struct wants mine = TAILQ_HEAD_INITIALIZER(mine);
	struct want *w;

	/* What done() asks for anew is not among them. */
	TAILQ_CONCAT(&mine, list, next);
	while ((w = TAILQ_FIRST(&mine)) != NULL) {
		TAILQ_REMOVE(&mine, w, next);
		fd_close(&w->fd);
		if (w->done != NULL)
			w->done(ok, w->arg);
		free(w);
	}
}

static void
wake(struct sync *s)
{
	event_active(s->turn, EV_TIMEOUT, 1);
}

static void
helper_gone(struct sync *s)
{
	struct wants all = TAILQ_HEAD_INITIALIZER(all);

	event_free(s->answer);
	s->answer = NULL;
	fd_close(&s->chan);
	TAILQ_CONCAT(&all, &s->sent, next);
	TAILQ_CONCAT(&all, &s->dirs, next);
	TAILQ_CONCAT(&all, &s->files, next);
	finish(&all, false);
	wake(s);
}

/* Hand over the next order: every directory sync that waits, or one file. */
static void
send_next(struct sync *s)
{
	uint64_t bits = 0;
	uint8_t order[ORDER_OCTETS];
	struct want *file = TAILQ_FIRST(&s->files);

	if (file != NULL && (s->file_next || TAILQ_EMPTY(&s->dirs))) {
		TAILQ_REMOVE(&s->files, file, next);
		TAILQ_INSERT_TAIL(&s->sent, file, next);
	} else if (!TAILQ_EMPTY(&s->dirs)) {
		file = NULL;
		TAILQ_CONCAT(&s->sent, &s->dirs, next);
		bits = s->moved | 1;
		s->moved = 0;
	} else
		return;
	s->file_next = file == NULL;
	for (size_t i = 0; i < sizeof(order); i++)
		order[i] = (uint8_t)(bits >> (56 - 8 * i));
	if (fd_send(s->chan, order, sizeof(order),
	    file != NULL ? file->fd : -1) != 0)
		helper_gone(s);
}

static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;
	uint8_t ok = 0;
	int none;

	(void)what;
	if (fd_recv(fd, &ok, 1, &none) != 1) {
		fd_close(&none);
		helper_gone(s);
		return;
	}
	fd_close(&none);
	finish(&s->sent, ok == 1);
	if (TAILQ_EMPTY(&s->sent) && s->chan >= 0)
		send_next(s);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct timeval later = { .tv_usec = 100000 };
	struct sync *s = arg;

	(void)fd;
	(void)what;
	finish(&s->unable, false);
	if (s->chan < 0 && clock_mono_ms() - s->started_ms >= RESTART_MS)
		start(s);
	if (s->chan < 0)
		(void)event_add(s->turn, &later);	/* an ask wakes it too */
	else if (TAILQ_EMPTY(&s->sent))
		send_next(s);
}

static void
want_add(struct sync *s, struct wants *list, int fd, sync_done *done,
    void *arg)
{
	struct want *w = xcalloc(1, sizeof(*w));

	w->fd = fd;
	w->done = done;
	w->arg = arg;
	TAILQ_INSERT_TAIL(list, w, next);
	if (TAILQ_EMPTY(&s->sent) || list == &s->unable)
		wake(s);
}

void
sync_incoming(struct sync *s, sync_done *done, void *arg)
{
	want_add(s, &s->dirs, -1, done, arg);
}

void
sync_file(struct sync *s, int fd, sync_done *done, void *arg)
{
	int mine = fd_dup(fd);

	/* Without a descriptor to spare: no, in its turn. */
	want_add(s, mine < 0 ? &s->unable : &s->files, mine, done, arg);
}

void
sync_moved(struct sync *s, size_t dir)
{
	s->moved |= UINT64_C(1) << dir;
}

void
sync_child(struct sync *s, const struct spawn_end *end)
{
	if (end->pid != s->pid)
		return;
	log_warn(LF_STR("event", "sync-helper-ended"),
	    LF_INT("code", end->code), LF_INT("signal", end->signal));
	s->pid = 0;
}
