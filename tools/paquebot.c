/*
 * paquebot - the one command of the operator.
 * runs as   whoever calls it; root, or the operator group where a control
 *           socket is to be used
 * reads     paquebot.conf; the answers of run_dir/control
 * writes    standard output; files only where a subcommand says so
 * never     runs with more rights than its caller
 * flow      paquebot.c (table) -> paquebot_*.c (one file per family)
 */
#include "tools/paquebot.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "os/sink.h"

static const struct subcommand *const commands[] = {
	&start_command,
	&stop_command,
	&reload_command,
	&status_command,
	&check_command,
	&user_command,
	&map_command,
	&mailbox_command,
	&queue_command,
	&trace_command,
	&explain_command,
};

static int
usage(void)
{
	(void)fprintf(stderr, "usage: paquebot [-c file] command ...\n\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		(void)fprintf(stderr, "  %-8s %-24s %s\n", commands[i]->name,
		    commands[i]->arguments, commands[i]->sentence);
	return EXIT_USAGE;
}

int
tool_usage(const struct subcommand *c)
{
	(void)fprintf(stderr, "usage: paquebot %s %s\n", c->name,
	    c->arguments);
	return EXIT_USAGE;
}

static const struct subcommand *
find(const char *name)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	struct tool t = { .conf_path = SYSCONFDIR "/paquebot.conf" };
	const struct subcommand *c;
	int option;

	sink_stderr("paquebot");
	while ((option = getopt(argc, argv, "+c:")) != -1) {
		if (option != 'c')
			return usage();
		t.conf_path = optarg;
	}
	argc -= optind;
	argv += optind;
	c = argc > 0 ? find(argv[0]) : NULL;
	if (c == NULL)
		return usage();
	/* "paquebot start -c file" says the same. */
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		t.conf_path = argv[2];
		argv[2] = argv[0];
		argc -= 2;
		argv += 2;
	}
	optind = 1;
	return c->run(&t, argc, argv);
}
