/*
 * frame - see frame.h.
 * The header is type and request id, big-endian; the packet's own length is
 * the body's.  A packet that was cut off, carried two descriptors or has no
 * whole header breaks the channel: what follows cannot be trusted either.
 */
#include "ipc/frame.h"

#include <errno.h>
#include <string.h>

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
	ssize_t n;

	f->fd = -1;
	f->body_len = 0;
	n = receive(chan, packet, &f->fd);
	if (n < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return FRAME_AGAIN;
		if (errno == EMFILE)
			return FRAME_NO_ROOM;
		return errno == ECONNRESET ? FRAME_END : FRAME_BROKEN;
	}
	if (n == 0) {
		fd_close(&f->fd);
		return FRAME_END;
	}
	if (n < IPC_HEADER) {
		fd_close(&f->fd);
		return FRAME_BROKEN;
	}
	f->type = (uint16_t)(packet[0] << 8 | packet[1]);
	f->request = (uint32_t)packet[2] << 24 | (uint32_t)packet[3] << 16 |
	    (uint32_t)packet[4] << 8 | packet[5];
	f->body_len = (size_t)n - IPC_HEADER;
	memcpy(f->body, packet + IPC_HEADER, f->body_len);
	wipe(packet, (size_t)n);
	return FRAME_OK;
}
