/*
 * cmd_mail - MAIL and RCPT: who sends, and to whom.  Nothing is made in the
 * queue before DATA.
 */
#include "base/log.h"
#include "smtpd/ask_lookup.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"

void
cmd_mail(struct session *s, const struct verb_cmd *cmd)
{
	enum say what = policy_mail(&s->facts, &cmd->mail,
	    s->set->message_size_max);

	if (what == SAY_MAIL_OK) {
		envelope_begin(&s->env, &cmd->mail);
		session_enter(s, ST_MAIL);
	} else {
		log_info(LF_STR("event", "sender-refused"),
		    LF_STR("session", s->id), LF_STR("client", s->client),
		    LF_STR("helo", s->helo),
		    LF_STR("from", cmd->mail.from.text),
		    LF_STR("why", say_words(what)));
	}
	say(s, what);
}

static void
log_refused(const struct session *s, const struct addr *to, unsigned code,
    const char *why)
{
	log_info(LF_STR("event", "rcpt-refused"), LF_STR("session", s->id),
	    LF_STR("client", s->client), LF_STR("helo", s->helo),
	    LF_STR("from", s->env.from.text), LF_STR("rcpt", to->text),
	    LF_NUM("reply", code), LF_STR("why", why));
}

/* <postmaster> is the postmaster of this host (RFC 5321 4.5.1). */
static int
whole_address(const struct session *s, const struct addr *to,
    struct addr *out)
{
	if (to->kind != ADDR_POSTMASTER) {
		*out = *to;
		return 0;
	}
	return addr_make(out, SPAN_LIT("postmaster"),
	    span_str(s->set->hostname));
}

/* 0 and the decision, or -1 with why: cannot tell now. */
static int
decide(struct session *s, const struct addr *to, enum say *what,
    struct why *why)
{
	enum rcpt_kind verdict = RCPT_LOCAL;

	*what = policy_rcpt_room(s->env.rcpts_n, s->set->recipients_max);
	if (*what != SAY_NOTHING) {
		s->count.over++;
		return 0;
	}
	if (to->kind != ADDR_POSTMASTER &&
	    ask_lookup(s, to, &verdict, why) != 0) {
		s->count.commands++;
		return -1;
	}
	*what = policy_rcpt(&s->facts, to, verdict);
	return 0;
}

void
cmd_rcpt(struct session *s, const struct verb_cmd *cmd)
{
	const struct addr *to = &cmd->rcpt.to;
	struct addr whole;
	struct why why;
	enum say what;

	if (decide(s, to, &what, &why) != 0) {
		log_refused(s, to, 451, why.text);
		say_why(s, 451, &why);
		return;
	}
	if (what != SAY_RCPT_OK) {
		log_refused(s, to, say_code(what), say_words(what));
		say(s, what);
		return;
	}
	if (whole_address(s, to, &whole) != 0 ||
	    envelope_add(&s->env, &whole) != 0) {
		s->count.over++;
		say(s, SAY_TOO_MANY_RCPT);
		return;
	}
	s->count.accepted++;
	session_enter(s, ST_RCPT);
	say(s, SAY_RCPT_OK);
}
