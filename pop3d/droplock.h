/*
 * droplock - one session at a time has a maildrop (RFC 1939 4): a lock on a
 * file of the mail root, which the system drops with the process.
 *
 * A session whose client says nothing for a while lends it: another log-in may
 * then have the maildrop.  Before its next command it asks for it back, and has
 * it again if nobody took it meanwhile.
 */
#ifndef POP3D_DROPLOCK_H
#define POP3D_DROPLOCK_H

#include "base/base.h"
#include "base/why.h"

struct droplock {
	int	fd;		/* -1: none */
	bool	held;
	int64_t	since_ns;	/* mark of this log-in: the file's time */
};
#define DROPLOCK_NONE	((struct droplock){ .fd = -1 })

enum droplock_result {
	DROPLOCK_TAKEN,
	DROPLOCK_IN_USE,	/* another session has it */
	DROPLOCK_TOO_SOON,	/* RFC 2449 6.5: the last log-in was just now */
	DROPLOCK_FAILED
};

/*
 * root     the mail root
 * wait_s   for somebody who has it to lend it or to end
 * delay_s  that must have passed since the last log-in that was taken; 0: none
 * why      set for all but DROPLOCK_TAKEN
 */
enum droplock_result droplock_take(struct droplock *l, int root,
	    unsigned wait_s, unsigned delay_s, struct why *why) must_use;
void	droplock_lend(struct droplock *l);
/* false: another session has it, or has had it; it is lost for good. */
bool	droplock_back(struct droplock *l) must_use;
void	droplock_drop(struct droplock *l);

#endif
