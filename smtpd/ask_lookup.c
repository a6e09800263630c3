/*
 * ask_lookup - see ask_lookup.h.
 * One round trip per recipient; nothing is remembered from one to the next.
 */
#include "smtpd/ask_lookup.h"

#include "os/clock.h"

int
ask_lookup(struct session *s, const struct addr *to, enum rcpt_kind *kind,
    struct why *why)
{
	struct rcpt_check ask;
	struct rcpt_verdict verdict;
	struct ipc_question q = { .type = &rcpt_check_type, .msg = &ask,
		.fd = -1, .answer = &rcpt_verdict_type,
		.deadline_ms = clock_deadline(LIMIT_LOOKUP_MS) };

	span_copy_cut(addr_text(to), ask.address, sizeof(ask.address));
	if (ipc_call(&s->ch->lookupd, &q, &verdict, NULL, why) != 0) {
		/* A refusal here is trouble, never a verdict. */
		why->kind = WHY_TEMP;
		why->esc[0] = '4';
		return -1;
	}
	*kind = (enum rcpt_kind)verdict.kind;	/* bounds: ipc/msg_lookup.c */
	return 0;
}
