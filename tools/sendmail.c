/*
 * sendmail - hands in mail of local programs; also mailq and newaliases.
 * runs as   its caller, with no other right: not set-uid, not set-gid
 * reads     a message from standard input; the configuration file, where its
 *	     caller may
 * writes    SMTP to smtpd's local socket, which learns from the kernel who is
 *	     calling
 * never     writes a queue file; makes a shell of anything; says 0 to a message
 *	     that is not on stable storage
 * flow      sendmail_options.c -> sendmail_message.c (sendmail_input.c reads,
 *	     sendmail_header.c completes, sendmail_submit.c speaks SMTP) ->
 *	     exit code of sysexits(3)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "conf/keys.h"
#include "conf/load.h"
#include "conf/view.h"
#include "ipc/control.h"
#include "os/fd.h"
#include "os/sink.h"
#include "os/sock.h"
#include "os/spawn.h"
#include "tools/sendmail_message.h"
#include "tools/sendmail_options.h"
#include "tools/sendmail_submit.h"

/*
 * The path of a socket.  Ordinary users often may not read the configuration:
 * then it is where it is unless somebody moved it.
 * returns  0, or -1: the file that was asked for by name is of no use
 */
static int
socket_path(const struct sendmail_options *o, const char *name, char *out,
    size_t out_size)
{
	const char *file = o->config != NULL ? o->config :
	    SYSCONFDIR "/paquebot.conf";
	const char *dir = conf_key_find("run_dir")->def;
	struct conf_view *view;
	struct buf errors;
	int rc = 0;

	buf_init(&errors, 64 * KIB);
	view = conf_load(file, &errors);
	if (view != NULL) {
		dir = conf_str(view, "run_dir");
	} else if (o->config != NULL) {
		(void)fprintf(stderr, "%s", buf_cstr(&errors));
		rc = -1;
	}
	(void)snprintf(out, out_size, "%s/%s", dir, name);
	buf_fini(&errors);
	conf_view_free(&view);
	return rc;
}

/* --------------------------------------------------- other programs' jobs */

static pid_t
start_paquebot(const char *self, char *const *argv)
{
	static const int fds[] = { 0, 1, 2 };
	const char *slash = strrchr(self, '/');
	char beside[512];
	pid_t pid = -1;

	/* Where this program was called by a path its sister is next to it. */
	if (slash != NULL) {
		(void)snprintf(beside, sizeof(beside), "%.*s/paquebot",
		    (int)(slash - self), self);
		pid = spawn(beside, argv, fds, COUNT(fds));
	}
	if (pid < 0)
		pid = spawn(SBINDIR "/paquebot", argv, fds, COUNT(fds));
	return pid;
}

/* Another word for a subcommand of paquebot(8). */
static int
run_paquebot(const struct sendmail_options *o, const char *self,
    const char *const *words)
{
	const char *argv[8] = { "paquebot" };
	struct spawn_end end;
	size_t n = 1;
	pid_t pid;

	if (o->config != NULL) {
		argv[n++] = "-c";
		argv[n++] = o->config;
	}
	while (*words != NULL)
		argv[n++] = *words++;
	/* exec(3) changes no word, whatever its prototype says. */
	pid = start_paquebot(self, (char *const *)(uintptr_t)argv);
	if (pid < 0)
		return sendmail_complain(EXIT_UNAVAILABLE,
		    SBINDIR "/paquebot cannot be run");
	if (spawn_wait(pid, INT64_MAX, &end) != 0 || end.code < 0)
		return sendmail_complain(EXIT_SOFTWARE, "paquebot was stopped");
	return end.code;
}

/* --------------------------------------------------- mailq of other users */

/* Only who is kept out is none: all other troubles paquebot(8) tells better. */
static bool
is_operator(const struct sendmail_options *o)
{
	char path[128];
	int fd;

	if (socket_path(o, CONTROL_NAME, path, sizeof(path)) != 0)
		return true;
	fd = sock_connect_local(path);
	if (fd < 0)
		return errno != EACCES;
	fd_close(&fd);
	return true;
}

static int
show_mine(const struct sendmail_options *o)
{
	struct submit s;
	char path[128];
	int rc = 0;

	if (socket_path(o, "submit", path, sizeof(path)) != 0)
		return EXIT_CONFIG;
	if (submit_open(&s, path) != 0 || submit_mailq(&s) != 0)
		rc = sendmail_complain(s.code, s.why);
	submit_close(&s);
	return rc;
}

/* ------------------------------------------------------------ -bs: a pipe */

struct pipe {
	int  from, to;
	bool open;
};

/* Move what is there.  false: something is at its end or broken. */
static bool
move(struct pipe *p)
{
	char octets[16 * KIB];
	ssize_t n = fd_read(p->from, octets, sizeof(octets));

	if (n > 0 && fd_write_all(p->to, octets, (size_t)n) == 0)
		return true;
	p->open = false;
	return false;
}

/*
 * Both ways until the server has ended.  Its end comes after ours was told
 * (or QUIT was said), so no reply is lost.
 */
static int
speak_smtp(const char *path)
{
	int fd = sock_connect_local(path);
	struct pipe out = { 0, fd, true }, in = { fd, 1, true };
	int64_t never = INT64_MAX;
	int ready;

	if (fd < 0)
		return sendmail_complain(EXIT_TEMPFAIL,
		    "the mail service is not running");
	while (in.open) {
		if (out.open)
			ready = fd_wait_two(fd, 0, never);
		else
			ready = fd_wait(fd, FD_READ, never) > 0 ? 1 : -1;
		if (ready < 0)
			break;
		if ((ready & 1) != 0)
			(void)move(&in);
		if ((ready & 2) != 0 && !move(&out))
			sock_end_output(fd);
	}
	fd_close(&fd);
	return 0;
}

int
main(int argc, char **argv)
{
	static const char *const mailq[] = { "queue", "list", NULL };
	static const char *const flush[] = { "queue", "flush", NULL };
	static const char *const aliases[] = { "map", "aliases", NULL };
	struct sendmail_options o;
	const char *bad = "";
	char path[128];

	sink_stderr("sendmail");
	fd_no_sigpipe();
	if (argc < 1)
		return EXIT_USAGE;
	if (sendmail_options_parse(argc, argv, &o, &bad) != 0) {
		(void)fprintf(stderr, "sendmail: %s: not supported\n", bad);
		return EXIT_USAGE;
	}
	switch (o.mode) {
	case SENDMAIL_MAILQ:
		return is_operator(&o) ? run_paquebot(&o, argv[0], mailq) :
		    show_mine(&o);
	case SENDMAIL_FLUSH:
		return run_paquebot(&o, argv[0], flush);
	case SENDMAIL_ALIASES:
		return run_paquebot(&o, argv[0], aliases);
	case SENDMAIL_SMTP:
	case SENDMAIL_SUBMIT:
		break;
	}
	if (socket_path(&o, "submit", path, sizeof(path)) != 0)
		return EXIT_CONFIG;
	return o.mode == SENDMAIL_SMTP ? speak_smtp(path) :
	    sendmail_message(&o, path);
}
