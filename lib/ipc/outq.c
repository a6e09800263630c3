/*
 * outq - see outq.h.
 * A server must not wait for a peer that does not read.  What does not go
 * out at once is kept here, counted in packets and octets, so that a peer
 * that stands still costs a known amount and then its channel.
 */
#include "ipc/outq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "os/fd.h"

struct outq_packet {
	STAILQ_ENTRY(outq_packet) next;
	int    fd;
	size_t n;
	char   octets[];
};

void
outq_init(struct outq *q, size_t octets_max, size_t n_max)
{
	*q = (struct outq){ .octets_max = octets_max, .n_max = n_max };
	STAILQ_INIT(&q->packets);
}

static void
drop_first(struct outq *q)
{
	struct outq_packet *p = STAILQ_FIRST(&q->packets);

	STAILQ_REMOVE_HEAD(&q->packets, next);
	q->n--;
	q->octets -= p->n;
	fd_close(&p->fd);
	wipe(p->octets, p->n);	/* it may be a password */
	free(p);
}

void
outq_fini(struct outq *q)
{
	while (!outq_empty(q))
		drop_first(q);
}

bool
outq_empty(const struct outq *q)
{
	return q->n == 0;
}

int
outq_add(struct outq *q, struct span packet, int fd)
{
	struct outq_packet *p;
	int copy = -1;

	if (q->n >= q->n_max || packet.n > q->octets_max - q->octets) {
		errno = ENOSPC;
		return -1;
	}
	if (fd >= 0 && (copy = fd_dup(fd)) < 0)
		return -1;
	p = xmalloc(sizeof(*p) + packet.n);
	p->fd = copy;
	p->n = packet.n;
	memcpy(p->octets, packet.p, packet.n);
	STAILQ_INSERT_TAIL(&q->packets, p, next);
	q->n++;
	q->octets += p->n;
	return 0;
}

enum outq_sent
outq_send(struct outq *q, int sock)
{
	struct outq_packet *p;

	while ((p = STAILQ_FIRST(&q->packets)) != NULL) {
		if (fd_send(sock, p->octets, p->n, p->fd) != 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ?
			    OUTQ_WAITING : OUTQ_BROKEN;
		drop_first(q);
	}
	return OUTQ_EMPTY;
}
