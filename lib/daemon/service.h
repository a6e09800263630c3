/*
 * service - what every daemon's main() calls, in this order: begin, (open
 * what the job needs), confine, serve, loop, end.  Descriptor 3 is the channel
 * to master, 4 the one to logd; nothing else is inherited.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <event2/event.h>

#include "base/base.h"
#include "conf/view.h"
#include "ipc/msg_super.h"
#include "ipc/roles.h"
#include "ipc/server.h"
#include "os/confine.h"
#include "os/namespace.h"
#include "os/spawn.h"

/* No mailbox, queue or index file is larger; a session of smtpd has less. */
#define SERVICE_FILE_MAX	((uint64_t)8 << 30)

struct service {
	const char  *name;
	enum role    role;
	enum sandbox sandbox;
	size_t	     mem_max_octets;	/* RLIMIT_AS, 0: none */
	bool	     lock_memory;	/* none of it goes to swap */
	bool	     in_batches;	/* os/spawn: nobody waits at a keyboard */
	const char  *mem_per;		/* a number of the settings, or NULL: */
	size_t	     mem_each_octets;	/* for each of that so much more */
	unsigned     nofile;
	unsigned     nproc;		/* processes of this user; 0: no fork */
	uint64_t     file_max_octets;	/* RLIMIT_FSIZE; 0: writes no file */
};

/*
 * Take the channels, say hello, receive identity, settings, peers, listeners
 * and files until GO.  Started by hand (no channel): says so and exits 64.
 */
void	service_begin(const struct service *svc, int argc, char **argv);
/*
 * Give up all rights for good (os/confine), or end the process.
 * read_dirs, write_dirs  descriptors ended by -1, or NULL
 */
void	service_confine(const int *read_dirs, const int *write_dirs);
/*
 * Before that, for SANDBOX_NET: TCP connections go to these n ports only, where
 * the kernel's Landlock knows ports.  ports: the caller's until then.
 */
void	service_confine_ports(const uint16_t *ports, size_t n);
bool	service_privileged(void);	/* false: all runs under one user id */
uint64_t service_instance(void);
/* The ranges of mailbox owners' ids; returns how many were copied. */
size_t	service_ranges(bool group, struct id_range *out, size_t most);

const struct conf_view *service_conf(void);
struct event_base *service_base(void);

struct service_listener {
	enum listener_kind kind;
	const char *name;
	int	    fd;
};
/* Those that master gave, in order of configuration; false past the last. */
bool	service_listener(size_t i, struct service_listener *out);
/* A file that master opened, or -1 (it stays the service's). */
int	service_file(const char *name);
/* The same, and it is the caller's to close from now on. */
int	service_take_file(const char *name) must_use;

/*
 * Before confinement: make map_dir the working directory, for Berkeley DB knows
 * only paths; or end the process.
 * returns  its descriptor, the service's for good
 */
int	service_enter_maps(void);

/*
 * Serve: the peers that master gave, and those it gives later, become peers of
 * srv.  At most once.
 */
void	service_serve(struct ipc_server *srv);
/* When the last channel to a daemon ends, master hears of it.  srv: filled by
   `peer` below (service_serve() does it itself); or a channel of no server. */
void	service_watch_peers(struct ipc_server *srv);
void	service_peer_ended(enum role role);
/*
 * Beside a server: channels to that one role, now and later, go to take (which
 * owns them) and not to the server.  Before service_serve(); at most once.
 */
void	service_divert(enum role role, void (*take)(int fd));

/* What a daemon wants to hear; all optional, set before service_loop. */
struct service_events {
	void (*reload)(void *ctx);	/* service_conf() is the new one */
	/* fd: an operator's connection, the handler's to close */
	void (*control)(const struct super_control *c, int fd, void *ctx);
	void (*child)(const struct spawn_end *end, void *ctx);
	/* STOP or SIGTERM: begin to end; service_loop_end() when done.  NULL:
	   the loop ends at once.  A SIGTERM after it ends the loop. */
	void (*stop)(void *ctx);
	/* A listener's predecessor still serves these. */
	void (*carry)(const struct super_carry *c, void *ctx);
	/* In place of service_serve: a channel to that role, the handler's. */
	void (*peer)(enum role role, int fd, void *ctx);
	/* The answer to service_ask_pair(): the certificate and then the
	   key, or -1 for none; fd stays the service's. */
	void (*pair)(const char *stem, bool is_key, int fd, void *ctx);
	/* The log channel was ended and is another now. */
	void (*new_log)(void *ctx);
	void *ctx;
};
void	service_on(const struct service_events *events);
/* Tells master READY, then turns until it is time to stop. */
void	service_loop(void);
void	service_loop_end(void);
int	service_end(void);		/* exit code for main() */

/* logd alone: that role has no channel to it any more. */
void	service_log_ended(enum role role);

/* keyd's verdicts on the pairs of `certificates`: the bad ones, then the end. */
void	service_pair_refused(size_t index, bool kept, const char *why);
void	service_pairs_judged(void);

/* keyd's question for a pair of certificate_dir.  -1: it cannot be asked. */
int	service_ask_pair(const char *stem) must_use;

/*
 * For a child that outlives a log channel: pass it the one that we have now, on
 * our socket pair with it, without waiting; and in the child, of a packet of n
 * octets that came with *fd: was it that?  Then it is in use, and *fd is -1.
 */
void	service_pass_log(int child);
bool	service_took_log(ssize_t n, int *fd) must_use;

/* Ask master for a fresh exec of this daemon that takes over the listeners. */
void	service_ask_successor(void);
/* For the successor; lost without one. */
void	service_carry(const struct super_carry *c);

/*
 * In the child of a fork: closes every descriptor but standard ones, the log
 * channel and keep[n] (ascending order not needed); signals at defaults; the
 * parent's event base is never touched again.
 */
void	service_after_fork(const int *keep, size_t n);

#endif
