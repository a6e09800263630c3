/*
 * ask_dns - all that a worker asks of dnsd.
 */
#ifndef SMTP_OUT_ASK_DNS_H
#define SMTP_OUT_ASK_DNS_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/client.h"
#include "ipc/msg_dns.h"
#include "smtp-out/secure.h"

/* -1 with why: there is no answer at all. */
int	ask_dns(struct ipc_client *dns, enum dns_kind kind, const char *name,
	    struct dns_answer *answer, struct why *why) must_use;
/*
 * What signed DNS demands of host goes into s.
 * addresses  the answer to the question for host's
 * port       of the connection
 * returns    0; -1 with why: no word can be trusted, or none is there and one
 *	      is demanded; then host must be left alone
 */
struct ask_dane {
	const char *host;
	const struct dns_answer *addresses;
	uint16_t port;
	bool	 only;		/* else nothing is as good as no demand */
};
int	ask_dane(struct ipc_client *dns, const struct ask_dane *how,
	    struct secure *s, struct why *why) must_use;

#endif
