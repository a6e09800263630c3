/*
 * cmd_data - DATA (RFC 5321 4.1.1.4) and BDAT (RFC 3030 2).
 * The octets of a chunk come behind the command without waiting for a reply:
 * whatever is wrong with the command, they are read first, or they would be
 * taken for commands.  Where not even their number is known the connection
 * ends.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "smtpd/command.h"
#include "smtpd/receive.h"
#include "smtpd/reply.h"

void
cmd_data(struct session *s, const struct verb_cmd *cmd)
{
	struct intake in;
	struct why why;

	(void)cmd;
	if (s->env.binary) {	/* RFC 3030 3 */
		say(s, SAY_BINARY_DATA);
		return;
	}
	if (receive_begin(s, &in, &why) != 0) {
		say_why(s, receive_failure_code(&why), &why);
		session_reset(s);
		return;
	}
	say(s, SAY_DATA_GO);
	if (receive_ended(s, intake_read(&in)))
		receive_judge(s, &in, true);
	intake_fini(&in);
	if (s->state != ST_END)
		session_reset(s);
}

/* Read a chunk that nobody wants.  false: the session is at its end. */
static bool
skip_chunk(struct session *s, uint64_t octets)
{
	struct dot_in d;
	struct span chunk;
	enum dot_result r;

	dot_in_init(&d, &s->net, 0, LIMIT_DROP_OCTETS);
	dot_in_chunk(&d, octets);
	stream_pace(&s->net, session_patience_ms(s, LIMIT_DATA_WINDOW_MS),
	    LIMIT_DATA_OCTETS_S);
	while ((r = dot_read(&d, &chunk)) == DOT_CHUNK)
		;
	return receive_ended(s, r);
}

static void
first_chunk(struct session *s, const struct verb_cmd *cmd)
{
	struct intake *in = xmalloc(sizeof(*in));
	struct why why;

	if (receive_begin(s, in, &why) == 0) {
		s->chunks = in;
		session_enter(s, ST_CHUNK);
		return;
	}
	free(in);
	if (skip_chunk(s, cmd->chunk)) {
		say_why(s, receive_failure_code(&why), &why);
		session_reset(s);
	}
}

/* A chunk that brings next to nothing is a command like others. */
static void
count_chunk(struct session *s, const struct verb_cmd *cmd)
{
	if (cmd->chunk < LIMIT_CHUNK_OCTETS)
		s->count.commands++;
}

void
cmd_bdat(struct session *s, const struct verb_cmd *cmd)
{
	count_chunk(s, cmd);
	if (s->state == ST_RCPT)
		first_chunk(s, cmd);
	if (s->state != ST_CHUNK || !receive_ended(s,
	    intake_read_chunk(s->chunks, cmd->chunk, cmd->last)))
		return;
	/* With what is lost no more chunks need be sent: it is judged now. */
	if (cmd->last || intake_is_lost(s->chunks)) {
		receive_judge(s, s->chunks, cmd->last);
		session_reset(s);
	} else {
		say(s, SAY_CHUNK_OK);
	}
}

void
cmd_bdat_refused(struct session *s, const struct verb_cmd *cmd, bool parsed,
    enum say what)
{
	count_chunk(s, cmd);
	if (!parsed)
		session_bye(s, SAY_BDAT_BAD);
	else if (skip_chunk(s, cmd->chunk))
		say(s, what);
}
