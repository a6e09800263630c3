/*
 * paquebot_ctl - start, stop, reload, status, check: the suite as a whole.
 * start becomes master, so that whoever supervises the command supervises
 * the suite; the others send one request to run_dir/control.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "conf/keys.h"
#include "conf/load.h"
#include "ipc/control.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/path.h"
#include "os/sock.h"
#include "os/spawn.h"
#include "tools/paquebot.h"
#include "tools/paquebot_check.h"

#define ERRORS_MAX	(256 * KIB)
#define WRAP		78
#define ANSWER_MS	60000	/* between two pieces of an answer */

struct conf_view *
tool_conf(const struct tool *t)
{
	struct conf_view *v;
	struct buf errors;

	buf_init(&errors, ERRORS_MAX);
	v = conf_load(t->conf_path, &errors);
	if (v == NULL) {
		(void)fputs(buf_cstr(&errors), stderr);
		exit(EXIT_CONFIG);
	}
	buf_fini(&errors);
	return v;
}

/* ---------------------------------------------------------------- control */

static int
connect_control(const struct tool *t)
{
	struct conf_view *v = tool_conf(t);
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" CONTROL_NAME,
	    conf_str(v, "run_dir"));
	conf_view_free(&v);
	fd = sock_connect_local(path);
	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		(void)fprintf(stderr, "paquebot: %s: not allowed\n", path);
	else
		(void)fprintf(stderr, "paquebot: does not run (%s: %s)\n",
		    path, strerror(errno));
	return -1;
}

static bool
begins(const char *piece, size_t n, const char *mark)
{
	return n >= strlen(mark) && memcmp(piece, mark, strlen(mark)) == 0;
}

/*
 * To standard output, or what begins with CONTROL_ERROR or _WARNING to standard
 * error.
 */
static int
copy_answer(int fd)
{
	const size_t mark = strlen(CONTROL_WARNING);
	char piece[8192];
	size_t n = 0;
	ssize_t got;
	bool first = true;
	int rc = EXIT_SUCCESS;

	for (;;) {
		if (fd_wait(fd, FD_READ, clock_deadline(ANSWER_MS)) != 1 ||
		    (got = fd_read(fd, piece + n, sizeof(piece) - n)) < 0) {
			(void)fprintf(stderr, "paquebot: no answer\n");
			return EXIT_TEMPFAIL;
		}
		n += (size_t)got;
		if (first && n < mark && got > 0)
			continue;	/* too little to judge */
		if (first && begins(piece, n, CONTROL_ERROR))
			rc = EXIT_FAILURE;
		else if (first && begins(piece, n, CONTROL_WARNING))
			rc = EXIT_DATA;
		first = false;
		if (n > 0 && fd_write_all(rc != EXIT_SUCCESS ? STDERR_FILENO :
		    STDOUT_FILENO, piece, n) != 0)
			return EXIT_IOERR;
		if (got == 0)
			return rc;
		n = 0;
	}
}

/* The answer; or -1 with an exit code in *rc.  args: NULL if too long. */
static int
ask(const struct tool *t, const char *verb, const char *args, int *rc)
{
	uint8_t request[CONTROL_SIZE];
	int fd;

	if (args == NULL || control_format(verb, args, request) != 0) {
		(void)fprintf(stderr, "paquebot: arguments are too long\n");
		*rc = EXIT_USAGE;
		return -1;
	}
	fd = connect_control(t);
	*rc = EXIT_UNAVAILABLE;
	if (fd < 0 || fd_write_all(fd, request, sizeof(request)) == 0)
		return fd;
	fd_close(&fd);
	*rc = EXIT_IOERR;
	return -1;
}

int
tool_control(const struct tool *t, const char *verb, char *const words[],
    size_t n)
{
	struct buf args;
	int fd, rc;

	buf_init(&args, CONTROL_SIZE);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(&args, ' ');
		buf_add_str(&args, words[i]);
	}
	fd = ask(t, verb, args.full ? NULL : buf_cstr(&args), &rc);
	buf_fini(&args);
	if (fd >= 0)
		rc = copy_answer(fd);
	fd_close(&fd);
	return rc;
}

int
tool_ask(const struct tool *t, const char *verb, const char *args,
    struct buf *out)
{
	char piece[8192];
	ssize_t got = 1;
	int rc, fd = ask(t, verb, args, &rc);

	while (fd >= 0 && got > 0) {
		got = fd_wait(fd, FD_READ, clock_deadline(ANSWER_MS)) == 1 ?
		    fd_read(fd, piece, sizeof(piece)) : -1;
		if (got > 0 && buf_add(out, piece, (size_t)got) != 0)
			got = -1;
	}
	if (fd < 0)
		return rc;
	fd_close(&fd);
	if (got < 0 || out->n == 0) {
		(void)fprintf(stderr, "paquebot: no answer to %s\n", verb);
		return EXIT_TEMPFAIL;
	}
	if (!begins(out->p, out->n, CONTROL_ERROR))
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "%.*s", SPAN_ARG(buf_span(out)));
	return EXIT_FAILURE;
}

static int
run_stop(const struct tool *t, int argc, char **argv)
{
	(void)argv;
	return argc == 1 ? tool_control(t, "stop", NULL, 0) :
	    tool_usage(&stop_command);
}

static int
run_reload(const struct tool *t, int argc, char **argv)
{
	struct conf_view *v;
	int rc;

	(void)argv;
	if (argc != 1)
		return tool_usage(&reload_command);
	rc = tool_control(t, "reload", NULL, 0);
	if (rc != EXIT_SUCCESS)
		return rc;
	/* qmgr judges these words for itself, and tells the log alone. */
	v = tool_conf(t);
	if (check_templates(v) != 0)
		rc = EXIT_DATA;
	conf_view_free(&v);
	return rc;
}

static int
run_status(const struct tool *t, int argc, char **argv)
{
	(void)argv;
	return argc == 1 ? tool_control(t, "status", NULL, 0) :
	    tool_usage(&status_command);
}

/* ------------------------------------------------------------------ start */

/* Beside this program (a build directory), else where it is installed. */
static int
program_dir(char *dir, size_t size)
{
	struct fs_stat st;
	int fd, rc = -1;

	if (path_self_dir(dir, size) == 0 && (fd = fs_open_top(dir)) >= 0) {
		rc = fs_stat(fd, "master", &st);
		fd_close(&fd);
	}
	return rc == 0 ? 0 : span_copy(span_str(LIBEXECDIR), dir, size);
}

static int
run_start(const struct tool *t, int argc, char **argv)
{
	char dir[512], path[600], conf[512];
	char name[] = "master", c[] = "-c", l[] = "-L";
	char *args[] = { name, c, conf, l, dir, NULL };

	(void)argv;
	if (argc != 1)
		return tool_usage(&start_command);
	if (program_dir(dir, sizeof(dir)) != 0 ||
	    path_absolute(t->conf_path, conf, sizeof(conf)) != 0) {
		(void)fprintf(stderr, "paquebot: path is too long\n");
		return EXIT_USAGE;
	}
	(void)snprintf(path, sizeof(path), "%s/master", dir);
	if (spawn_replace(path, args) != 0)
		(void)fprintf(stderr, "paquebot: %s: %s\n", path,
		    strerror(errno));
	return EXIT_UNAVAILABLE;
}

/* ------------------------------------------------------------------ check */

static void
print_type(const struct conf_key *k)
{
	static const char *const words[] = {
		[CONF_STR] = "text", [CONF_NUM] = "number",
		[CONF_SIZE] = "size", [CONF_TIME] = "time",
		[CONF_BOOL] = "yes or no", [CONF_LIST] = "list",
		[CONF_CHOICE] = "one of",
	};

	(void)printf("%s", words[k->kind]);
	if (k->kind == CONF_CHOICE)
		(void)printf(" %s", k->choices);
	else if (k->kind == CONF_NUM || k->kind == CONF_SIZE ||
	    k->kind == CONF_TIME)
		(void)printf(" %llu\\(en%llu", (unsigned long long)k->min,
		    (unsigned long long)k->max);
	else if (k->kind == CONF_LIST)
		(void)printf(", at most %llu", (unsigned long long)k->max);
}

/* A backslash would begin a request of the formatter. */
static void
print_word(struct span word)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == '\\')
			(void)fputs("\\e", stdout);
		else
			(void)putchar(word.p[i]);
}

/* In lines of at most WRAP octets where words allow it; a sentence begins one,
   as mdoc asks. */
static void
print_wrapped(const char *text)
{
	struct span rest = span_str(text), word;
	size_t column = 0;

	while ((word = span_word(&rest)).n > 0) {
		if (column > 0 && column + 1 + word.n > WRAP) {
			(void)putchar('\n');
			column = 0;
		} else if (column > 0) {
			(void)putchar(' ');
			column++;
		}
		print_word(word);
		column += word.n;
		if (word.p[word.n - 1] == '.' && rest.n > 0) {
			(void)putchar('\n');
			column = 0;
		}
	}
	(void)putchar('\n');
}

/* The table of settings as mdoc, for paquebot.conf(5). */
static int
print_keys(void)
{
	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *k = &conf_keys[i];

		(void)printf(".It Ic %s Pq ", k->name);
		print_type(k);
		if (k->def == NULL)
			(void)printf("; must be set");
		else if (*k->def != '\0')
			(void)printf("; default %s", k->def);
		(void)putchar('\n');
		print_wrapped(k->sentence);
	}
	return EXIT_SUCCESS;
}

static int
run_check(const struct tool *t, int argc, char **argv)
{
	struct conf_view *v;
	int rc;

	if (argc == 2 && strcmp(argv[1], "--keys") == 0)
		return print_keys();
	if (argc != 1)
		return tool_usage(&check_command);
	v = tool_conf(t);
	check_warnings(v);
	check_maps(v);
	rc = check_templates(v);
	if (check_files(v) != 0)
		rc = -1;
	if (check_keys(v) != 0)
		rc = -1;
	conf_view_free(&v);
	if (rc != 0)
		return EXIT_CONFIG;
	(void)printf("%s: good\n", t->conf_path);
	return EXIT_SUCCESS;
}

const struct subcommand start_command = { "start", "",
	"run the mail server in the foreground", run_start };
const struct subcommand stop_command = { "stop", "",
	"end it, and wait until it has ended", run_stop };
const struct subcommand reload_command = { "reload", "",
	"read the settings again, all or nothing", run_reload };
const struct subcommand status_command = { "status", "",
	"show its daemons", run_status };
const struct subcommand check_command = { "check", "[--keys]",
	"look for mistakes in the settings; or list all settings", run_check };
