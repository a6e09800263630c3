/*
 * request.c - names go through the narrowest form that useradd(8) makes before
 * PAM sees them, and must be those of users who may own a mailbox.  For one
 * that does not exist PAM is asked all the same, so that the answer takes as
 * long.
 */
#include "helpers/pamd/request.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/secret.h"
#include "ipc/msg_pam.h"
#include "os/user.h"

/* As lookupd: ids of people, not of services. */
#define UID_FIRST	1000
#define UID_LAST	60000

struct asked {
	LIST_ENTRY(asked) next;
	struct ipc_peer *peer;	/* NULL: gone */
	uint32_t request;
	struct pam_rep rep;
	bool	 usable;	/* rep says whose mailbox */
};
static LIST_HEAD(, asked) all = LIST_HEAD_INITIALIZER(all);

void
request_peer_closed(struct ipc_peer *peer, void *ctx)
{
	struct asked *a;

	(void)ctx;
	LIST_FOREACH(a, &all, next)
		if (a->peer == peer)
			a->peer = NULL;
}

static void
on_judged(enum pam_result result, void *ctx)
{
	struct asked *a = ctx;

	if (result == PAMD_HOLDS && !a->usable)
		result = PAMD_FAILS;
	if (result != PAMD_HOLDS)
		memset(&a->rep, 0, sizeof(a->rep));
	a->rep.result = (uint8_t)result;
	if (a->peer != NULL)
		(void)ipc_send(a->peer, &pam_rep_type, a->request, &a->rep,
		    -1);	/* else it is closing */
	LIST_REMOVE(a, next);
	free(a);
}

/* Whose home it would be. */
static bool
find_owner(const char *name, struct pam_rep *rep)
{
	struct user user;

	if (user_by_name(name, &user) != 0 || strcmp(user.name, name) != 0 ||
	    user.uid < UID_FIRST || user.uid > UID_LAST || user.gid == 0 ||
	    user.home[0] != '/' || user.home[1] == '\0')
		return false;
	rep->uid = user.uid;
	rep->gid = user.gid;
	return span_copy(span_str(user.home), rep->home,
	    sizeof(rep->home)) == 0;
}

static enum verdict
on_ask(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct pam_req *q = msg->body;
	struct request_state *s = ctx;
	struct asked *a;

	/* authd has looked at the name already. */
	if (!pam_name_plain(span_str(q->user)) ||
	    memchr(q->password, '\0', q->password_len) != NULL)
		return VERDICT_CLOSE;
	a = xcalloc(1, sizeof(*a));
	a->peer = peer;
	a->request = msg->request;
	a->usable = find_owner(q->user, &a->rep);
	LIST_INSERT_HEAD(&all, a, next);
	questions_ask(s->questions, q, on_judged, a);
	return VERDICT_OK;
}

const struct ipc_rule request_rules[] = {
	{ ROLE_BIT(ROLE_AUTHD), &pam_req_type, 1000, on_ask },
};
const size_t request_rules_n = COUNT(request_rules);
