/*
 * orphans.c - two bounded lists.  What does not fit is forgotten: those
 * recipients are then tried again, which is a duplicate, not a loss.
 */
#include "smtp-out/orphans.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/log.h"
#include "smtp-out/limits.h"

struct begun {
	TAILQ_ENTRY(begun) next;
	const struct ipc_peer *worker;
	struct orphan orphan;
};

struct kept {
	STAILQ_ENTRY(kept) next;
	struct orphan_result result;
};

static struct {
	TAILQ_HEAD(, begun)  begun;
	STAILQ_HEAD(, kept) kept;
	size_t nbegun, nkept;
} orphans = {
	.begun = TAILQ_HEAD_INITIALIZER(orphans.begun),
	.kept = STAILQ_HEAD_INITIALIZER(orphans.kept),
};

static void
forgotten(const char *id)
{
	log_warn(LF_STR("event", "orphan-forgotten"), LF_STR("id", id));
}

static void
give_results(struct ipc_peer *qmgr)
{
	struct kept *k;

	while (qmgr != NULL && (k = STAILQ_FIRST(&orphans.kept)) != NULL) {
		if (ipc_send(qmgr, &orphan_result_type, 0, &k->result,
		    -1) != 0)
			return;
		STAILQ_REMOVE_HEAD(&orphans.kept, next);
		orphans.nkept--;
		free(k);
	}
}

enum verdict
orphans_begin(struct ipc_peer *worker, const struct ipc_msg *msg, void *ctx)
{
	struct ipc_peer *qmgr = ipc_server_peer(ipc_peer_server(worker),
	    ROLE_QMGR);
	const struct orphan *o = msg->body;
	struct begun *b;

	(void)ctx;
	if (orphans.nbegun >= ORPHANS_MAX) {
		forgotten(o->id);
		return VERDICT_OK;
	}
	b = xcalloc(1, sizeof(*b));
	b->worker = worker;
	b->orphan = *o;
	TAILQ_INSERT_TAIL(&orphans.begun, b, next);
	orphans.nbegun++;
	if (qmgr != NULL)
		(void)ipc_send(qmgr, &orphan_type, 0, o, -1); /* or a double */
	return VERDICT_OK;
}

void
orphans_end(const struct ipc_peer *worker)
{
	struct begun *b, *after;

	TAILQ_FOREACH_SAFE(b, &orphans.begun, next, after)
		if (b->worker == worker) {
			TAILQ_REMOVE(&orphans.begun, b, next);
			orphans.nbegun--;
			free(b);
		}
}

enum verdict
orphans_take(struct ipc_peer *worker, const struct ipc_msg *msg, void *ctx)
{
	const struct orphan_result *r = msg->body;
	struct kept *k;

	(void)ctx;
	if (orphans.nkept >= ORPHANS_MAX) {
		forgotten(r->id);
		return VERDICT_OK;
	}
	k = xcalloc(1, sizeof(*k));
	k->result = *r;
	STAILQ_INSERT_TAIL(&orphans.kept, k, next);
	orphans.nkept++;
	give_results(ipc_server_peer(ipc_peer_server(worker), ROLE_QMGR));
	return VERDICT_OK;
}

void
orphans_tell(struct ipc_server *srv)
{
	struct ipc_peer *qmgr = ipc_server_peer(srv, ROLE_QMGR);
	const struct begun *b;

	if (qmgr == NULL)
		return;
	TAILQ_FOREACH(b, &orphans.begun, next)
		if (ipc_send(qmgr, &orphan_type, 0, &b->orphan, -1) != 0)
			return;
	give_results(qmgr);
}
