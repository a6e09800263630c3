/*
 * command.c - finds the verb, checks its arguments, calls its handler.  Before log-in
 * the front (front.c) has a table of its own.
 */
#include "pop3d/command.h"

#include "base/num.h"
#include "pop3d/limits.h"
#include "pop3d/reply.h"
#include "pop3d/session.h"

enum args_kind { ARGS_NONE, ARGS_TEXT, ARGS_MAYBE_MSG, ARGS_MSG, ARGS_MSG_LINES };

static const struct command {
	const char    *verb;
	enum args_kind args;
	void (*run)(struct session *, const struct args *);
} commands[] = {
	{ "STAT", ARGS_NONE,      cmd_stat },	/* RFC 1939 5 */
	{ "LIST", ARGS_MAYBE_MSG, cmd_list },	/* RFC 1939 5 */
	{ "RETR", ARGS_MSG,       cmd_retr },	/* RFC 1939 5 */
	{ "DELE", ARGS_MSG,       cmd_dele },	/* RFC 1939 5 */
	{ "NOOP", ARGS_NONE,      cmd_noop },	/* RFC 1939 5 */
	{ "RSET", ARGS_NONE,      cmd_rset },	/* RFC 1939 5 */
	{ "QUIT", ARGS_NONE,      cmd_quit },	/* RFC 1939 6 */
	{ "TOP",  ARGS_MSG_LINES, cmd_top },	/* RFC 1939 7 */
	{ "UIDL", ARGS_MAYBE_MSG, cmd_uidl },	/* RFC 1939 7 */
	{ "LANG", ARGS_TEXT,      cmd_lang },	/* RFC 6856 3 */
	{ "CAPA", ARGS_NONE,      cmd_capa },	/* RFC 2449 5 */
};

static bool
args_parse(enum args_kind kind, struct span text, struct args *a)
{
	struct span whole = text;
	struct span first = span_word(&text), second = span_word(&text);

	*a = (struct args){ .has_number = first.n > 0, .text = whole };
	if (kind == ARGS_TEXT)
		return true;
	if (span_word(&text).n > 0)
		return false;
	if (first.n > 0 && (kind == ARGS_NONE ||
	    num_parse(first, 0, UINT32_MAX, &a->number) != 0))
		return false;
	if (kind == ARGS_MSG_LINES)
		return num_parse(second, 0, TOP_LINES_MAX, &a->lines) == 0;
	return second.n == 0 && (kind != ARGS_MSG || a->has_number);
}

void
command_run(struct session *s, struct span line)
{
	struct span rest = line, verb = span_word(&rest);
	struct args a;

	for (size_t i = 0; i < COUNT(commands); i++) {
		if (!span_ieq_str(verb, commands[i].verb))
			continue;
		if (!args_parse(commands[i].args, rest, &a)) {
			s->errors++;
			reply_err(s, "bad arguments for %s",
			    commands[i].verb);
			return;
		}
		commands[i].run(s, &a);
		return;
	}
	s->errors++;
	reply_err(s, "unknown command");
}
