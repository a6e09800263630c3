/*
 * credential - the name and password by which a relay knows us: asked of lookupd
 * for each job whose route has one, and wiped with it.
 */
#ifndef SMTP_OUT_CREDENTIAL_H
#define SMTP_OUT_CREDENTIAL_H

#include "base/base.h"
#include "base/secret.h"
#include "base/why.h"
#include "ipc/client.h"

struct credential {
	struct secret user, password;
	uint64_t id;		/* of both together; 0: there is none */
};

/*
 * key      of the job; "": it has none, and out is empty
 * seed     of this process, random
 * returns  0; -1 with why (WHY_TEMP): lookupd cannot tell now, and nothing may
 *	    be sent
 */
int	credential_ask(struct ipc_client *lookupd, const char *key,
	    const uint8_t seed[16], struct credential *out, struct why *why)
	    must_use;
void	credential_fini(struct credential *c);	/* wipes */

#endif
