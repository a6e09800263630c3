/*
 * dane - what signed DNS demands of the TLS of a mail server: the rules of
 * RFC 7672 (SMTP) over RFC 6698 (TLSA records).  Pure: the answers are given.
 */
#ifndef TRUST_DANE_H
#define TRUST_DANE_H

#include "base/base.h"
#include "base/span.h"

/* One record, as it stands in DNS: three octets, then data (RFC 6698 2.1). */
struct dane_tlsa {
	uint8_t	    usage;	/* 2: an authority; 3: the server's own */
	uint8_t	    selector;	/* 0: whole certificate; 1: its public key */
	uint8_t	    matching;	/* 0: itself; 1: SHA-256; 2: SHA-512 */
	struct span data;	/* borrowed from rdata */
};
/* returns 0, or -1: it is none */
int	dane_tlsa_parse(struct span rdata, struct dane_tlsa *out) must_use;
/*
 * May SMTP use it?  Usages 0 and 1, which ask for a known authority as well,
 * may not; what has an unknown number or a digest of a wrong length neither.
 */
bool	dane_tlsa_usable(const struct dane_tlsa *r);

/* What a name server's answer came to. */
struct dane_answer {
	bool failed;		/* no answer, or one that is forged: SERVFAIL */
	bool found;		/* there are records */
	bool secure;		/* signed, and the signatures hold */
};

/*
 * The names under which TLSA records of a host may stand, best first.
 * host       as the MX record or the operator names it
 * addresses  what its address question came to
 * canonical  where CNAMEs of host led to; "" if it has none
 * alias      what the CNAME question for host came to: only looked at when
 *	      addresses is not secure and canonical is not ""
 * out        at most 2, borrowed
 * returns    how many; 0: no signed record can be there
 */
size_t	dane_bases(const char *host, const struct dane_answer *addresses,
	    const char *canonical, const struct dane_answer *alias,
	    const char *out[2]);

enum dane_verdict {
	DANE_NEXT,		/* nothing signed here: the next base, or none */
	DANE_ENCRYPT,		/* TLS, with whomever: all records unusable */
	DANE_PROVE,		/* TLS with a server that matches a record */
	DANE_AVOID		/* no word that can be trusted: not this host */
};
/* records, usable: of the TLSA answer for one base. */
enum dane_verdict dane_judge(const struct dane_answer *tlsa, size_t usable);

/* "_25._tcp.host".  -1: too long to exist, so no record can be there. */
int	dane_name(const char *base, uint16_t port, char *out, size_t size)
	    must_use;

#endif
