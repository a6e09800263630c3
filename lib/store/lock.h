/*
 * lock - dotlocks as Dovecot makes and honours them.  No lock is held while a
 * client is read or written.
 *
 * A dotlock is NAME.lock made with O_EXCL that holds "pid:host".  It is stale
 * when that pid is gone (on this host) or the system was started since, when it
 * is empty for 2 s, or when it has not changed for 120 s; then it is taken over.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "base/base.h"
#include "base/why.h"

#define LOCK_STALE_S	120
#define LOCK_EMPTY_S	2	/* its maker ended before it could sign it */
#define LOCK_WAIT_MS	30000	/* longer than anybody keeps one */

struct dotlock {
	int  dir;		/* borrowed */
	int  fd;		/* -1: not held */
	char name[64];		/* "dovecot-uidlist.lock" */
	uint64_t inode;		/* of the lock file, so that only ours is removed */
};
#define DOTLOCK_NONE	((struct dotlock){ .dir = -1, .fd = -1 })

/*
 * dir      borrowed; must stay open while the lock is held
 * name     of the file that is protected
 * wait_ms  0: only try
 * returns  0; -1 errno EAGAIN: somebody has it; other: no lock can be made
 */
int	dotlock_take(struct dotlock *l, int dir, const char *name,
	    int64_t wait_ms) must_use;
/* true: still ours; a lock that took too long may have been taken over. */
bool	dotlock_held(const struct dotlock *l);
/* To be called before a step that takes long: renews its time. */
void	dotlock_touch(struct dotlock *l);
void	dotlock_drop(struct dotlock *l);

/* This host's name as lock files have it; learnt at the first call. */
const char *lock_host(void);

/* The file of the one POP3 session of a mailbox (RFC 1939 section 4). */
#define LOCK_POP3	"paquebot-pop3.lock"

#endif
