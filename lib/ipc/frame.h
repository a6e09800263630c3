/*
 * frame - one packet on a channel: type, request id, body, at most one
 * descriptor.  For straight-line and event-driven programs alike.
 */
#ifndef IPC_FRAME_H
#define IPC_FRAME_H

#include <sys/types.h>

#include "base/base.h"
#include "base/buf.h"
#include "ipc/field.h"

struct frame {
	uint8_t	 head[IPC_HEADER];
	uint16_t type;
	uint32_t request;
	int	 fd;		/* -1: none; the receiver's to close */
	size_t	 body_len;
	uint8_t	 body[IPC_BODY_MAX];
};

/*
 * Pack a message; out is cleared first, and takes its whole room
 * (IPC_PACKET_MAX is its cap) at once: a buffer that grows would leave copies
 * behind.
 * returns  0, or -1: the message breaks its table.
 */
int	frame_pack(struct buf *out, const struct ipc_type *t,
	    uint32_t request, const void *msg) must_use;
/* As buf_fini, and nothing of the packet stays in memory: it may be a password. */
void	frame_wipe(struct buf *packet);
enum frame_got { FRAME_OK, FRAME_END, FRAME_AGAIN, FRAME_BROKEN, FRAME_NO_ROOM };
/*
 * One packet from a channel.  FRAME_BROKEN: close it.  FRAME_NO_ROOM: this
 * process has no room for its descriptor; that packet is lost, and no other;
 * frame_recv_many and frame_recv_now still tell its type and request.
 */
enum frame_got	frame_recv(int chan, struct frame *f) must_use;
#define FRAMES_AT_ONCE	8
/*
 * The packets that are there, up to FRAMES_AT_ONCE, by one call, without
 * waiting.
 * got      what each of v is, as frame_recv says it; only the last is another
 *          than FRAME_OK or FRAME_NO_ROOM
 * returns  how many; at least 1
 */
size_t	frame_recv_many(int chan, struct frame *v, enum frame_got *got)
	    must_use;
/* The same for one. */
enum frame_got	frame_recv_now(int chan, struct frame *f) must_use;

#endif
