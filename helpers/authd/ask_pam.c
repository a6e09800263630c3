/*
 * ask_pam.c - questions that wait are in a list, found by the number that pamd
 * repeats.  pamd bounds the time of each; when it ends, all of them end as "try
 * later".  What it says about ids and paths goes through the same door as a
 * line of the user file.
 */
#include "helpers/authd/ask_pam.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/buf.h"
#include "ipc/msg_pam.h"

struct asked {
	LIST_ENTRY(asked) next;
	struct ipc_peer *peer;
	uint32_t request;
	char	 name[PAM_NAME_MAX + 1];
	void   (*done)(enum proof_result, const struct account *, void *);
	void	*ctx;
};
static LIST_HEAD(, asked) all = LIST_HEAD_INITIALIZER(all);
static size_t nall;

bool
ask_pam_name(struct span user, const char *hostname, char *out,
    size_t out_size)
{
	size_t at = span_rchr(user, '@');

	if (at < user.n && !span_ieq_str(span_from(user, at + 1), hostname))
		return false;
	if (span_copy(span_head(user, at), out, out_size) != 0)
		return false;
	for (char *p = out; *p != '\0'; p++)
		*p = ascii_lower(*p);
	return pam_name_plain(span_str(out));
}

static void
finish(struct asked *a, enum proof_result result,
    const struct account *account)
{
	LIST_REMOVE(a, next);
	nall--;
	a->done(result, account, a->ctx);
	free(a);
}

void
ask_pam(struct ipc_server *srv, const struct ask_pam_try *try,
    void (*done)(enum proof_result result, const struct account *account,
    void *ctx), void *ctx)
{
	struct ipc_peer *pamd = ipc_server_peer(srv, ROLE_PAMD);
	struct pam_req req = { .password_len = try->password.n };
	struct asked *a;

	if (try->password.n > sizeof(req.password) ||
	    span_has(try->password, '\0')) {
		done(PROOF_FAILS, NULL, ctx);
		return;
	}
	if (pamd == NULL || nall >= ASK_PAM_MAX) {
		done(PROOF_UNKNOWN, NULL, ctx);
		return;
	}
	span_copy_cut(span_str(try->name), req.user, sizeof(req.user));
	span_copy_cut(span_str(try->client), req.client, sizeof(req.client));
	memcpy(req.password, try->password.p, try->password.n);
	a = xcalloc(1, sizeof(*a));
	a->peer = pamd;
	a->request = ipc_peer_request(pamd);
	memcpy(a->name, req.user, sizeof(a->name));
	a->done = done;
	a->ctx = ctx;
	LIST_INSERT_HEAD(&all, a, next);
	nall++;
	if (ipc_send(pamd, &pam_req_type, a->request, &req, -1) != 0)
		finish(a, PROOF_UNKNOWN, NULL);
	wipe(&req, sizeof(req));
}

/* As a line of users(5) would say it. */
static int
make_account(const struct asked *a, const struct pam_rep *rep,
    struct account *out)
{
	static const struct account_defaults none = { .path = "" };
	struct buf value;
	struct why why;
	int rc = -1;

	buf_init(&value, 1024);
	if (!span_has(span_str(rep->home), ':') && rep->home[0] == '/' &&
	    buf_addf(&value, ":%u:%u::%s", rep->uid, rep->gid,
	    rep->home) == 0)
		rc = account_parse(span_str(a->name), buf_span(&value), &none,
		    out, &why);
	buf_fini(&value);
	out->hash = out->extra = SPAN_NONE;
	out->system = true;
	return rc;
}

enum verdict
ask_pam_answered(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct pam_rep *rep = msg->body;
	struct account account;
	struct asked *a;

	(void)ctx;
	LIST_FOREACH(a, &all, next)
		if (a->peer == peer && a->request == msg->request)
			break;
	if (a == NULL)
		return VERDICT_CLOSE;	/* nobody has asked that */
	if (rep->result == PAMD_UNKNOWN)
		finish(a, PROOF_UNKNOWN, NULL);
	else if (rep->result != PAMD_HOLDS)
		finish(a, PROOF_FAILS, NULL);
	else if (make_account(a, rep, &account) != 0)
		finish(a, PROOF_UNKNOWN, NULL);
	else
		finish(a, PROOF_HOLDS, &account);
	return VERDICT_OK;
}

void
ask_pam_closed(const struct ipc_peer *peer)
{
	struct asked *a, *after;

	for (a = LIST_FIRST(&all); a != NULL; a = after) {
		after = LIST_NEXT(a, next);
		if (a->peer == peer)
			finish(a, PROOF_UNKNOWN, NULL);
	}
}
