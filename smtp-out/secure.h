/*
 * secure - what must hold of a connection to one host before mail may go over
 * it.  Pure.
 */
#ifndef SMTP_OUT_SECURE_H
#define SMTP_OUT_SECURE_H

#include "base/base.h"
#include "base/demand.h"
#include "base/why.h"
#include "conf/view.h"
#include "ipc/msg_dns.h"
#include "net/tls_client.h"

enum secure_least {
	SECURE_CLEAR,		/* TLS is not even tried */
	SECURE_MAY,		/* TLS where it works */
	SECURE_TLS,		/* TLS, and what the handshake demands */
	SECURE_PROVEN		/* TLS with a server that has proven itself */
};

struct secure {
	enum secure_least least;
	enum tls_proof proof;		/* that the handshake asks for */
	const char *why;		/* for logs; a constant */
	const char *dane;		/* what DNS has for it, or NULL: not asked */
	char	    names[TLS_NAMES_MAX][258];
	size_t	    nnames;
	/* With DANE: the name under which the records stand, and these. */
	char	    base[256];
	struct tls_tlsa tlsa[TLS_TLSA_MAX];
	size_t	    ntlsa;
	struct dns_answer records;	/* to which tlsa points */
};

/* How the host was found. */
struct secure_path {
	const char *nexthop;	/* the domain of MX records, or the host */
	const char *canonical;	/* where CNAMEs of the domain led to, or "" */
	const char *host;
	bool	    by_mx;	/* host comes from DNS, not from the operator */
	bool	    mx_signed;	/* and DNS has proven it */
};

/* The demand that counts for a job, and in *why whose it is. */
enum demand	secure_demand(uint8_t of_route, const struct conf_view *conf,
	    const char **why);
/*
 * What a demand means for one host, before any question of DANE: what that
 * adds comes by secure_by_dane().
 */
void	secure_host(struct secure *s, enum demand demand,
	    const struct secure_path *path);
/*
 * Signed DNS has spoken: TLS, with proof if there are usable records.
 * only  nothing but that proof will do
 */
void	secure_by_dane(struct secure *s, bool usable, bool only);
/*
 * A password is to be said there: never less than TLS, and with proof the right
 * server, by DANE or else by an authority.  Behind all that DNS says.
 */
void	secure_for_login(struct secure *s, bool proof,
	    const struct secure_path *path);
/* For a handshake with host (SNI); borrows from s. */
void	secure_want(const struct secure *s, const char *host,
	    struct tls_want *want);
const char *secure_proof_name(enum tls_proof proof);

#endif
