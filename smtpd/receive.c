/*
 * receive - see receive.h.
 * SMTP has one answer to a message, LMTP one per accepted recipient (RFC 2033
 * 4.2); an answer to a part of a message is one in both.
 */
#include "smtpd/receive.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"

unsigned
receive_failure_code(const struct why *why)
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
	    LF_NUM("rcpts", s->env.rcpts_n), LF_NUM("size", intake_octets(in)),
	    LF_STR("client", s->client), LF_STR("helo", s->helo),
	    LF_STR("origin", s->origin[0] != '\0' ? s->origin : NULL),
	    LF_STR("tls", s->tls),
	    LF_STR("user", s->login[0] != '\0' ? s->login : NULL),
	    LF_STR("session", s->id), LF_STR("why", why));
}

static size_t
answers(const struct session *s, bool whole)
{
	return whole && s->facts.kind == LISTENER_LMTP ? s->env.rcpts_n : 1;
}

static void
accepted(struct session *s, const struct intake *in)
{
	log_message(s, in, "accepted", NULL);
	for (size_t i = 0; i < answers(s, true); i++)
		say_queued(s, in->id);
	s->messages++;
	s->count.commands = s->count.idle = 0;
}

static void
refused(struct session *s, const struct intake *in, bool whole,
    enum say what)
{
	log_message(s, in, "message-refused", say_words(what));
	for (size_t i = 0; i < answers(s, whole); i++)
		say(s, what);
}

static void
failed(struct session *s, const struct intake *in, bool whole,
    const struct why *why)
{
	log_message(s, in, "not-queued", why->text);
	for (size_t i = 0; i < answers(s, whole); i++)
		say_why(s, receive_failure_code(why), why);
	s->odd = true;
}

void
receive_judge(struct session *s, struct intake *in, bool whole)
{
	struct why why;
	enum say what;

	if (intake_judge(in, &what, &why) != 0)
		failed(s, in, whole, &why);
	else if (what != SAY_NOTHING)
		refused(s, in, whole, what);
	else if (intake_commit(in, &why) == 0)
		accepted(s, in);
	else
		failed(s, in, whole, &why);
}

bool
receive_ended(struct session *s, enum dot_result r)
{
	switch (r) {
	case DOT_END:
		return true;
	case DOT_FLOOD:
		session_bye(s, SAY_TOO_BIG);
		return false;
	case DOT_TIMEOUT:
		session_bye(s, SAY_TIMEOUT);
		return false;
	case DOT_EOF:
		session_lost(s, "client went away within the message");
		return false;
	case DOT_CHUNK:
	case DOT_ERROR:
		break;
	}
	session_lost(s, "connection broke within the message");
	return false;
}

int
receive_begin(struct session *s, struct intake *in, struct why *why)
{
	if (intake_begin(in, s, why) == 0)
		return 0;
	log_info(LF_STR("event", "data-refused"), LF_STR("session", s->id),
	    LF_STR("client", s->client), LF_STR("from", s->env.from.text),
	    LF_STR("why", why->text));
	return -1;
}

void
receive_drop(struct session *s)
{
	if (s->chunks == NULL)
		return;
	intake_fini(s->chunks);
	free(s->chunks);
	s->chunks = NULL;
}
