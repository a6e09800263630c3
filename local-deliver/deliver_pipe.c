/*
 * deliver_pipe.c - see deliver_pipe.h.
 * Straight execve(2) of configured words; nothing from the network is ever a
 * word of the command, and no shell sees any of it.  The program's output is
 * read while the message is written, so that neither waits for the other.
 * When the program has ended, or its time is over, everything that it left
 * running in its session is killed.
 */
#include "local-deliver/deliver_pipe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "local-deliver/body.h"
#include "local-deliver/deliver_maildir.h"
#include "local-deliver/outcome.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/spawn.h"

#define KILLED_MS	5000		/* after SIGKILL it must be gone */

bool
pipe_command_parse(struct pipe_command *out, struct span setting,
    struct span name)
{
	struct span key = span_cut(&setting, '='), word;
	size_t n = 0, at = 0;

	memset(out, 0, sizeof(*out));
	if (setting.p == NULL || !span_eq(key, name) || name.n == 0)
		return false;
	while ((word = span_word(&setting)).n > 0) {
		if (n == PIPE_WORDS_MAX ||
		    word.n + 1 > sizeof(out->text) - at ||
		    span_has(word, '\0'))
			return false;
		memcpy(out->text + at, word.p, word.n);
		out->argv[n++] = out->text + at;
		at += word.n + 1;
	}
	return n > 0 && out->argv[0][0] == '/';
}

void
pipe_tame(char *out, size_t out_size, struct span in)
{
	size_t n = 0;

	for (; n < in.n && n + 1 < out_size; n++) {
		char c = in.p[n];
		bool plain = ascii_isalnum(c) || c == '@' || c == '.' ||
		    c == '_' || c == '+' || c == '=' || (c == '-' && n > 0);

		out[n] = plain ? c : '_';
	}
	out[n] = '\0';
}

/* What the program knows of the message besides its text. */
struct env {
	char  text[6][400];
	char *v[7];
};

static void
env_put(struct env *e, size_t i, const char *name, struct span value)
{
	char tame[LOOKUP_ADDRESS_MAX + 1];

	pipe_tame(tame, sizeof(tame), value);
	(void)snprintf(e->text[i], sizeof(e->text[i]), "%s=%s", name, tame);
	e->v[i] = e->text[i];		/* fits: see pipe_tame() */
}

static void
env_make(struct env *e, const struct job_in *j, const struct job_rcpt *rcpt)
{
	struct span to = span_str(rcpt->address);
	size_t at = span_rchr(to, '@');

	memset(e, 0, sizeof(*e));
	(void)snprintf(e->text[0], sizeof(e->text[0]), "PATH=/usr/bin:/bin");
	e->v[0] = e->text[0];
	env_put(e, 1, "SENDER", span_str(j->head.sender));
	env_put(e, 2, "RECIPIENT", to);
	env_put(e, 3, "LOCAL", span_head(to, at));
	env_put(e, 4, "DOMAIN", span_from(to, at + 1));
	env_put(e, 5, "EXTENSION", span_str(rcpt->detail));
}

struct run {
	const struct job_in *j;
	pid_t	    pid;
	int	    in, out;	/* to and from the program; -1: closed */
	uint64_t    at;		/* of the message, read so far */
	struct buf  ready;	/* to be written next, LF line ends */
	bool	    cr;		/* a CR that waits for what follows */
	struct buf  output;
	struct why  why;
};

/* CRLF becomes LF; a CR alone stays. */
static void
make_ready(struct run *r, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {	/* all within ready's cap */
		if (r->cr && p[i] != '\n')
			(void)buf_add_char(&r->ready, '\r');
		r->cr = p[i] == '\r';
		if (!r->cr)
			(void)buf_add_char(&r->ready, p[i]);
	}
	if (r->at == r->j->head.size_octets && r->cr) {
		(void)buf_add_char(&r->ready, '\r');
		r->cr = false;
	}
}

static int
refill(struct run *r)
{
	char text[READ_STEP];
	uint64_t left = r->j->head.size_octets - r->at;
	size_t n = left < sizeof(text) ? (size_t)left : sizeof(text);

	if (body_read(r->j, r->at, text, n, &r->why) != 0)
		return -1;
	r->at += n;
	make_ready(r, text, n);
	return 0;
}

/*
 * Write what the program takes now.
 * returns  0; -1: the message cannot be read
 */
static int
feed(struct run *r)
{
	ssize_t done;

	if (r->ready.n == 0 && r->at < r->j->head.size_octets &&
	    refill(r) != 0)
		return -1;
	if (r->ready.n > 0) {
		done = fd_write(r->in, r->ready.p, r->ready.n);
		if (done < 0 && errno == EAGAIN)
			return 0;
		if (done < 0) {		/* it does not want any more of it */
			fd_close(&r->in);
			return 0;
		}
		buf_drop(&r->ready, (size_t)done);
	}
	if (r->ready.n == 0 && r->at == r->j->head.size_octets)
		fd_close(&r->in);
	return 0;
}

static void
listen_to(struct run *r)
{
	char text[1024];
	ssize_t got = fd_read(r->out, text, sizeof(text));

	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			fd_close(&r->out);
		return;
	}
	/* What passes the cap is dropped. */
	(void)buf_add(&r->output, text, r->output.cap - r->output.n <
	    (size_t)got ? r->output.cap - r->output.n : (size_t)got);
}

/* Until it ends or its time is over. */
static int
attend(struct run *r, struct spawn_end *end)
{
	int64_t deadline = clock_deadline(PIPE_MS), step;
	int can;

	for (;;) {
		step = clock_deadline(PIPE_STEP_MS);
		can = fd_wait_in_out(r->out, r->in, step);
		if (can > 0 && (can & 1) != 0 && r->out >= 0)
			listen_to(r);
		if (can > 0 && (can & 2) != 0 && r->in >= 0 && feed(r) != 0)
			return -1;
		if ((can == 0 || (r->in < 0 && r->out < 0)) &&
		    spawn_wait(r->pid, r->in < 0 && r->out < 0 ? step : 0,
		    end) == 0) {
			while (r->out >= 0 &&
			    fd_wait(r->out, FD_READ, 0) == 1)
				listen_to(r);
			return 0;
		}
		if (clock_mono_ms() >= deadline) {
			why_set(&r->why, WHY_TEMP, "4.3.0",
			    "the program did not end in time");
			return -1;
		}
	}
}

static void
finish(struct run *r, struct spawn_end *end, bool ended)
{
	/* What it started may live on without it. */
	(void)spawn_kill_group(r->pid, SIGKILL);
	if (!ended && spawn_wait(r->pid, clock_deadline(KILLED_MS), end) != 0)
		end->signal = SIGKILL;	/* stuck in the kernel */
	fd_close(&r->in);
	fd_close(&r->out);
}

static int
start(struct run *r, const struct pipe_command *cmd,
    const struct job_rcpt *rcpt)
{
	int to[2] = { -1, -1 }, from[2] = { -1, -1 };
	struct env env;
	struct spawn_how how = { .cwd = "/", .env = env.v };

	env_make(&env, r->j, rcpt);
	r->pid = -1;
	if (fd_pipe(to) == 0 && fd_pipe(from) == 0 &&
	    fd_nonblock(to[1], true) == 0 && fd_nonblock(from[0], true) == 0)
		r->pid = spawn_with(cmd->argv[0], cmd->argv,
		    (const int[]){ to[0], from[1], from[1] }, 3, &how);
	if (r->pid < 0)
		why_sys(&r->why, WHY_TEMP, "4.3.5", "cannot start %s",
		    cmd->argv[0]);
	fd_close(&to[0]);
	fd_close(&from[1]);
	r->in = to[1];
	r->out = from[0];
	return r->pid < 0 ? -1 : 0;
}

void
deliver_pipe(const struct pipe_command *cmd, const struct job_in *j,
    const struct job_rcpt *rcpt, struct result *out)
{
	struct run r = { .j = j, .in = -1, .out = -1 };
	struct spawn_end end = { .code = -1 };
	struct buf added;
	bool ended = false;

	buf_init(&r.ready, READ_STEP + ADDED_MAX);
	buf_init(&r.output, PIPE_OUTPUT_MAX);
	buf_init(&added, ADDED_MAX);
	why_set(&r.why, WHY_TEMP, "4.3.0", "addresses are too long");
	if (deliver_check_loop(j, rcpt, &r.why) != 0 ||
	    body_added(&added, j, rcpt) != 0 || start(&r, cmd, rcpt) != 0) {
		outcome_from_why(out, &r.why);
	} else {
		make_ready(&r, added.p, added.n);
		ended = attend(&r, &end) == 0;
		finish(&r, &end, ended);
		if (ended)
			outcome_from_exit(out, end.code, end.signal,
			    buf_span(&r.output));
		else
			outcome_from_why(out, &r.why);
	}
	fd_close(&r.in);
	fd_close(&r.out);
	buf_fini(&added);
	buf_fini(&r.output);
	buf_fini(&r.ready);
}
