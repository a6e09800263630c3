/*
 * paquebot_queue - look at waiting mail and change its fate: orders to qmgr,
 * which alone may look into the queue while it runs.  Here options become the
 * words of queue/select.h; qmgr checks them again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "queue/select.h"
#include "tools/paquebot.h"
#include "tools/paquebot_spelling.h"

#define WORDS_MAX	(1 * KIB)	/* of one request */

enum takes { TAKES_ID, TAKES_SELECTOR, TAKES_FLAGS, TAKES_WHAT };

static const struct {
	const char *word, *verb;
	enum takes  takes;
} orders[] = {
	{ "list", "queue-list", TAKES_SELECTOR },
	{ "show", "queue-show", TAKES_ID },
	{ "hold", "queue-hold", TAKES_SELECTOR },
	{ "release", "queue-release", TAKES_SELECTOR },
	{ "requeue", "queue-requeue", TAKES_SELECTOR },
	{ "drop", "queue-drop", TAKES_SELECTOR },
	{ "flush", "queue-flush", TAKES_SELECTOR },
	{ "pause", "queue-pause", TAKES_WHAT },
	{ "resume", "queue-resume", TAKES_WHAT },
	{ "stats", "queue-stats", TAKES_FLAGS },
	{ "fsck", "queue-fsck", TAKES_FLAGS },
};

static const struct {
	const char *option, *key;
} values[] = {
	{ "--sender", "sender" }, { "--recipient", "rcpt" },
	{ "--domain", "rcpt" }, { "--account", "account" },
	{ "--older", "older" }, { "--newer", "newer" },
	{ "--larger", "larger" }, { "--smaller", "smaller" },
	{ "--error", "error" }, { "--state", "state" },
};

static const struct {
	const char *option, *word;
} flags[] = {
	{ "--json", "json" }, { "--dry-run", "dry-run" }, { "--all", "all" },
};

/* "@" in front of a domain makes it any address there. */
static int
put_value(struct buf *words, size_t which, const char *value)
{
	bool reason = strcmp(values[which].option, "--error") == 0;
	struct spelling room;
	struct buf text;
	int rc;

	buf_init(&text, QUEUE_SELECT_MAX);
	if (strcmp(values[which].option, "--domain") == 0)
		(void)!buf_add_char(&text, '@');	/* judged by full */
	(void)!buf_add_str(&text, reason ? value : spelling(value, &room));
	rc = text.full ? -1 : queue_select_put(words, values[which].key,
	    buf_span(&text));
	buf_fini(&text);
	return rc;
}

static int
put_word(struct buf *words, const char *word)
{
	if (words->n > 0)
		(void)!buf_add_char(words, ' ');	/* judged by full */
	return buf_add_str(words, word);
}

/* How many arguments were used up; 0: none of ours, or too long. */
static int
put_option(struct buf *words, int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (strcmp(argv[0], flags[i].option) == 0)
			return put_word(words, flags[i].word) == 0 ? 1 : 0;
	for (size_t i = 0; i < COUNT(values) && argc > 1; i++)
		if (strcmp(argv[0], values[i].option) == 0)
			return put_value(words, i, argv[1]) == 0 ? 2 : 0;
	return 0;
}

static int
send_words(const struct tool *t, const char *verb, const struct buf *words)
{
	char *all = words->p;

	if (words->full) {
		(void)fprintf(stderr, "paquebot: arguments are too long\n");
		return EXIT_USAGE;
	}
	return tool_control(t, verb, &all, words->n > 0 ? 1 : 0);
}

/* One request for each id, all with the same options. */
static int
send_ids(const struct tool *t, const char *verb, struct buf *words,
    char **ids, int n)
{
	size_t options = words->n;
	int rc = EXIT_SUCCESS, one;

	for (int i = 0; i < n; i++) {
		buf_cut(words, options);
		one = queue_select_put(words, "id", span_str(ids[i])) == 0 ?
		    send_words(t, verb, words) : tool_usage(&queue_command);
		if (one != EXIT_SUCCESS)
			rc = one;
	}
	return n > 0 ? rc : send_words(t, verb, words);
}

/* Options and ids in any order; the ids are moved to the front of argv. */
static int
with_selector(const struct tool *t, const char *verb, int argc, char **argv)
{
	int rc, used = 1, ids = 0;
	struct buf words;

	buf_init(&words, WORDS_MAX);
	for (int i = 0; i < argc; i += used) {
		used = 1;
		if (argv[i][0] != '-')
			argv[ids++] = argv[i];
		else
			used = put_option(&words, argc - i, argv + i);
		if (used == 0)
			break;
	}
	if (used == 0)
		rc = tool_usage(&queue_command);
	else
		rc = send_ids(t, verb, &words, argv, ids);
	buf_fini(&words);
	return rc;
}

/* pause and resume: one thing, or (pause) nothing: a list. */
static int
with_what(const struct tool *t, const char *verb, int argc, char **argv)
{
	static const char *const things[] = { "--destination", "--transport",
		"--account" };
	struct spelling room;
	struct buf words;
	int rc = -1;

	buf_init(&words, WORDS_MAX);
	for (size_t i = 0; i < COUNT(things) && argc == 2; i++)
		if (strcmp(argv[0], things[i]) == 0 &&
		    buf_addf(&words, "%s=%s", things[i] + 2,
		    spelling(argv[1], &room)) == 0)
			rc = 0;
	if (rc == 0 || argc == 0)
		rc = send_words(t, verb, &words);
	else
		rc = tool_usage(&queue_command);
	buf_fini(&words);
	return rc;
}

static int
run_queue(const struct tool *t, int argc, char **argv)
{
	size_t i = 0;

	while (i < COUNT(orders) &&
	    (argc < 2 || strcmp(orders[i].word, argv[1]) != 0))
		i++;
	if (i == COUNT(orders))
		return tool_usage(&queue_command);
	argc -= 2;
	argv += 2;
	switch (orders[i].takes) {
	case TAKES_ID:
		if (argc == 1)
			return tool_control(t, orders[i].verb, argv, 1);
		break;
	case TAKES_SELECTOR:
		return with_selector(t, orders[i].verb, argc, argv);
	case TAKES_WHAT:
		return with_what(t, orders[i].verb, argc, argv);
	case TAKES_FLAGS:
		if (argc == 0 || (argc == 1 && strcmp(argv[0], "--json") == 0))
			return with_selector(t, orders[i].verb, argc, argv);
		break;
		break;
	}
	return tool_usage(&queue_command);
}

const struct subcommand queue_command = { "queue",
	"list | show id | hold | release | requeue | drop | flush | pause | "
	"resume | stats | fsck",
	"look at waiting mail, and decide about it", run_queue };
