/*
 * orphans.c - a bounded list.  What does not fit is forgotten: those
 * recipients are then tried again, which is a duplicate, not a loss.
 */
#include "smtp-out/orphans.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/log.h"
#include "smtp-out/limits.h"

struct kept {
	STAILQ_ENTRY(kept) next;
	struct orphan_result result;
};

static struct {
	STAILQ_HEAD(, kept) list;
	size_t n;
} orphans = { .list = STAILQ_HEAD_INITIALIZER(orphans.list) };

enum verdict
orphans_take(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct orphan_result *r = msg->body;
	struct kept *k;

	(void)ctx;
	if (orphans.n >= ORPHANS_MAX) {
		log_warn(LF_STR("event", "orphan-forgotten"),
		    LF_STR("id", r->id));
		return VERDICT_OK;
	}
	k = xcalloc(1, sizeof(*k));
	k->result = *r;
	STAILQ_INSERT_TAIL(&orphans.list, k, next);
	orphans.n++;
	orphans_give(ipc_peer_server(peer));
	return VERDICT_OK;
}

void
orphans_give(struct ipc_server *srv)
{
	struct ipc_peer *qmgr = ipc_server_peer(srv, ROLE_QMGR);
	struct kept *k;

	while (qmgr != NULL && (k = STAILQ_FIRST(&orphans.list)) != NULL) {
		if (ipc_send(qmgr, &orphan_result_type, 0, &k->result,
		    -1) != 0)
			return;
		STAILQ_REMOVE_HEAD(&orphans.list, next);
		orphans.n--;
		free(k);
	}
}
