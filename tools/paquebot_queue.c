/*
 * paquebot_queue - list, show, flush: orders to qmgr, which alone may look into
 * the queue while it runs.
 */
#include <string.h>

#include "tools/paquebot.h"

static const struct {
	const char *word, *verb;
	int	    words;	/* behind it */
} orders[] = {
	{ "list", "queue-list", 0 },
	{ "show", "queue-show", 1 },
	{ "flush", "queue-flush", 0 },
};

static int
run_queue(const struct tool *t, int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT(orders); i++)
		if (strcmp(orders[i].word, argv[1]) == 0 &&
		    argc == 2 + orders[i].words)
			return tool_control(t, orders[i].verb, argv + 2,
			    (size_t)orders[i].words);
	return tool_usage(&queue_command);
}

const struct subcommand queue_command = { "queue", "list | show id | flush",
	"look at waiting mail; try all of it now", run_queue };
