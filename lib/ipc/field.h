/*
 * field - what a message looks like: one table per message type, from which
 * packing, unpacking and checking follow.  Pure.
 *
 * On the wire: integers octet by octet, big-endian; text and blobs with a
 * 16-bit length in front.  A message that is too long or too short, has a
 * value out of bounds, a control character or NUL in a text, or octets left over is
 * refused whole.
 */
#ifndef IPC_FIELD_H
#define IPC_FIELD_H

#include "base/base.h"
#include "base/buf.h"

#define IPC_PACKET_MAX	8192	/* octets, header included */
#define IPC_HEADER	6	/* type 16 bits, request id 32 bits */
#define IPC_BODY_MAX	(IPC_PACKET_MAX - IPC_HEADER)

enum ipc_kind { IPC_KIND_U8, IPC_KIND_U16, IPC_KIND_U32, IPC_KIND_U64,
	IPC_KIND_TEXT, IPC_KIND_BLOB };

struct ipc_field {
	const char   *name;
	enum ipc_kind kind;
	size_t	      at;	/* offset in the struct */
	size_t	      len_at;	/* blob: offset of its size_t length */
	uint64_t      min, max;	/* value, or length in octets; inclusive */
};

enum ipc_fd { IPC_FD_NONE, IPC_FD_ONE };	/* does it carry a descriptor? */

struct ipc_type {
	uint16_t    num;	/* unique; from enum ipc_num (catalogue.h) */
	const char *name;
	size_t	    size;	/* of the struct */
	enum ipc_fd fd;
	const struct ipc_field *fields;
	size_t	    nfields;
};

/* Table rows.  Bounds are inclusive; the build fails if an array is too small. */
#define IPC_INT_(type, member, kind_, lo, hi) \
	{ #member, kind_, offsetof(struct type, member), 0, lo, hi }
#define IPC_U8(type, member, lo, hi) \
	IPC_INT_(type, member, IPC_KIND_U8, lo, hi)
#define IPC_U16(type, member, lo, hi) \
	IPC_INT_(type, member, IPC_KIND_U16, lo, hi)
#define IPC_U32(type, member, lo, hi) \
	IPC_INT_(type, member, IPC_KIND_U32, lo, hi)
#define IPC_U64(type, member, lo, hi) \
	IPC_INT_(type, member, IPC_KIND_U64, lo, hi)
#define IPC_FITS_(type, member, n) \
	(0 * sizeof(char[sizeof(((struct type *)0)->member) >= (n) ? 1 : -1]))
#define IPC_TEXT(type, member, lo, hi) \
	{ #member, IPC_KIND_TEXT, \
	    offsetof(struct type, member) + IPC_FITS_(type, member, (hi) + 1), \
	    0, lo, hi }
#define IPC_BLOB(type, member, lo, hi) \
	{ #member, IPC_KIND_BLOB, \
	    offsetof(struct type, member) + IPC_FITS_(type, member, hi), \
	    offsetof(struct type, member##_len), lo, hi }

#define IPC_TYPE(type, num_, fd_, table) \
	{ .num = (num_), .name = #type, .size = sizeof(struct type), \
	    .fd = (fd_), .fields = (table), .nfields = COUNT(table) }
/* A message without fields still has a struct with one unused octet. */
#define IPC_TYPE_BARE(type, num_, fd_) \
	{ .num = (num_), .name = #type, .size = sizeof(struct type), \
	    .fd = (fd_), .fields = NULL, .nfields = 0 }

/*
 * Append the body of msg to out.
 * returns  0, or -1: msg breaks its own table (our bug: never sent).
 */
int	ipc_encode(const struct ipc_type *t, const void *msg, struct buf *out)
	    must_use;
/*
 * msg  zeroed, then filled; t->size octets
 * returns  0, or -1: refused (msg is all zero)
 */
int	ipc_decode(const struct ipc_type *t, const void *body, size_t n,
	    void *msg) must_use;

#endif
