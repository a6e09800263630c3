/* ask_queue - all that a session asks of qmgr. */
#ifndef SMTPD_ASK_QUEUE_H
#define SMTPD_ASK_QUEUE_H

#include "base/base.h"
#include "base/id.h"
#include "base/why.h"
#include "smtpd/session.h"

/*
 * A new file in the queue.
 * size     octets that the client declared, or 0
 * id       set: its name
 * returns  a descriptor open for writing, the caller's; or -1 with why
 */
int	ask_queue_new(struct session *s, uint64_t size, char id[ID_SIZE],
	    struct why *why) must_use;
/*
 * The file is complete, synced and closed: make it part of the queue.
 * returns  0: on stable storage under its name, the message is ours (RFC
 *	    5321 6.1); -1 with why (WHY_TEMP): perhaps, perhaps not: say 451
 */
int	ask_queue_commit(struct session *s, const char *id, struct why *why)
	    must_use;
/* Forget the file.  (The end of the channel would say the same.) */
void	ask_queue_abort(struct session *s, const char *id);

#endif
