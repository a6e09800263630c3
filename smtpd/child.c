/*
 * child - see child.h.
 * First all that belongs to the parent is closed, then the filter is narrowed
 * to reads and writes of what is open; only then the first octet of the client
 * is looked at.  On the MX port a child whose client was well-behaved waits
 * for the next connection of the same address; nothing is kept between them
 * but what the process had when it was forked, and its channels.  (The TLS
 * library wipes what it frees: keys, and by our choice plaintext.)
 */
#include "smtpd/child.h"

#include <unistd.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "daemon/tls_signer.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/sock.h"

#define ENVELOPE_MAX	(64 * MIB)	/* octets, in front of a message */

static void
confine_child(const struct child_start *start)
{
	int keep[] = { start->fd, start->lookupd, start->qmgr, start->authd,
		start->keyd, start->chan };
	int open[COUNT(keep)];
	size_t n = 0;
	struct why why;

	for (size_t i = 0; i < COUNT(keep); i++)
		if (keep[i] >= 0)
			open[n++] = keep[i];
	service_after_fork(open, n);
	/* The message, and an envelope of as many recipients as may be. */
	if (confine_file_size(start->set->message_size_max + ENVELOPE_MAX,
	    &why) != 0 || confine_filter_load(start->filter, &why) != 0)
		die(EXIT_OSERR, "session: %s", why.text);
}

static int
tell(int chan, char what)
{
	return fd_send(chan, &what, 1, -1);
}

/* A keyd that was started anew is not ours; a fresh child has it. */
static bool
can_do_tls(const struct child_start *start)
{
	return start->keyd < 0 || tls_signer_ready();
}

/*
 * Wait for the next connection of this address.
 * returns  its descriptor, or -1: the listener wants us to go
 */
static int
next_connection(const struct child_start *start,
    struct session_client *client)
{
	uint8_t m[CHILD_TAKE_SIZE];
	int fd = -1;

	if (start->kind != LISTENER_MX || tell(start->chan, CHILD_IDLE) != 0 ||
	    fd_wait(start->chan, FD_READ,
	    clock_deadline(2 * LIMIT_SPARE_MS)) != 1)
		return -1;
	if (fd_recv(start->chan, m, sizeof(m), &fd) != sizeof(m) ||
	    m[0] != CHILD_TAKE || fd < 0 || !can_do_tls(start) ||
	    tell(start->chan, CHILD_HAVE) != 0) {
		fd_close(&fd);
		return -1;
	}
	client->peer.port = (uint16_t)(m[1] << 8 | m[2]);
	client->stress = m[3] != 0;
	return fd;
}

_Noreturn void
child_run(const struct child_start *start)
{
	struct channels ch;
	struct session_client client = { .set = start->set, .ch = &ch,
		.fd = start->fd, .peer = start->peer, .kind = start->kind,
		.chan = start->chan, .stress = start->stress };

	/* Who is calling decides what may be sent: not known, not served.
	   (Not every system tells it behind a filter.) */
	if (start->kind == LISTENER_LOCAL &&
	    sock_peer_uid(start->fd, &client.uid) != 0)
		die(EXIT_OSERR, "session: the kernel does not say who calls");
	confine_child(start);
	ipc_client_init(&ch.lookupd, start->lookupd, "lookupd");
	ipc_client_init(&ch.qmgr, start->qmgr, "qmgr");
	ipc_client_init(&ch.authd, start->authd, "authd");
	tls_signer_use(start->keyd, LIMIT_SIGN_MS);
	while (session_serve(&client)) {
		client.fd = next_connection(start, &client);
		if (client.fd < 0)
			break;
	}
	/* The parent's buffers and handlers are not ours to run. */
	_exit(0);
}
