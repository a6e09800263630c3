/*
 * conn - see conn.h.  Goodbye first, then the descriptor.
 */
#include "login/conn.h"

#include "os/fd.h"

ssize_t
conn_read(struct conn *c, void *p, size_t n, int *want)
{
	*want = FD_READ;
	return c->tls != NULL ? tls_read(c->tls, p, n, want) :
	    fd_read(c->fd, p, n);
}

ssize_t
conn_write(struct conn *c, const void *p, size_t n, int *want)
{
	*want = FD_WRITE;
	return c->tls != NULL ? tls_write(c->tls, p, n, want) :
	    fd_write(c->fd, p, n);
}

void
conn_close(struct conn *c)
{
	tls_free(&c->tls);
	fd_close(&c->fd);
}
