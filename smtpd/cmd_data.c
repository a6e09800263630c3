/*
 * cmd_data - DATA: from the accepted recipients to the answer that makes the
 * message ours.  RFC 5321 4.1.1.4; one reply per recipient in LMTP.
 */
#include "base/log.h"
#include "smtpd/command.h"
#include "smtpd/intake.h"
#include "smtpd/reply.h"

static unsigned
failure_code(const struct why *why)
{
	if (why->kind == WHY_PERM)
		return 554;
	/* RFC 5321 4.2.3: 452 is for storage, 451 for other local trouble. */
	return span_eq_str(span_str(why->esc), "4.3.1") ? 452 : 451;
}

static void
log_message(const struct session *s, const struct intake *in,
    const char *event, const char *why)
{
	log_info(LF_STR("event", event), LF_STR("id", in->id),
	    LF_STR("from", s->env.from.text),
	    LF_NUM("rcpts", s->env.rcpts_n), LF_NUM("size", in->dot.octets),
	    LF_STR("client", s->client), LF_STR("helo", s->helo),
	    LF_STR("tls", s->tls),
	    LF_STR("user", s->login[0] != '\0' ? s->login : NULL),
	    LF_STR("session", s->id), LF_STR("why", why));
}

/* SMTP has one answer to a message, LMTP one per accepted recipient. */
static size_t
answers(const struct session *s)
{
	return s->facts.kind == LISTENER_LMTP ? s->env.rcpts_n : 1;
}

static void
accepted(struct session *s, const struct intake *in)
{
	log_message(s, in, "accepted", NULL);
	for (size_t i = 0; i < answers(s); i++)
		say_queued(s, in->id);
	s->messages++;
	s->count.commands = s->count.idle = 0;
}

static void
refused(struct session *s, const struct intake *in, enum say what)
{
	log_message(s, in, "message-refused", say_words(what));
	for (size_t i = 0; i < answers(s); i++)
		say(s, what);
}

static void
failed(struct session *s, const struct intake *in, const struct why *why)
{
	log_message(s, in, "not-queued", why->text);
	for (size_t i = 0; i < answers(s); i++)
		say_why(s, failure_code(why), why);
	s->odd = true;
}

/* The final dot has come. */
static void
complete(struct session *s, struct intake *in)
{
	struct why why;
	enum say what;

	if (intake_judge(in, &what, &why) != 0)
		failed(s, in, &why);
	else if (what != SAY_NOTHING)
		refused(s, in, what);
	else if (intake_commit(in, &why) == 0)
		accepted(s, in);
	else
		failed(s, in, &why);
}

static void
receive(struct session *s, struct intake *in)
{
	switch (intake_read(in)) {
	case DOT_END:
		complete(s, in);
		return;
	case DOT_FLOOD:
		session_bye(s, SAY_TOO_BIG);
		return;
	case DOT_TIMEOUT:
		session_bye(s, SAY_TIMEOUT);
		return;
	case DOT_EOF:
		session_lost(s, "client went away within the message");
		return;
	case DOT_CHUNK:
	case DOT_ERROR:
		session_lost(s, "connection broke within the message");
		return;
	}
}

void
cmd_data(struct session *s, const struct verb_cmd *cmd)
{
	struct intake in;
	struct why why;

	(void)cmd;
	if (intake_begin(&in, s, &why) != 0) {
		log_info(LF_STR("event", "data-refused"),
		    LF_STR("session", s->id), LF_STR("client", s->client),
		    LF_STR("from", s->env.from.text),
		    LF_STR("why", why.text));
		say_why(s, failure_code(&why), &why);
		session_reset(s);
		return;
	}
	say(s, SAY_DATA_GO);
	receive(s, &in);
	intake_fini(&in);
	if (s->state != ST_END)
		session_reset(s);
}
