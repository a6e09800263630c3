/*
 * server_send - what peers are told, without ever waiting for one.
 * What can go at once goes without a copy; the rest is kept in their order.
 */
#include <errno.h>

#include "base/bug.h"
#include "base/log.h"
#include "ipc/msg_refusal.h"
#include "ipc/server_priv.h"
#include "os/fd.h"

/* Nothing can be written any more; the end of reading will close it. */
static void
go_deaf(struct ipc_peer *p)
{
	p->deaf = true;
	outq_fini(&p->out);
	(void)event_del(p->writable);	/* it may not be pending */
}

static int
flush(struct ipc_peer *p)
{
	switch (outq_send(&p->out, p->fd)) {
	case OUTQ_EMPTY:
		return 0;
	case OUTQ_WAITING:
		return event_add(p->writable, NULL);
	case OUTQ_BROKEN:
		break;
	}
	if (errno == EPIPE || errno == ECONNRESET)
		go_deaf(p);
	else
		peer_refused(p, NULL, "cannot send");
	return -1;
}

void
peer_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)flush(arg);	/* a broken peer is closed when its reading ends */
}

/* We have too little of something; the peer has done nothing wrong. */
static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ETOOMANYREFS ||
	    error == ENOBUFS || error == ENOMEM;
}

/* What can go at once needs no copy of the packet or its descriptor. */
static int
send_or_keep(struct ipc_peer *p, const struct ipc_type *t,
    struct span packet, int fd)
{
	if (outq_empty(&p->out)) {
		if (fd_send(p->fd, packet.p, packet.n, fd) == 0)
			return 0;
		if (is_shortage(errno))
			return -1;
	}
	if (outq_add(&p->out, packet, fd) == 0)
		return flush(p);
	if (errno == ENOSPC)
		peer_refused(p, t->name, "does not read");
	return -1;
}

int
ipc_send(struct ipc_peer *p, const struct ipc_type *t, uint32_t request,
    const void *msg, int fd)
{
	struct buf packet;
	int rc = -1;

	if (p->closing || p->deaf)
		return -1;
	if ((t->fd == IPC_FD_ONE) != (fd >= 0))
		bug("%s: descriptor does not fit the type", t->name);
	buf_init(&packet, IPC_PACKET_MAX);
	if (frame_pack(&packet, t, request, msg) != 0) {
		log_error(LF_STR("event", "ipc-unsent"),
		    LF_STR("daemon", role_name(p->role)),
		    LF_STR("type", t->name));
	} else {
		rc = send_or_keep(p, t, buf_span(&packet), fd);
	}
	frame_wipe(&packet);
	return rc;
}

enum verdict
ipc_answer(struct ipc_peer *p, const struct ipc_msg *msg,
    const struct ipc_type *t, const void *answer, int fd)
{
	/* A peer that cannot be answered ends by itself. */
	(void)ipc_send(p, t, msg->request, answer, fd);
	return VERDICT_OK;
}

enum verdict
ipc_refuse(struct ipc_peer *p, uint32_t request, const struct why *why)
{
	struct refusal no;

	refusal_from_why(&no, why);
	(void)ipc_send(p, &refusal_type, request, &no, -1);	/* as above */
	return VERDICT_OK;
}
