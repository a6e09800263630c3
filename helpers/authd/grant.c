/*
 * grant.c - the only place where a mailbox is named to anybody who could open it.
 */
#include "helpers/authd/grant.h"

#include <string.h>

int
grant_session(struct ipc_server *srv, const struct login_req *req,
    const struct account *account, int client)
{
	enum role role = req->service == AUTH_POP3 ? ROLE_POP3_SESSION :
	    ROLE_IMAP_SESSION;
	struct ipc_peer *parent = ipc_server_peer(srv, role);
	struct session_start start;

	if (parent == NULL)
		return -1;
	memset(&start, 0, sizeof(start));
	memcpy(start.user, account->user, sizeof(start.user));
	start.uid = account->uid;
	start.gid = account->gid;
	memcpy(start.home, account->home, sizeof(start.home));
	memcpy(start.maildir, account->maildir, sizeof(start.maildir));
	start.quota_octets = account->quota_octets;
	memcpy(start.client, req->client, sizeof(start.client));
	memcpy(start.session, req->session, sizeof(start.session));
	memcpy(start.tag, req->tag, sizeof(start.tag));
	memcpy(start.pending, req->pending, req->pending_len);
	start.pending_len = req->pending_len;
	return ipc_send(parent, &session_start_type, 0, &start, client);
}
