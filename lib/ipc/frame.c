/*
 * frame - see frame.h.
 * The header is type and request id, big-endian; the packet's own length is
 * the body's.  A packet that was cut off, carried two descriptors or has no
 * whole header breaks the channel: what follows cannot be trusted either.
 */
#include "ipc/frame.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/secret.h"
#include "os/fd.h"

int
frame_pack(struct buf *out, const struct ipc_type *t, uint32_t request,
    const void *msg)
{
	uint8_t head[IPC_HEADER] = {
		(uint8_t)(t->num >> 8), (uint8_t)t->num,
		(uint8_t)(request >> 24), (uint8_t)(request >> 16),
		(uint8_t)(request >> 8), (uint8_t)request,
	};

	buf_clear(out);
	if (buf_room(out, IPC_PACKET_MAX) == NULL ||
	    buf_add(out, head, sizeof(head)) != 0)
		return -1;
	return ipc_encode(t, msg, out);
}

void
frame_wipe(struct buf *packet)
{
	if (packet->p != NULL)
		wipe(packet->p, packet->n);
	buf_fini(packet);
}

/* What fd_recv or one of fd_recv_many brought: n octets, or an error. */
static enum frame_got
judge(struct frame *f, ssize_t n, int error)
{
	const uint8_t *h = f->head;

	f->body_len = 0;
	f->type = (uint16_t)(h[0] << 8 | h[1]);
	f->request = (uint32_t)h[2] << 24 | (uint32_t)h[3] << 16 |
	    (uint32_t)h[4] << 8 | h[5];
	if (n < 0) {
		if (error == EAGAIN || error == EWOULDBLOCK)
			return FRAME_AGAIN;
		if (error == EMFILE)
			return FRAME_NO_ROOM;
		return error == ECONNRESET ? FRAME_END : FRAME_BROKEN;
	}
	if (n < IPC_HEADER) {
		fd_close(&f->fd);
		return n == 0 ? FRAME_END : FRAME_BROKEN;
	}
	f->body_len = (size_t)n - IPC_HEADER;
	return FRAME_OK;
}

/*
 * When the other end closes with unread packets of ours, the kernel reports
 * ECONNRESET once, before what it had sent to us: that is still good.
 */
static ssize_t
receive(int chan, uint8_t *packet, int *fd)
{
	ssize_t n = fd_recv(chan, packet, IPC_PACKET_MAX, fd);

	if (n < 0 && errno == ECONNRESET)
		n = fd_recv(chan, packet, IPC_PACKET_MAX, fd);
	return n;
}

enum frame_got
frame_recv(int chan, struct frame *f)
{
	uint8_t packet[IPC_PACKET_MAX];
	enum frame_got got;
	ssize_t n;

	f->fd = -1;
	memset(f->head, 0, sizeof(f->head));
	n = receive(chan, packet, &f->fd);
	if (n > 0)
		memcpy(f->head, packet, num_min((size_t)n, IPC_HEADER));
	got = judge(f, n, errno);
	if (f->body_len > 0)
		memcpy(f->body, packet + IPC_HEADER, f->body_len);
	if (n > 0)
		wipe(packet, (size_t)n);
	return got;
}

static size_t
receive_many(int chan, struct frame *v, int count, enum frame_got *got)
{
	struct fd_packet p[FRAMES_AT_ONCE];
	int n, i;

	for (i = 0; i < count; i++) {
		p[i] = (struct fd_packet){ .fd = -1, .head = v[i].head,
			.head_n = sizeof(v[i].head), .body = v[i].body,
			.body_n = sizeof(v[i].body) };
		v[i].fd = -1;
		memset(v[i].head, 0, sizeof(v[i].head));
	}
	n = fd_recv_many(chan, p, count);
	if (n < 0 && errno == ECONNRESET)	/* as above */
		n = fd_recv_many(chan, p, count);
	if (n <= 0) {
		got[0] = judge(&v[0], n, errno);
		return 1;
	}
	for (i = 0; i < n; i++) {
		v[i].fd = p[i].fd;
		got[i] = judge(&v[i], p[i].n, p[i].error);
		if (got[i] != FRAME_OK && got[i] != FRAME_NO_ROOM)
			break;
	}
	/* Behind a broken one nothing counts. */
	for (int k = i + 1; k < n; k++)
		fd_close(&p[k].fd);
	return (size_t)(i < n ? i + 1 : n);
}

size_t
frame_recv_many(int chan, struct frame *v, enum frame_got *got)
{
	return receive_many(chan, v, FRAMES_AT_ONCE, got);
}

enum frame_got
frame_recv_now(int chan, struct frame *f)
{
	enum frame_got got;

	return receive_many(chan, f, 1, &got) == 1 ? got : FRAME_BROKEN;
}
