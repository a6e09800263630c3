/*
 * master - what the files of this program share: the fleet of daemons, the
 * listeners, and the steps of each one's life.
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <event2/event.h>

#include "base/buf.h"
#include "conf/view.h"
#include "ipc/msg_super.h"
#include "ipc/server.h"
#include "master/edges.h"
#include "master/topology.h"
#include "os/namespace.h"
#include "os/spawn.h"

#define PATH_SIZE	512
#define RANGES_MAX	16	/* what a user namespace takes (os/namespace) */
#define LISTENERS_MAX	200
#define PROCS_MAX	64	/* with those that drain */
#define ROWS_MAX	32

/*
 * PROC_SPAWNED -> PROC_WIRED	HELLO came, all it needs was sent
 * PROC_WIRED -> PROC_READY	it serves
 * any -> PROC_DRAINING		told to stop
 * any -> PROC_NONE		ended
 */
enum proc_state { PROC_NONE, PROC_SPAWNED, PROC_WIRED, PROC_READY,
	PROC_DRAINING };

struct control;
struct slot;
struct proc {			/* one running process */
	struct master	*master;
	struct slot	*slot;
	pid_t		 pid;
	enum proc_state	 state;
	struct ipc_peer *peer;	/* its channel; NULL after its end */
	int64_t		 since_ms;
	struct event	*deadline;	/* to become ready, or to end */
	struct { enum role role; int fd; } waiting[ROWS_MAX];
	size_t		 nwaiting;	/* channels for it, until HELLO */
	bool		 end_asked;	/* SIGTERM was sent */
	unsigned	 judging;	/* keyd: how many JUDGED are due */
	bool		 refused;	/* keyd: some pair was */
};

struct slot {			/* one row of the table */
	struct master	*master;
	const struct topology_row *row;
	uint32_t	 uid, gid;
	struct id_range	 uids[RANGES_MAX], gids[RANGES_MAX];
	size_t		 nuids, ngids;
	bool		 wanted;
	struct proc	*now;	/* the one that serves, or NULL */
	uint64_t	 instance;
	uint64_t	 restarts;
	unsigned	 backoff_ms;
	struct event	*again;	/* restart timer */
	int64_t		 successor_ms;	/* when the last one was started */
	bool		 no_namespace;	/* it could not be had here */
};

struct listener {
	enum listener_kind kind;
	char	name[128];
	int	fd;
};

struct master {
	const char	 *conf_path;
	char		  libexec[PATH_SIZE];
	struct conf_view *conf;
	bool		  root;
	int		  lock;		/* the pid file */
	struct event_base *base;
	struct ipc_server *server;
	struct slot	  slots[ROWS_MAX];
	struct proc	 *procs[PROCS_MAX];
	struct edge	  edges[EDGES_MAX];
	struct control	 *control;
	struct certs	 *certs;	/* of the present settings */
	struct reloading *reloading;	/* keyd has yet to judge; or NULL */
	struct listener	  listeners[LISTENERS_MAX];
	size_t		  nlisteners;
	bool		  starting;	/* not all were ready yet */
	bool		  stopping;
	int		  exit_code;
};

/* prepare.c: what must be so before anything starts; complaints to errors. */
/* Rows, ids and ranges for the settings v into slots[ROWS_MAX]. */
int	prepare_slots(struct master *m, const struct conf_view *v,
	    struct slot *slots, struct buf *errors) must_use;
int	prepare_places(struct master *m, struct buf *errors) must_use;
int	prepare_lock(struct master *m, struct buf *errors) must_use;

/* listen.c */
int	listen_open(struct master *m, const struct conf_view *v,
	    struct buf *errors) must_use;
/* After a change of settings: those that v lacks are closed. */
void	listen_close_unwanted(struct master *m, const struct conf_view *v);
void	listen_close_all(struct master *m);
/* The kinds in which two configurations differ, as LISTENER_BIT()s. */
uint32_t listen_changed(const struct conf_view *a, const struct conf_view *b);

/* files.c: can every certificate and key be opened? */
int	files_check(const struct conf_view *v, struct buf *errors) must_use;
/* NULL, or why the key in that file is not to be used. */
const char *key_file_wrong(int fd);
/* Those that this daemon is to have, before its GO. */
void	files_send(struct master *m, struct proc *p);
/* pairs.c: of certificate_dir, to keyd.  stem: of which nothing is known. */
void	files_send_pair(struct master *m, struct proc *p, const char *stem);
/* Can the directory be opened? */
int	pairs_check(const struct conf_view *v, struct buf *errors) must_use;

/* start.c */
int	slot_start(struct master *m, struct slot *s) must_use;
struct slot *slot_of(struct master *m, enum role role);	/* or NULL */
extern const struct ipc_rule master_rules[];
extern const size_t master_rules_n;
void	proc_send_settings(struct master *m, struct proc *p);
/* Who cannot be told is ended, and started again with all it needs. */
void	proc_tell(struct proc *p, const struct ipc_type *t, const void *msg,
	    int fd);
void	proc_give_peer(struct proc *p, enum role role, int fd);
/* Start a fresh one in place of s->now, which drains when that is ready. */
bool	slot_succeed(struct master *m, struct slot *s);
int	log_channel_for_master(struct master *m) must_use;

/* watch.c */
void	watch_children(struct master *m);
void	watch_channel_closed(struct ipc_peer *peer, void *ctx);
void	proc_stop(struct master *m, struct proc *p);
void	proc_deadline(struct proc *p, unsigned ms);
void	proc_free(struct master *m, struct proc *p);
/* Start it again after a delay that grows with short lives. */
void	watch_restart(struct slot *s, int64_t lived_ms);
void	watch_ready(struct master *m, struct proc *p);
void	fleet_stop(struct master *m);

/* control.c */
int	control_open(struct master *m, struct buf *errors) must_use;
void	control_close(struct master *m);

#endif
