/*
 * request - see request.h.
 * A session may write into the queue and nothing else; a worker may speak of
 * its job only; the parents of workers of deliveries that we did not order.
 */
#include "qmgr/request.h"

#include "ipc/chan.h"
#include "ipc/msg_chan.h"
#include "ipc/msg_deliver.h"
#include "ipc/msg_lookup.h"
#include "ipc/msg_queue.h"
#include "ipc/msg_refusal.h"
#include "qmgr/commit.h"
#include "qmgr/control.h"
#include "qmgr/dispatch.h"
#include "qmgr/expand.h"
#include "qmgr/orphan.h"

#define SESSION	ROLE_BIT(ROLE_SMTPD_SESSION)
#define LOOKUP	ROLE_BIT(ROLE_LOOKUPD)
#define WORKERS	(ROLE_BIT(ROLE_SMTP_OUT_WORKER) | \
		    ROLE_BIT(ROLE_DELIVER_WORKER) | \
		    ROLE_BIT(ROLE_PIPE_WORKER))
#define PARENTS	(ROLE_BIT(ROLE_SMTP_OUT) | ROLE_BIT(ROLE_DELIVER) | \
		    ROLE_BIT(ROLE_PIPE))

const struct ipc_rule request_rules[] = {
	CHAN_RULE(ROLE_BIT(ROLE_SMTPD)),
	{ ROLE_BIT(ROLE_SMTPD), &queue_mine_type, 20, control_on_mine },
	{ SESSION, &queue_new_type, 2000, commit_on_new },
	{ SESSION, &queue_commit_type, 2000, commit_on_commit },
	{ SESSION, &queue_abort_type, 2000, commit_on_abort },
	{ LOOKUP, &target_type, 0, expand_on_target },
	{ LOOKUP, &resolved_type, 0, expand_on_resolved },
	{ LOOKUP, &refusal_type, 0, expand_on_refusal },
	{ WORKERS, &result_type, 0, dispatch_on_result },
	{ ROLE_BIT(ROLE_DELIVER_WORKER), &result_forward_type, 0,
	    dispatch_on_forward },
	{ WORKERS, &job_end_type, 0, dispatch_on_end },
	{ PARENTS, &orphan_type, 1000, orphan_on_orphan },
	{ PARENTS, &orphan_result_type, 1000, orphan_on_result },
};
const size_t request_rules_n = COUNT(request_rules);

void
request_peer_gone(struct ipc_peer *peer, void *ctx)
{
	switch (ipc_peer_role(peer)) {
	case ROLE_SMTPD_SESSION:
		commit_peer_gone(ctx, peer);
		break;
	case ROLE_LOOKUPD:
		expand_peer_gone(ctx, peer);
		break;
	case ROLE_SMTP_OUT_WORKER:
	case ROLE_DELIVER_WORKER:
	case ROLE_PIPE_WORKER:
		dispatch_peer_gone(ctx, peer);
		break;
	default:
		break;
	}
}
