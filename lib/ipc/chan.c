/*
 * chan - see chan.h.
 * The pair is made by the listener, not by the server: the session's end
 * exists before the fork, and the server learns of it by a message on the
 * listener's own channel, which fixes its role.
 */
#include "ipc/chan.h"

#include "ipc/msg_chan.h"
#include "os/fd.h"

const struct ipc_type chan_new_type =
    IPC_TYPE_BARE(chan_new, IPC_NUM_CHAN_NEW, IPC_FD_ONE);

int
chan_introduce(struct ipc_peer *to)
{
	struct chan_new m = { 0 };
	int pair[2];

	if (fd_pair(pair) != 0)
		return -1;
	if (ipc_send(to, &chan_new_type, 0, &m, pair[1]) != 0)
		fd_close(&pair[0]);
	fd_close(&pair[1]);
	return pair[0];
}

enum verdict
chan_accept(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	enum role role = role_child(ipc_peer_role(peer));

	(void)ctx;	/* the server's, of no interest here */
	if (role == ROLE_COUNT)
		return VERDICT_CLOSE;
	/* A peer too many is closed and logged there; the listener goes on. */
	(void)ipc_server_add(ipc_peer_server(peer), *msg->fd, role);
	*msg->fd = -1;
	return VERDICT_OK;
}
