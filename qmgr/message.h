/*
 * message - a queued message in memory, while something is done about it.
 * Those that only wait are an id and a time (waiting.h).
 *
 * States and edges:
 *	COMMITTING	its session waits for the directory -> ACTIVE, GONE
 *	LOADING		being read back and checked -> ORPHANED, ACTIVE, GONE
 *	ORPHANED	a worker of our predecessor still has it -> ACTIVE, GONE
 *	ACTIVE		a pass: all that are not settled get a try
 *			-> REPORTING, GONE
 *	REPORTING	a report is being made durable -> ACTIVE, GONE
 *	GONE		removed, or put back to wait; freed
 *
 * Recipients, within a pass:
 *	NEW -> ASKED -> ROUTED -> QUEUED -> TRYING -> DONE, LATER, NEVER
 *	ASKED -> SYNCING -> EXPANDED (its targets are further recipients)
 *	ROUTED -> SAME (another one goes to the same place: shares its result)
 *	any of these but DONE and EXPANDED -> LATER, NEVER;  LATER -> NEVER
 *	a lost worker: TRYING -> ROUTED;  no more lookupd: ASKED -> NEW
 *	read back from the log: NEW, LATER -> DONE, LATER, NEVER;
 *	EXPANDED -> NEW;  new pass: LATER -> NEW;  orphan: NEW, LATER -> DONE, NEVER
 */
#ifndef QMGR_MESSAGE_H
#define QMGR_MESSAGE_H

#include "base/buf.h"
#include "qmgr/qmgr.h"
#include "queue/states.h"

enum message_state { MSG_COMMITTING, MSG_LOADING, MSG_ORPHANED, MSG_ACTIVE,
	MSG_REPORTING, MSG_GONE };

enum rcpt_state { RCPT_NEW, RCPT_ASKED, RCPT_SYNCING, RCPT_ROUTED,
	RCPT_QUEUED, RCPT_TRYING, RCPT_SAME, RCPT_DONE, RCPT_LATER,
	RCPT_NEVER, RCPT_EXPANDED, RCPT_STATES };

#define RCPT_NOBODY	UINT32_MAX	/* no recipient's number */

struct rcpt {
	struct span address;	/* what lookupd is asked for */
	struct span to;		/* where that led; address until then */
	struct span owner;	/* envelope sender instead of the message's */
	struct span detail;
	struct dest *dest;	/* a reference, from ROUTED on; or NULL */
	uint32_t root;		/* the envelope recipient that it came from */
	uint32_t parent;	/* whose target or forward it is, or NOBODY */
	uint32_t children, child;	/* how many, and the last or NOBODY */
	uint32_t same;		/* next of those that share the result, or NOBODY */
	uint32_t next;		/* next of its bundle, or NOBODY */
	uint32_t job;		/* serial of its job */
	uint32_t reason;	/* of the last delay that was logged, hashed */
	int64_t	 until;		/* LATER: not before that time ... */
	struct retry_error error;	/* ... because of this */
	uint8_t	 state;		/* rcpt_enter() */
	uint8_t	 forwards;	/* added by its forward file in this try */
	bool	 fixed;		/* a target: where it goes is in the log */
	bool	 too_many, circle;	/* forwards; they lead back to it */
	bool	 forwarded;	/* DONE, but by its forward file alone */
	bool	 reported;	/* its sender knows how it ended, or will */
	bool	 tried, again;	/* in this pass; its worker died once in it */
};

struct bundle; struct piece; struct held; struct wish;
TAILQ_HEAD(bundles, bundle);
TAILQ_HEAD(helds, held);

struct message {
	struct qmgr *q;
	char	     id[ID_SIZE];
	enum queue_state   place;
	enum message_state state;
	int64_t	     arrival;	/* seconds since 1970 */
	int64_t	     age_s, age_at;	/* as of the last pass (retry.h) */
	int64_t	     due;	/* this pass, as the last one had it */
	unsigned     passes;
	bool	     warned, body_8bit, smtputf8;
	bool	     expired, paused;	/* by age; some recipients, by an operator */
	uint8_t	     order;	/* enum order, when nothing is under way any more */
	bool	     recovered;	/* read back: a predecessor may have a worker */
	uint64_t     at_octets, size_octets;	/* of the message in the file */
	struct span  from;
	struct span  account;	/* who had logged in to send it, or empty */
	struct rcpt *rcpts;	/* the first envelope_n are the envelope's */
	struct span *originals, *verps;	/* of those; or NULL: no such senders */
	struct wish *wishes;	/* of those, or NULL: nobody has any */
	struct span  envid;
	uint8_t	     ret;	/* enum queue_ret */
	uint32_t     n, size, envelope_n;
	uint32_t     count[RCPT_STATES];
	uint32_t     ask_from;	/* no NEW recipient stands before this one */
	struct piece *pieces;	/* memory of the texts */
	int	     fd;	/* for reading, or -1: given to the first job */
	int	     log_fd;	/* or -1 */
	uint64_t     log_end;
	bool	     log_torn, log_lost;	/* no end; a line found no room */
	struct buf   log_pending;	/* lines that are not in the file yet */
	unsigned     unsynced, syncs;	/* results since the last; that run */
	struct hash *targets;	/* text of a place -> number + 1 of its taker */
	struct bundles bundles;
	struct flow  flow;
	struct helds helds;	/* results that wait for a sync */
	unsigned     asking;	/* questions out */
	unsigned     jobs;	/* that run */
	struct load *load;	/* while LOADING */
	bool	     is_ripe, is_asking, is_log_open;	/* in these lists */
	TAILQ_ENTRY(message) ripe, loading, log_open, asks;
};

/* Empty; NULL: it is there already. */
struct message *message_new(struct qmgr *q, const char *id,
	    enum queue_state place, enum message_state state);
/* Out of memory, whatever happened to the file; no sync may be running. */
void	message_free(struct message *m);
/* Its descriptor for reading: kept, or closed if there are many. */
void	message_keep_fd(struct message *m, int fd);
struct message *message_find(struct qmgr *q, const char *id);

/* Take over the envelope (copied). */
void	message_fill(struct message *m, const struct queue_head *h);
struct span	message_keep(struct message *m, struct span s);	/* for its life */
void	message_enter(struct message *m, enum message_state to);
/* Look at it in this turn. */
void	message_ripe(struct message *m);

/* Number of a new recipient, or NOBODY: too many. */
uint32_t message_add(struct message *m, uint32_t parent, struct span address);
/* Forget the recipients from number n on (of a log that was torn there). */
void	message_cut(struct message *m, uint32_t n);
void	rcpt_enter(struct message *m, uint32_t i, enum rcpt_state to);
/* Which envelope sender a recipient's mail has. */
struct span	rcpt_sender(const struct message *m, uint32_t i);
/* Did i come from j, by whatever targets and forward files? */
bool	rcpt_descends(const struct message *m, uint32_t i, uint32_t j);
struct span	rcpt_original(const struct message *m, uint32_t i);
uint32_t message_under_way(const struct message *m);	/* in this pass */

/*
 * Append a line to the log in the file.  What no disk takes now is kept for the
 * next time (up to LOG_PENDING_MAX).  -1: not in the file (yet).
 */
int	message_log(struct message *m, const struct queue_log *l);
/* It may stay in memory until the next sync, which fails without room there. */
void	message_log_add(struct message *m, const struct queue_log *l);
/* Lines that are not in the file yet: try again.  0: none is left. */
int	message_flush(struct message *m);
/* Sync the file; done(ok, arg) then.  done may be NULL. */
void	message_sync(struct message *m, void (*done)(struct message *m,
	    bool ok, void *arg), void *arg);

#endif
