/*
 * reply - what the reply of a name server says to one question.  Pure.
 */
#ifndef DNSD_REPLY_H
#define DNSD_REPLY_H

#include "base/base.h"
#include "base/span.h"
#include "ipc/msg_dns.h"

enum reply_type {		/* RFC 1035 3.2.2, RFC 3596 2.1, TLSA */
	REPLY_A = 1, REPLY_CNAME = 5, REPLY_SOA = 6, REPLY_PTR = 12,
	REPLY_MX = 15, REPLY_TXT = 16, REPLY_AAAA = 28, REPLY_TLSA = 52
};
enum reply_got {
	REPLY_RECORDS,		/* or none that could be used */
	REPLY_NODATA,		/* the name is there, no record of the type */
	REPLY_NXDOMAIN,
	REPLY_FAILED		/* it says nothing: broken, refused, cut */
};

#define REPLY_TTL_NEGATIVE_S	60	/* where no SOA tells (RFC 2308 5) */
#define REPLY_CNAMES_MAX	16	/* in a row */

struct reply {
	bool	 secure;	/* AD: the resolver vouches for all of it */
	bool	 left_out;	/* a record whose name is no text */
	uint32_t ttl_s;		/* smallest of what counts; negative: of SOA */
	char	 canonical[256];	/* where CNAMEs led to; "" if nowhere */
	/* Called for each record of the type; a span lives for the call. */
	void   (*take)(void *ctx, const struct dns_record *r);
	void	*ctx;
};

/*
 * octets  one whole message
 * name    that was asked for, without a dot at the end
 * out     take and ctx are set by the caller; ttl_s and canonical are filled.
 *	   Nothing that was taken counts if the result is REPLY_FAILED.
 * source  RFC 1035 4.1, 4.1.4
 */
enum reply_got reply_read(struct span octets, const char *name,
    enum reply_type type, struct reply *out);

#endif
