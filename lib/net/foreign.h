/*
 * foreign - the first octets of a client that speaks another protocol, by
 * mistake or because somebody makes it do so.  Pure.
 */
#ifndef NET_FOREIGN_H
#define NET_FOREIGN_H

#include "base/base.h"
#include "base/span.h"

/* A request line of HTTP: a word that no mail client says first. */
bool	foreign_is_http(struct span line);
/* A record that begins a TLS handshake: RFC 8446 5.1 and B.3, RFC 5246 A.1. */
bool	foreign_is_tls(struct span first);
/* Is there enough of it for the two above to decide? */
bool	foreign_looked_at(struct span first);

#endif
