/*
 * paquebot_trace - a message's whole life from the log: all lines of the ids
 * that are meant, with those of the connections that they came by, and of the
 * reports that were made about them.
 *
 * The file is read several times: until no further id or connection is
 * learned (an address has many messages, a report has its own id), and once
 * more to print.  So memory holds names only, and the log may be of any size.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/log_read.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"
#include "tools/paquebot.h"
#include "tools/paquebot_spelling.h"

#define NAMES_MAX	10000		/* ids and sessions */
#define LINE_MAX_OCTETS	(16 * KIB)
#define PIECE		(64 * KIB)
#define ROUNDS_MAX	8		/* a report about a report about ... */

struct trace {
	const char  *path;	/* of the log */
	struct span  word;
	bool	     is_id, grew;
	bool	     gone;	/* the id has left the queue */
	struct hash *ids, *sessions;	/* values: themselves */
	struct buf   value;
	size_t	     printed;
};

/* ----------------------------------------------------------- what a line is */

struct line {
	char id[ID_SIZE], session[SESSION_ID_SIZE], as[ID_SIZE];
	bool names;		/* it holds the word in an address field */
	bool removes;		/* the message from the queue */
};

static void
read_line(struct trace *t, struct span text, struct line *out)
{
	static const char *const addresses[] = { "from", "rcpt", "to", "user" };
	struct span key;

	*out = (struct line){ .names = false };
	while (log_pair(&text, &key, &t->value)) {
		struct span v = buf_span(&t->value);

		if (span_eq_str(key, "id"))
			span_copy_cut(v, out->id, sizeof(out->id));
		else if (span_eq_str(key, "as"))
			span_copy_cut(v, out->as, sizeof(out->as));
		else if (span_eq_str(key, "session"))
			span_copy_cut(v, out->session, sizeof(out->session));
		else if (span_eq_str(key, "event"))
			out->removes = span_eq(v, SPAN_LIT("removed"));
		for (size_t i = 0; i < COUNT(addresses); i++)
			if (span_eq_str(key, addresses[i]) &&
			    span_ieq(v, t->word))
				out->names = true;
	}
}

static bool
has(const struct hash *h, const char *name)
{
	return name[0] != '\0' && hash_get(h, span_str(name)) != NULL;
}

static void
add(struct trace *t, struct hash *h, const char *name)
{
	static char there;

	if (name[0] != '\0' && !has(h, name) &&
	    hash_put(h, span_str(name), &there) == 0)
		t->grew = true;
}

static void
learn(struct trace *t, struct span text)
{
	struct line l;

	read_line(t, text, &l);
	if (!t->is_id && l.names)
		add(t, t->ids, l.id);
	if (has(t->ids, l.id)) {
		add(t, t->sessions, l.session);
		add(t, t->ids, l.as);
	}
}

static void
print(struct trace *t, struct span text)
{
	struct line l;

	read_line(t, text, &l);
	/* A connection may carry several messages: not the lines of others. */
	if (l.id[0] != '\0' ? !has(t->ids, l.id) : !has(t->sessions, l.session))
		return;
	(void)printf("%.*s\n", SPAN_ARG(text));
	t->printed++;
	t->gone |= l.removes && span_eq_str(t->word, l.id);
}

/* -------------------------------------------------------------------- files */

static int
open_log(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[512];
	int top, fd;

	if (span_copy(slash == NULL ? SPAN_LIT(".") : slash == path ?
	    SPAN_LIT("/") : span_of(path, (size_t)(slash - path)), dir,
	    sizeof(dir)) != 0)
		return -1;
	top = fs_open_top(dir);
	if (top < 0)
		return -1;
	fd = fs_open_read(top, slash == NULL ? path : slash + 1);
	fd_close(&top);
	return fd;
}

/* Whole lines of b to each(); what has no end yet stays. */
static void
lines_of(struct trace *t, struct buf *b,
    void (*each)(struct trace *t, struct span text))
{
	struct span rest = buf_span(b);
	size_t end;

	while ((end = span_chr(rest, '\n')) < rest.n) {
		each(t, span_head(rest, end));
		rest = span_from(rest, end + 1);
	}
	buf_drop(b, b->n - rest.n);
	if (b->n > LINE_MAX_OCTETS)	/* none of ours is so long */
		buf_clear(b);
}

static int
read_file(struct trace *t, void (*each)(struct trace *t, struct span text))
{
	struct buf b;
	ssize_t n = 1;
	char *room;
	int fd = open_log(t->path);

	if (fd < 0) {
		(void)fprintf(stderr, "paquebot: %s: %s\n", t->path,
		    strerror(errno));
		return EXIT_IOERR;
	}
	buf_init(&b, PIECE + LINE_MAX_OCTETS + 1);
	while (n > 0 && (room = buf_room(&b, PIECE)) != NULL) {
		n = fd_read(fd, room, PIECE);
		if (n > 0)
			buf_grown(&b, (size_t)n);
		lines_of(t, &b, each);
	}
	if (n == 0 && b.n > 0)
		each(t, buf_span(&b));	/* the last one, without its end */
	buf_fini(&b);
	fd_close(&fd);
	return n < 0 ? EXIT_IOERR : EXIT_SUCCESS;
}

static int
trace(const struct tool *tool, struct trace *t)
{
	int rc = EXIT_SUCCESS;
	char id[ID_SIZE];
	char *word = id;

	if (t->is_id && span_copy(t->word, id, sizeof(id)) == 0)
		add(t, t->ids, id);
	t->grew = true;
	for (int i = 0; i < ROUNDS_MAX && t->grew && rc == EXIT_SUCCESS; i++) {
		t->grew = false;
		rc = read_file(t, learn);
	}
	if (rc == EXIT_SUCCESS)
		rc = read_file(t, print);
	if (rc != EXIT_SUCCESS || !t->is_id)
		return rc != EXIT_SUCCESS || t->printed > 0 ? rc :
		    EXIT_FAILURE;
	if (t->gone) {
		(void)printf("-- no longer in the queue\n");
		return EXIT_SUCCESS;
	}
	(void)printf("-- in the queue now:\n");
	(void)fflush(stdout);
	rc = tool_control(tool, "queue-show", &word, 1);
	return t->printed > 0 ? EXIT_SUCCESS : rc;
}

static int
run_trace(const struct tool *tool, int argc, char **argv)
{
	struct trace t = { .path = NULL };
	struct conf_view *v = tool_conf(tool);
	struct spelling room;
	uint8_t seed[16];
	int rc;

	if (argc == 4 && strcmp(argv[1], "--log") == 0) {
		t.path = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (t.path == NULL)
		t.path = conf_str(v, "log");
	if (argc != 2 || argv[1][0] == '-') {
		rc = tool_usage(&trace_command);
	} else if (t.path[0] != '/' && t.path == conf_str(v, "log")) {
		(void)fprintf(stderr, "paquebot: the log is no file (log = "
		    "\"%s\"); use --log\n", t.path);
		rc = EXIT_CONFIG;
	} else {
		rand_octets(seed, sizeof(seed));
		t.word = span_str(spelling(argv[1], &room));
		t.is_id = id_valid(t.word);
		t.ids = hash_new(NAMES_MAX, seed);
		t.sessions = hash_new(NAMES_MAX, seed);
		buf_init(&t.value, LOG_VALUE_MAX);
		rc = trace(tool, &t);
		buf_fini(&t.value);
		hash_free(&t.ids, NULL);
		hash_free(&t.sessions, NULL);
	}
	conf_view_free(&v);
	return rc;
}

const struct subcommand trace_command = { "trace",
	"[--log file] id | address",
	"a message's whole life, from the log and the queue", run_trace };
