/*
 * confine - the irreversible steps by which a process gives up its rights:
 * root directory, user, capabilities, limits, Landlock, system-call filter.
 * Each step verifies its own effect.  What the platform lacks is reported in
 * `missing`; the caller decides whether that is fatal.
 */
#ifndef OS_CONFINE_H
#define OS_CONFINE_H

#include "base/base.h"
#include "base/why.h"
#include "os/namespace.h"

/* What a process may still ask of the system, from narrow to wide. */
enum sandbox {
	SANDBOX_STDIO,	/* read write fsync send recv poll mmap time exit, on
			 * what is open: no open, no socket, no process */
	SANDBOX_FORK,	/* SANDBOX_STDIO and fork, wait, kill, socketpair, accept */
	SANDBOX_FILES,	/* SANDBOX_STDIO and open, rename, link, fsync, stat ... */
	SANDBOX_FILES_FORK,	/* FILES and FORK: qmgr's sync helper, deliverers */
	SANDBOX_NET,	/* SANDBOX_FORK and socket, connect, bind for inet */
	SANDBOX_OWNER,	/* FILES_FORK and set*id, chroot, capset: mailbox parents */
	/* Code that we do not know: all but what reaches beyond the process. */
	SANDBOX_MODULES, /* of PAM: no program, no change of ids either */
	SANDBOX_PROGRAMS /* of users */
};

#define CONFINE_ANY_SIZE	UINT64_MAX	/* files: as inherited */
#define CONFINE_LOCK_MAX	((size_t)256 * MIB) /* memory that may be locked */

struct confine {
	const char *name;	/* for messages */
	const char *jail;	/* chroot here (after chdir); NULL: none */
	bool	 drop_ids;	/* become uid, gid, no groups */
	uint32_t uid, gid;
	bool	 keep_owner_caps; /* SETUID SETGID SYS_CHROOT KILL (a namespace) */
	/* SANDBOX_OWNER: the ids that set*id may name; none: set*id is refused. */
	const struct id_range *owner_uids, *owner_gids;
	size_t	 owner_uids_n, owner_gids_n;	/* at most 16 */
	enum sandbox sandbox;
	size_t	 mem_max_octets;  /* RLIMIT_AS; 0: none (sanitizer builds skip it) */
	bool	 lock_memory;	/* of mem_max_octets: none ever goes to swap */
	unsigned nofile;	/* RLIMIT_NOFILE */
	unsigned nproc;		/* RLIMIT_NPROC; 0: no new process at all */
	uint64_t fsize_octets;	/* RLIMIT_FSIZE: 0: it writes no file */
	/*
	 * Directories that stay usable (Landlock): descriptors, ended by -1.
	 * Both NULL: in classes with files all that the jail holds, in the
	 * others nothing.
	 */
	const int *read_dirs;
	const int *write_dirs;
	/* SANDBOX_NET: TCP connections to these ports only (Landlock); 0: any. */
	const uint16_t *tcp_ports;
	size_t	 tcp_ports_n;
	bool	 scope_signals;	/* Landlock scope: no signals, abstract sockets out */
};

struct confine_report {
	bool chrooted, ids_dropped, caps_dropped, no_new_privs, undumpable,
	    landlocked, filtered;
	int  unlocked;		/* errno, if memory could not be locked; or 0 */
	int  landlock_abi;	/* 0: none */
	char missing[160];	/* words of what could not be had, or "" */
};

/*
 * All steps, in the one right order.  Core dumps off, not dumpable,
 * no_new_privs always.
 * returns  0, or -1 with why when a step that should work failed (the process
 * must end); a layer that the system does not have is no failure but `missing`.
 */
int	confine(const struct confine *c, struct confine_report *r,
	    struct why *why) must_use;

/*
 * A child of a process that kept the owner capabilities becomes the owner of
 * a mailbox for good: confine_become_owner() sets the ids, leaves only the
 * right to chroot, and verifies that there is no way back;
 * confine_enter_mailbox() makes dir the root directory, drops the last
 * capability, and takes Landlock on the new root with signal scope.  Then
 * confine_narrow() must follow.
 * dir  descriptor of the directory that becomes the root; < 0: no chroot
 * unprivileged  true: ids are as they should be already (one-user operation)
 */
int	confine_become_owner(uint32_t uid, uint32_t gid, bool unprivileged,
	    struct why *why) must_use;
int	confine_enter_mailbox(int dir, bool unprivileged, struct why *why)
	    must_use;
/* No file of this process grows beyond it; never higher than before. */
int	confine_file_size(uint64_t octets, struct why *why) must_use;
/* A further filter for this process and its children; only narrows. */
int	confine_narrow(enum sandbox sandbox, struct why *why) must_use;

/*
 * The same for a parent of many: making the filter takes a millisecond,
 * loading a made one in each child some microseconds.
 * returns  NULL with why: it cannot be made
 */
struct confine_filter;
struct confine_filter *confine_filter_new(enum sandbox sandbox,
	    struct why *why) must_use;
void	confine_filter_free(struct confine_filter **f);
/* In a child: as confine_narrow(). */
int	confine_filter_load(const struct confine_filter *f, struct why *why)
	    must_use;

#endif
