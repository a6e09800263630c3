/*
 * outq - packets that a peer has not read yet: bounded, in order, each with
 * at most one descriptor.
 */
#ifndef IPC_OUTQ_H
#define IPC_OUTQ_H

#include <sys/queue.h>

#include "base/base.h"
#include "base/span.h"


struct outq_packet;
struct outq {
	STAILQ_HEAD(, outq_packet) packets;
	size_t n, octets;
	size_t n_max, octets_max;
};

void	outq_init(struct outq *q, size_t octets_max, size_t n_max);
void	outq_fini(struct outq *q);	/* drops all; usable after it */
bool	outq_empty(const struct outq *q);
/*
 * fd is duplicated (< 0: none).
 * returns  0; -1, nothing was added: errno ENOSPC over the bound, else no
 * duplicate could be had
 */
int	outq_add(struct outq *q, struct span packet, int fd) must_use;

enum outq_sent { OUTQ_EMPTY, OUTQ_WAITING, OUTQ_BROKEN };
/* Send until the socket (non-blocking) takes no more. */
enum outq_sent	outq_send(struct outq *q, int sock) must_use;

#endif
