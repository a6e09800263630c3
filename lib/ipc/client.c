/*
 * client - see client.h.
 * Anything unexpected closes the channel: after a late answer or a strange
 * message nobody could tell which answer belongs to which question.
 */
#include "ipc/client.h"

#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "ipc/catalogue.h"
#include "ipc/frame.h"
#include "ipc/msg_refusal.h"
#include "os/clock.h"
#include "os/fd.h"

/* How long a peer may leave our packets unread. */
#define SEND_MS	30000

void
ipc_client_init(struct ipc_client *c, int fd, const char *peer)
{
	*c = (struct ipc_client){ .fd = fd, .next = 1, .peer = peer };
}

void
ipc_client_fini(struct ipc_client *c)
{
	fd_close(&c->fd);
}

static int
broken(struct ipc_client *c, struct why *why, const char *what)
{
	fd_close(&c->fd);
	if (c->late)
		what = "no answer in time";	/* also of what came of it */
	why_set(why, WHY_TEMP, "4.3.0", "%s: %s", c->peer, what);
	return -1;
}

/* Rarely is there no room at once. */
static int
send_until(int chan, struct span packet, int fd, int64_t deadline_ms)
{
	int rc;

	while ((rc = fd_send_now(chan, packet.p, packet.n, fd)) != 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK))
		if (fd_wait(chan, FD_WRITE, deadline_ms) != 1) {
			errno = ETIMEDOUT;
			break;
		}
	return rc;
}

int
ipc_client_send(struct ipc_client *c, const struct ipc_type *t,
    uint32_t request, const void *msg, int fd, struct why *why)
{
	struct buf packet;
	int rc;

	if (c->fd < 0)
		return broken(c, why, "channel is closed");
	if ((t->fd == IPC_FD_ONE) != (fd >= 0))
		bug("%s: descriptor does not fit the type", t->name);
	buf_init(&packet, IPC_PACKET_MAX);
	if (frame_pack(&packet, t, request, msg) != 0) {
		frame_wipe(&packet);
		/* A value that does not fit: nothing went out. */
		why_set(why, WHY_TEMP, "4.3.0", "%s: cannot say this (%s)",
		    c->peer, t->name);
		return -1;
	}
	rc = send_until(c->fd, buf_span(&packet), fd, clock_deadline(SEND_MS));
	if (rc != 0)
		rc = broken(c, why, errno == ETIMEDOUT ? "does not read" :
		    "channel broke");
	frame_wipe(&packet);
	return rc;
}

static enum frame_got
next_frame(struct ipc_client *c, int64_t deadline_ms, struct frame *f)
{
	enum frame_got got = FRAME_AGAIN;

	if (c->in_groups)
		got = frame_recv_now(c->fd, f);
	while (got == FRAME_AGAIN) {
		if (fd_wait(c->fd, FD_READ, deadline_ms) != 1)
			return FRAME_AGAIN;
		got = frame_recv(c->fd, f);
	}
	return got;
}

/* The type among types that f has, with its body and descriptor, or NULL. */
static const struct ipc_type *
judge(const struct ipc_type *const *types, size_t n, const struct frame *f,
    struct ipc_got *got)
{
	const struct ipc_type *t;

	for (size_t i = 0; i < n; i++) {
		t = types[i];
		if (t->num != f->type)
			continue;
		if (t->size > sizeof(got->msg))
			bug("%s is too large", t->name);
		if ((t->fd == IPC_FD_ONE) != (f->fd >= 0) ||
		    ipc_decode(t, f->body, f->body_len, &got->msg) != 0)
			return NULL;
		return t;
	}
	return NULL;
}

int
ipc_client_recv(struct ipc_client *c, const struct ipc_type *const *types,
    size_t n, int64_t deadline_ms, struct ipc_got *got, struct why *why)
{
	struct frame f;

	got->fd = -1;
	if (c->fd < 0)
		return broken(c, why, "channel is closed");
	switch (next_frame(c, deadline_ms, &f)) {
	case FRAME_OK:
		break;
	case FRAME_AGAIN:
		c->late = true;
		return broken(c, why, "no answer in time");
	case FRAME_END:
		return broken(c, why, "channel ended");
	case FRAME_NO_ROOM:
		return broken(c, why, "no room for a descriptor");
	case FRAME_BROKEN:
		return broken(c, why, "broken packet");
	}
	got->type = judge(types, n, &f, got);
	wipe(f.body, f.body_len);
	if (got->type == NULL) {
		fd_close(&f.fd);
		return broken(c, why, "unexpected message");
	}
	got->request = f.request;
	got->fd = f.fd;
	return 0;
}

int
ipc_call(struct ipc_client *c, const struct ipc_question *q, void *answer,
    int *answer_fd, struct why *why)
{
	const struct ipc_type *types[] = { q->answer, &refusal_type };
	struct ipc_got got;
	uint32_t request = c->next++;

	if (answer_fd != NULL)
		*answer_fd = -1;
	if (ipc_client_send(c, q->type, request, q->msg, q->fd, why) != 0 ||
	    ipc_client_recv(c, types, COUNT(types), q->deadline_ms, &got,
	    why) != 0)
		return -1;
	if (got.request != request) {
		fd_close(&got.fd);
		return broken(c, why, "answer to another question");
	}
	if (got.type == &refusal_type) {
		struct refusal no;

		memcpy(&no, got.msg.octets, sizeof(no));
		refusal_to_why(&no, why);
		return -1;
	}
	memcpy(answer, got.msg.octets, q->answer->size);
	wipe(got.msg.octets, q->answer->size);	/* it may be a password */
	if (answer_fd != NULL)
		*answer_fd = got.fd;
	else
		fd_close(&got.fd);
	return 0;
}
