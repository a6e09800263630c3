/*
 * conn - a client's connection, in the clear or under TLS.
 */
#ifndef LOGIN_CONN_H
#define LOGIN_CONN_H

#include <sys/types.h>

#include "base/base.h"
#include "net/tls.h"

struct conn {
	int	    fd;		/* non-blocking */
	struct tls *tls;	/* NULL: in the clear */
};

/*
 * Octets, 0 at the end, or -1 with errno; for EAGAIN *want is what to wait for
 * (enum fd_event).
 */
ssize_t	conn_read(struct conn *c, void *p, size_t n, int *want) must_use;
ssize_t	conn_write(struct conn *c, const void *p, size_t n, int *want)
	    must_use;
void	conn_close(struct conn *c);

#endif
