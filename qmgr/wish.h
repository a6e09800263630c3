/*
 * wish - what a client asked for with DSN (RFC 3461): of what its sender is to
 * be told for each recipient.
 */
#ifndef QMGR_WISH_H
#define QMGR_WISH_H

#include "qmgr/message.h"

struct wish {			/* of an envelope recipient, RFC 3461 */
	uint8_t	    notify;	/* enum queue_notify; 0: not said */
	struct span orcpt;	/* decoded, or empty */
};

/*
 * What the client wished for it.  A list's members have none of its wishes, the
 * members of an alias of several all but SUCCESS.
 * source  RFC 3461 5.2.7.1, 5.2.7.2, 5.2.7.3 (c)
 */
struct wish	rcpt_wish(const struct message *m, uint32_t i);
/* Was it replaced by recipients with another sender than the message's? */
bool	rcpt_is_list(const struct message *m, uint32_t i);
/*
 * Is its sender to be told of what (one of enum queue_notify)?
 * source  RFC 3461 4.1, 5.2: unless said, of failures and delays
 */
bool	rcpt_notify(const struct message *m, uint32_t i, unsigned what);

#endif
