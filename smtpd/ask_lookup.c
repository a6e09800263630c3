/*
 * ask_lookup - see ask_lookup.h.
 * One round trip per recipient; nothing is remembered from one to the next.
 * The user's own name and the sender that was found to be right at MAIL need
 * none: most messages ask nothing about their From field.
 */
#include "smtpd/ask_lookup.h"

#include "os/clock.h"

/* A refusal here is trouble, never a verdict. */
static int
trouble(struct why *why)
{
	why->kind = WHY_TEMP;
	why->esc[0] = '4';
	return -1;
}

/* "" or a mailbox, as lookupd said it; an answer is judged like a question. */
static int
read_address(const char *text, struct addr *out, struct why *why)
{
	*out = (struct addr){ .kind = ADDR_NULL };
	if (text[0] == '\0' || addr_parse(span_str(text), out, why) == 0)
		return 0;
	return trouble(why);
}

int
ask_lookup(struct session *s, const struct addr *to, struct rcpt_facts *out,
    struct why *why)
{
	struct rcpt_check ask;
	struct rcpt_verdict verdict;
	struct ipc_question q = { .type = &rcpt_check_type, .msg = &ask,
		.fd = -1, .answer = &rcpt_verdict_type,
		.deadline_ms = clock_deadline(LIMIT_LOOKUP_MS) };

	span_copy_cut(addr_text(to), ask.address, sizeof(ask.address));
	if (ipc_call(&s->ch->lookupd, &q, &verdict, NULL, why) != 0)
		return trouble(why);
	out->kind = (enum rcpt_kind)verdict.kind; /* bounds: ipc/msg_lookup.c */
	out->asks = verdict.asks;
	return read_address(verdict.address, &out->as, why) != 0 ||
	    read_address(verdict.copy, &out->copy, why) != 0 ? -1 : 0;
}

int
ask_rewrite(struct session *s, enum rewrite_use use, const struct addr *a,
    struct rewrite_facts *out, struct why *why)
{
	struct rewrite ask = { .use = (uint8_t)use };
	struct rewritten said;
	struct ipc_question q = { .type = &rewrite_type, .msg = &ask,
		.fd = -1, .answer = &rewritten_type,
		.deadline_ms = clock_deadline(LIMIT_LOOKUP_MS) };

	span_copy_cut(addr_text(a), ask.address, sizeof(ask.address));
	if (ipc_call(&s->ch->lookupd, &q, &said, NULL, why) != 0)
		return trouble(why);
	return read_address(said.address, &out->as, why) != 0 ||
	    read_address(said.copy, &out->copy, why) != 0 ? -1 : 0;
}

int
ask_sender(struct session *s, const struct addr *from, bool *own,
    struct why *why)
{
	struct sender_check ask;
	struct sender_verdict verdict;
	struct ipc_question q = { .type = &sender_check_type, .msg = &ask,
		.fd = -1, .answer = &sender_verdict_type,
		.deadline_ms = clock_deadline(LIMIT_LOOKUP_MS) };

	*own = true;
	if (span_eq_str(addr_text(from), s->login) ||
	    (s->env.from_own && addr_eq(from, &s->env.from)))
		return 0;
	span_copy_cut(span_str(s->login), ask.account, sizeof(ask.account));
	span_copy_cut(addr_text(from), ask.address, sizeof(ask.address));
	if (ipc_call(&s->ch->lookupd, &q, &verdict, NULL, why) != 0)
		return trouble(why);
	*own = verdict.own != 0;
	return 0;
}
