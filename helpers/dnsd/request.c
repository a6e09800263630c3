/*
 * request.c - who may ask for names: the workers that send mail, and sessions
 * that receive it.
 */
#include "helpers/dnsd/request.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "ipc/chan.h"
#include "ipc/msg_chan.h"
#include "ipc/msg_dns.h"

struct asked {
	LIST_ENTRY(asked) next;
	struct ipc_peer *peer;		/* NULL: gone */
	uint32_t request;
};
static LIST_HEAD(, asked) open_questions =
    LIST_HEAD_INITIALIZER(open_questions);

void
request_peer_closed(struct ipc_peer *peer, void *ctx)
{
	struct asked *a;

	(void)ctx;
	LIST_FOREACH(a, &open_questions, next)
		if (a->peer == peer)
			a->peer = NULL;
}

static void
on_answer(const struct dns_answer *answer, void *ctx)
{
	struct asked *a = ctx;

	LIST_REMOVE(a, next);
	if (a->peer != NULL)
		(void)ipc_send(a->peer, &dns_answer_type, a->request, answer,
		    -1);	/* a peer that cannot take it is closing */
	free(a);
}

static enum verdict
on_ask(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	struct asked *a = xcalloc(1, sizeof(*a));

	a->peer = peer;
	a->request = msg->request;
	LIST_INSERT_HEAD(&open_questions, a, next);
	resolver_ask(ctx, msg->body, on_answer, a);
	return VERDICT_OK;
}

const struct ipc_rule request_rules[] = {
	CHAN_RULE(ROLE_BIT(ROLE_SMTP_OUT)),
	{ ROLE_BIT(ROLE_SMTP_OUT_WORKER), &dns_ask_type, 200, on_ask },
};
const size_t request_rules_n = COUNT(request_rules);
