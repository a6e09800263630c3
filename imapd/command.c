/*
 * command - see command.h.
 * A command's name is one word, or two where the first is UID.  It is looked
 * up in the one table, its state is checked, its arguments are parsed whole,
 * and only then its handler runs.  The handler says what the tagged answer is;
 * changes of the folder are told before that is sent, as far as the protocol
 * allows for this command.
 */
#include "imapd/command.h"

#include "imapd/limits.h"
#include "imapd/reply.h"
#include "imapd/sync.h"

#define AUTH	STATE_AUTHENTICATED
#define SEL	STATE_SELECTED
#define BOTH	(AUTH | SEL)

static const struct command commands[] = {
	/* RFC 3501 6.1; RFC 2971; RFC 5161 */
	{ "CAPABILITY", BOTH, parse_nothing, cmd_capability, 0, SYNC_ALL },
	{ "NOOP", BOTH, parse_nothing, cmd_noop, 0, SYNC_ALL },
	{ "LOGOUT", BOTH, parse_nothing, cmd_logout, 0, SYNC_NONE },
	{ "ID", BOTH, parse_id, cmd_id, 0, SYNC_ALL },
	{ "ENABLE", BOTH, parse_atoms, cmd_enable, 0, SYNC_ALL },
	/* RFC 3501 6.3; RFC 2342; RFC 2177 */
	{ "SELECT", BOTH, parse_select, cmd_select, 0, SYNC_NONE },
	{ "EXAMINE", BOTH, parse_select, cmd_examine, 0, SYNC_NONE },
	{ "CREATE", BOTH, parse_create, cmd_create, 0, SYNC_ALL },
	{ "DELETE", BOTH, parse_mailbox, cmd_delete, 0, SYNC_ALL },
	{ "RENAME", BOTH, parse_rename, cmd_rename, 0, SYNC_ALL },
	{ "SUBSCRIBE", BOTH, parse_mailbox, cmd_subscribe, 0, SYNC_ALL },
	{ "UNSUBSCRIBE", BOTH, parse_mailbox, cmd_unsubscribe, 0, SYNC_ALL },
	{ "LIST", BOTH, parse_list, cmd_list, 0, SYNC_ALL },
	{ "LSUB", BOTH, parse_lsub, cmd_lsub, 0, SYNC_ALL },
	{ "STATUS", BOTH, parse_status, cmd_status, 0, SYNC_ALL },
	{ "GETQUOTA", BOTH, parse_mailbox, cmd_getquota, 0, SYNC_ALL },
	{ "GETQUOTAROOT", BOTH, parse_mailbox, cmd_getquotaroot, 0, SYNC_ALL },
	{ "APPEND", BOTH, parse_append, cmd_append, 0, SYNC_ALL },
	{ "NAMESPACE", BOTH, parse_nothing, cmd_namespace, 0, SYNC_ALL },
	{ "IDLE", BOTH, parse_nothing, cmd_idle, 0, SYNC_ALL },
	/* RFC 3501 6.4; RFC 3691; RFC 4315; RFC 5256 3; RFC 6851; RFC 8508 3 */
	{ "CHECK", SEL, parse_nothing, cmd_check, 0, SYNC_ALL },
	{ "CLOSE", SEL, parse_nothing, cmd_close, 0, SYNC_NONE },
	{ "UNSELECT", SEL, parse_nothing, cmd_unselect, 0, SYNC_NONE },
	{ "EXPUNGE", SEL, parse_nothing, cmd_expunge, 0, SYNC_ALL },
	{ "SEARCH", SEL, parse_search, cmd_search, 0, SYNC_KEEP },
	{ "SORT", SEL, parse_sort, cmd_sort, 0, SYNC_KEEP },
	{ "THREAD", SEL, parse_thread, cmd_thread, 0, SYNC_KEEP },
	{ "FETCH", SEL, parse_fetch, cmd_fetch, 0, SYNC_KEEP },
	{ "STORE", SEL, parse_store, cmd_store, 0, SYNC_KEEP },
	{ "COPY", SEL, parse_copy, cmd_copy, 0, SYNC_ALL },
	{ "MOVE", SEL, parse_copy, cmd_move, 0, SYNC_ALL },
	{ "REPLACE", SEL, parse_replace, cmd_append, 0, SYNC_ALL },
	{ "UID SEARCH", SEL, parse_search, cmd_search, 1, SYNC_ALL },
	{ "UID SORT", SEL, parse_sort, cmd_sort, 1, SYNC_ALL },
	{ "UID THREAD", SEL, parse_thread, cmd_thread, 1, SYNC_ALL },
	{ "UID FETCH", SEL, parse_fetch, cmd_fetch, 1, SYNC_ALL },
	{ "UID STORE", SEL, parse_store, cmd_store, 1, SYNC_ALL },
	{ "UID COPY", SEL, parse_copy, cmd_copy, 1, SYNC_ALL },
	{ "UID MOVE", SEL, parse_copy, cmd_move, 1, SYNC_ALL },
	{ "UID REPLACE", SEL, parse_replace, cmd_append, 1, SYNC_ALL },
	{ "UID EXPUNGE", SEL, parse_set, cmd_uid_expunge, 1, SYNC_ALL },
};

/* The name at the cursor, which is moved behind it, or NULL. */
static const struct command *
take_name(struct cur *c)
{
	const char *from = c->p;
	struct span name = cur_while(c, ascii_isalpha);

	if (span_ieq_str(name, "UID") && cur_take(c, ' ')) {
		(void)cur_while(c, ascii_isalpha);
		name = cur_since(c, from);
	}
	for (size_t i = 0; i < COUNT(commands); i++)
		if (span_ieq_str(name, commands[i].name))
			return &commands[i];
	return NULL;
}

/* true: the arguments are there and the command may run. */
static bool
may_run(struct session *s, struct cur *c, union args *a)
{
	s->command = take_name(c);
	if (s->command == NULL)
		reply_bad(s, "Unknown command");
	else if ((s->command->states & s->state) == 0)
		reply_bad(s, "No mailbox is selected");
	else if (!s->command->parse(c, s->mem, a))
		reply_bad(s, "Invalid arguments");
	else
		return true;
	return false;
}

static void
finish(struct session *s)
{
	if (s->state == STATE_SELECTED && s->command != NULL &&
	    s->command->sync != SYNC_NONE && !s->told)
		sync_tell(s, s->command->sync == SYNC_ALL);
	if (s->answer.n > 0)	/* none: the client has gone meanwhile */
		reply_send(s);
	s->command = NULL;
	if (s->bad >= IMAP_BAD_MAX && s->state != STATE_LOGOUT)
		reply_bye(s, "Too many invalid commands");
}

/* The tag of the command, as far as there is one; the cursor moves behind it. */
static bool
take_tag(struct session *s, struct cur *c)
{
	s->command = NULL;
	s->told = false;
	progress_start(s);
	buf_clear(&s->answer);
	cur_init(c, buf_span(&s->in.text), 0, 0);
	if (lexer_tag(c, &s->tag) && lexer_sp(c))
		return true;
	s->tag = SPAN_NONE;
	return false;
}

void
command_refuse(struct session *s, const char *why)
{
	struct cur c;

	(void)take_tag(s, &c);	/* else the answer has none */
	reply_bad(s, why);
	finish(s);
}

void
command_run(struct session *s, bool at_message)
{
	struct cur c;
	union args a = { .one = { SPAN_NONE } };

	if (!take_tag(s, &c))
		reply_bad(s, "No tag");
	else if (may_run(s, &c, &a)) {
		s->command->run(s, &a);
		finish(s);
		return;
	}
	/* The message of an APPEND that is refused may be on its way. */
	if (at_message && !input_drop_message(&s->in))
		session_enter(s, STATE_LOGOUT);
	finish(s);
}
