/*
 * target - which hosts to try, in which order.  Pure: DNS answers and random
 * numbers are passed in.
 */
#ifndef SMTP_OUT_TARGET_H
#define SMTP_OUT_TARGET_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "ipc/msg_dns.h"
#include "os/sock.h"
#include "smtp-out/limits.h"

struct target_host {
	uint16_t preference;
	char	 name[256];
};

struct target_hosts {
	struct target_host v[HOSTS_MAX];
	size_t	n;
	bool	looked_up;	/* by MX: may turn out to be ourselves */
};

/* Is it "[host]", which means that host and no MX look-up? */
bool	target_is_literal(struct span nexthop);
/* The one host of "[host]". */
int	target_from_literal(struct span nexthop, struct target_hosts *out,
	    struct why *why) must_use;
/*
 * From the answer to the MX question for domain.
 * me       our host name: hosts of its preference and worse are dropped
 * random   returns 0 .. bound - 1; orders hosts of equal preference
 * returns  0, or -1 with why: no such domain, null MX (RFC 7505), we are the
 *          best MX, or DNS has no answer now
 * source   RFC 5321 5.1
 */
int	target_from_mx(struct span domain, const struct dns_answer *mx,
	    struct span me, uint32_t (*random)(uint32_t bound),
	    struct target_hosts *out, struct why *why) must_use;

/*
 * The addresses of one host, each family in the order of DNS, IPv6 and IPv4
 * taking turns so that a broken family costs one timeout, not all.
 * rules    what is left out and counted: unusable addresses always; where MX
 *	    led to the host, loopback ones, and those of private networks unless
 *	    they are allowed
 * returns  how many were written, at most most
 */
struct target_rules {
	bool	looked_up;	/* the host's name comes from DNS */
	bool	private_too;
};
struct target_left {
	size_t	ourselves, private;
};
size_t	target_addresses(const struct dns_answer *answer,
	    const struct target_rules *rules, struct sock_addr *out,
	    size_t most, struct target_left *left);

#endif
