/*
 * proxyproto - the header by which a proxy says whose connection it passes on
 * (PROXY protocol of haproxy, versions 1 and 2).  Pure.  It is parsed from
 * exactly its own octets, because what follows may be TLS.
 */
#ifndef NET_PROXYPROTO_H
#define NET_PROXYPROTO_H

#include "base/base.h"
#include "base/span.h"
#include "os/sock.h"

#define PROXYPROTO_MAX	1024	/* octets; version 2 may carry extras */

enum proxyproto_got { PROXYPROTO_MORE, PROXYPROTO_DONE, PROXYPROTO_BAD };

struct proxyproto {
	size_t	want;		/* MORE: so many octets belong to it for sure */
	bool	known;		/* false: the proxy's own connection, or one
				   that it can say nothing about */
	struct sock_addr client;	/* where it is known */
};

/*
 * head     the octets so far, none of what follows the header
 * returns  MORE: read out->want octets and ask again; DONE; BAD: no header
 */
enum proxyproto_got proxyproto_parse(struct span head,
	    struct proxyproto *out) must_use;

#endif
