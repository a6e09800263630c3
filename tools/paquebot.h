/*
 * paquebot - what the files of the operator's command share: the table of
 * subcommands, and the two ways to do something: read the configuration, or
 * ask the running suite.
 */
#ifndef TOOLS_PAQUEBOT_H
#define TOOLS_PAQUEBOT_H

#include "base/base.h"
#include "base/buf.h"
#include "conf/view.h"

struct tool {
	const char *conf_path;	/* -c, or SYSCONFDIR/paquebot.conf */
};

struct subcommand {
	const char *name;
	const char *arguments;	/* for the usage: "list | show id" */
	const char *sentence;
	/* argv[0] is the name; -c is taken out.  The exit code. */
	int (*run)(const struct tool *t, int argc, char **argv);
};

/* Each file of tools/paquebot_*.c has some; the table is in paquebot.c. */
extern const struct subcommand start_command, stop_command, reload_command,
    status_command, check_command, user_command, map_command,
    queue_command, trace_command, mailbox_command, explain_command;

/* The settings; with mistakes they are printed and the process ends. */
struct conf_view *tool_conf(const struct tool *t) must_use;

/*
 * Ask the running suite and copy the answer to standard output.
 * verb   "status", "queue-list"...
 * words  n of them, joined by one space; no control characters
 * returns  an exit code; what went wrong is on standard error
 */
int	tool_control(const struct tool *t, const char *verb,
	    char *const words[], size_t n);

/*
 * The same with the answer in out, which has to have room for all of it.
 * returns  an exit code; what went wrong, also in the words of the suite, is on
 *          standard error
 */
int	tool_ask(const struct tool *t, const char *verb, const char *args,
	    struct buf *out);

/* "usage: paquebot NAME ARGUMENTS" to standard error; EXIT_USAGE. */
int	tool_usage(const struct subcommand *c);

#endif
