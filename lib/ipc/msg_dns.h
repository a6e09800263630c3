/*
 * msg_dns - questions to dnsd.
 */
#ifndef IPC_MSG_DNS_H
#define IPC_MSG_DNS_H

#include "base/span.h"
#include "ipc/catalogue.h"

enum dns_kind { DNS_MX, DNS_ADDRESS /* A and AAAA */, DNS_PTR, DNS_TXT,
	DNS_TLSA, DNS_CNAME };
enum dns_status { DNS_OK, DNS_NXDOMAIN, DNS_NODATA, DNS_TEMPORARY };

struct dns_ask {
	uint8_t kind;
	char	name[256];	/* without a dot at the end; PTR: an address */
};

#define DNS_RECORDS_MAX	7000	/* octets */
struct dns_answer {
	uint8_t	 status;
	uint8_t	 secure;	/* the resolver vouches for all replies that
				   came (AD); dns_validating, else 0 */
	uint32_t ttl_s;		/* smallest */
	char	 canonical[256];	/* where CNAMEs led to, or "" */
	uint8_t	 records[DNS_RECORDS_MAX];
	size_t	 records_len;
};
extern const struct ipc_type dns_ask_type, dns_answer_type;

/* Records are packed one after the other; these are the only readers. */
struct dns_record {
	uint16_t preference;	/* MX */
	uint8_t	 family;	/* address: 4 or 6 */
	uint8_t	 ip[16];
	char	 text[256];	/* MX, PTR, CNAME: host ("" = "."); TXT: text */
	struct span data;	/* TLSA: RFC 6698 2.1; borrowed */
};
/* -1: no room left; then the rest is left out. */
int	dns_records_add(struct dns_answer *a, uint8_t kind,
	    const struct dns_record *r) must_use;
/* at starts at 0.  1: *r is filled, spans point into a; 0: end; -1: broken. */
int	dns_records_next(const struct dns_answer *a, uint8_t kind, size_t *at,
	    struct dns_record *r) must_use;

#endif
