/*
 * paquebot_queue - what waits in the queue.  The orders go to qmgr, which
 * alone may read it; master hands over the connection.
 */
#include <string.h>

#include "base/bug.h"
#include "tools/paquebot.h"

static const struct {
	const char *word, *verb;
	int	    arguments;
} orders[] = {
	{ "list", "queue-list", 0 },
	{ "show", "queue-show", 1 },
	{ "flush", "queue-flush", 0 },
};

static int	queue(const struct tool *t, int argc, char **argv);

const struct subcommand queue_command = {
	"queue", "list | show id | flush", "what waits, and trying it now",
	queue
};

static int
queue(const struct tool *t, int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(orders); i++)
		if (argc == 2 + orders[i].arguments &&
		    strcmp(argv[1], orders[i].word) == 0)
			return tool_control(t, orders[i].verb, argv + 2,
			    (size_t)orders[i].arguments);
	return tool_usage(&queue_command);
}
