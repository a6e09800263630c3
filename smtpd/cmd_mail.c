/*
 * cmd_mail - MAIL and RCPT: who sends, and to whom.  Nothing is made in the
 * queue before DATA.
 */
#include <string.h>

#include "base/log.h"
#include "smtpd/ask_lookup.h"
#include "smtpd/ask_tally.h"
#include "smtpd/command.h"
#include "smtpd/reply.h"

static void
log_sender(const struct session *s, const struct addr *from, const char *why)
{
	log_info(LF_STR("event", "sender-refused"),
	    LF_STR("session", s->id), LF_STR("client", s->client),
	    LF_STR("helo", s->helo), LF_STR("from", from->text),
	    LF_STR("user", s->login[0] != '\0' ? s->login : NULL),
	    LF_STR("why", why));
}

/* Policy, and lookupd where it takes that; -1 with why: cannot tell now. */
static int
judge_sender(struct session *s, const struct verb_mail *mail, bool *own,
    enum say *what, struct why *why)
{
	*own = false;
	*what = policy_mail(&s->facts, mail, s->set->message_size_max);
	if (*what != SAY_MAIL_OK ||
	    !policy_checks_sender(&s->facts, &mail->from))
		return 0;
	if (ask_sender(s, &mail->from, own, why) != 0)
		return -1;
	if (!*own)
		*what = SAY_SENDER_NOT_YOURS;
	return 0;
}

/* A message more of this network or account? */
static enum say
judge_rate(struct session *s)
{
	enum say what = ask_tally(s, TALLY_MESSAGE);

	return what == SAY_NOTHING ? SAY_MAIL_OK : what;
}

void
cmd_mail(struct session *s, const struct verb_cmd *cmd)
{
	const struct verb_mail *mail = &cmd->mail;
	struct why why;
	enum say what;
	bool own;

	if (judge_sender(s, mail, &own, &what, &why) != 0) {
		log_sender(s, &mail->from, why.text);
		say_why(s, 451, &why);
		return;
	}
	if (what == SAY_MAIL_OK)
		what = judge_rate(s);
	else
		log_sender(s, &mail->from, say_words(what));
	if (what == SAY_MAIL_OK) {
		envelope_begin(&s->env, mail);
		if (mail->has_verp)
			memcpy(s->env.verp, mail->verp[0] != '\0' ?
			    mail->verp : s->set->verp, sizeof(s->env.verp));
		s->env.from_own = own;
		session_enter(s, ST_MAIL);
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
decide(struct session *s, const struct verb_rcpt *rcpt, struct rcpt_facts *f,
    enum say *what, struct why *why)
{
	const struct addr *to = &rcpt->to;
	struct addr whole;

	*what = policy_rcpt_room(s->env.rcpts_n, s->set->recipients_max);
	if (*what != SAY_NOTHING) {
		s->count.over++;
		return 0;
	}
	*what = policy_rcpt_form(rcpt, s->env.utf8);
	if (*what != SAY_NOTHING) {
		s->count.commands++;
		return 0;
	}
	why_set(why, WHY_TEMP, "4.3.0", "cannot tell now");
	if (whole_address(s, to, &whole) != 0 ||
	    ask_lookup(s, &whole, f, why) != 0) {
		s->count.commands++;
		return -1;
	}
	*what = policy_rcpt(&s->facts, to, to->kind == ADDR_POSTMASTER ?
	    RCPT_LOCAL : f->kind);
	return 0;
}

/* What stands for the sender, and who gets a copy, is asked once a message. */
static int
learn_sender(struct session *s, const struct rcpt_facts *f, struct why *why)
{
	struct rewrite_facts r;

	s->env.asks |= f->asks;
	if ((f->asks & USE_BIT(USE_ENVELOPE_SENDER)) == 0 ||
	    s->env.from_asked || s->env.from.kind != ADDR_MAILBOX)
		return 0;
	if (ask_rewrite(s, USE_ENVELOPE_SENDER, &s->env.from, &r, why) != 0) {
		s->count.commands++;
		return -1;
	}
	s->env.from_asked = true;
	if (r.as.kind == ADDR_MAILBOX)
		s->env.sender = r.as;
	return envelope_copy(&s->env, &r.copy, why);
}

void
cmd_rcpt(struct session *s, const struct verb_cmd *cmd)
{
	const struct addr *to = &cmd->rcpt.to;
	struct rcpt_facts facts;
	struct addr whole;
	struct why why;
	enum say what;

	if (decide(s, &cmd->rcpt, &facts, &what, &why) != 0) {
		log_refused(s, to, 451, why.text);
		say_why(s, 451, &why);
		return;
	}
	if (what != SAY_RCPT_OK) {
		log_refused(s, to, say_code(what), say_words(what));
		say(s, what);
		return;
	}
	what = ask_tally(s, TALLY_RECIPIENT);
	if (what != SAY_NOTHING) {
		s->count.commands++;
		say(s, what);
		return;
	}
	if (learn_sender(s, &facts, &why) != 0) {
		log_refused(s, to, 451, why.text);
		say_why(s, 451, &why);
		return;
	}
	if (whole_address(s, to, &whole) != 0 ||
	    envelope_add(&s->env, &whole, &facts.as, &cmd->rcpt,
	    &facts.copy) != 0) {
		s->count.over++;
		say(s, SAY_TOO_MANY_RCPT);
		return;
	}
	s->count.accepted++;
	session_enter(s, ST_RCPT);
	say(s, SAY_RCPT_OK);
}
