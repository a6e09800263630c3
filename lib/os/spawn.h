/*
 * spawn - start a program with exactly the descriptors and nothing else of
 * ours; plain fork for a session of a confined listener; the ends of children.
 */
#ifndef OS_SPAWN_H
#define OS_SPAWN_H

#include <sys/types.h>

#include "base/base.h"

/*
 * fork and exec path with argv and an empty environment but for PATH=/usr/bin:/bin,
 * in a new session, signals at their defaults and unblocked, umask 077.
 * fds   the child gets fds[i] as descriptor i (-1: /dev/null); all others closed
 * returns  pid, or -1 with errno (also when the exec failed)
 */
pid_t	spawn(const char *path, char *const argv[], const int *fds, size_t n)
	    must_use;
/* As spawn; cwd and the environment given.  For pipe deliveries. */
struct spawn_how {
	const char *cwd;
	char *const *env;
};
pid_t	spawn_with(const char *path, char *const argv[], const int *fds,
	    size_t n, const struct spawn_how *how) must_use;

/* exec in place of this process, environment as spawn; returns only to fail. */
int	spawn_replace(const char *path, char *const argv[]) must_use;

/* fork: 0 in the child, pid in the parent, -1.  The child reseeds nothing. */
pid_t	spawn_fork(void) must_use;

struct spawn_end {
	pid_t pid;
	int   code;	/* exit status, or -1 */
	int   signal;	/* that killed it, or 0 */
	bool  fault;	/* SEGV BUS ILL ABRT FPE SYS */
};
/* An ended child, without waiting: true and *end, or false. */
bool	spawn_reap(struct spawn_end *end) must_use;
/* Waits for this one; 0: *end; -1 EAGAIN at the deadline. */
int	spawn_wait(pid_t pid, int64_t deadline_ms, struct spawn_end *end) must_use;
int	spawn_kill(pid_t pid, int sig);
/* All that spawn()'s child pid has started and that did not leave its group. */
int	spawn_kill_group(pid_t pid, int sig);
pid_t	spawn_self(void);	/* getpid, never cached over fork */
/*
 * This process, and those that it forks from now on, take no processor away
 * from whoever wakes them: what comes in large numbers is then worked off in
 * groups.  Their share of the time stays the same.  Where the system knows no
 * such thing: nothing.
 */
void	spawn_in_batches(void);
/* SIGKILL to this process when its parent ends (where the system can). */
void	spawn_die_with_parent(void);

#endif
