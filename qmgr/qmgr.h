/*
 * qmgr - what the parts of this program share.  Each part has its own struct
 * and its own header; here is only where they find each other.
 */
#ifndef QMGR_QMGR_H
#define QMGR_QMGR_H

#include <event2/event.h>
#include <sys/queue.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/id.h"
#include "ipc/server.h"
#include "mail/dsn_words.h"
#include "qmgr/ledger.h"
#include "qmgr/retry.h"
#include "qmgr/schedule.h"
#include "queue/entry.h"

struct message;
TAILQ_HEAD(messages, message);

struct settings {
	struct retry_conf retry;
	char	 hostname[256];
	char	 postmaster[321];	/* "": nobody */
	uint64_t free_min_octets;
	uint64_t message_max_octets;
	size_t	 active_max, messages_max;
	unsigned workers_max[CLASS_COUNT];
	int64_t	job_ms;		/* a worker's silence during a job */
	unsigned dest_jobs_max;
	struct dsn_words_file words;	/* of reports; points into ... */
	char	*words_text;	/* ... this, or NULL: none */
};

struct qmgr {
	struct settings	   set;
	struct queue	   queue;
	struct id_maker	   ids;
	uint8_t		   seed[16];
	struct event_base *base;
	struct ipc_server *server;
	struct hash	  *messages;	/* in memory, by id */
	size_t		   rcpts;	/* of all of them */
	struct messages	   ripe;	/* to be looked at in this turn */
	struct messages	   loading;
	struct messages	   log_open;	/* oldest first */
	size_t		   log_open_n, fds_n;
	struct schedule	  *schedule;
	struct sync	  *sync;
	struct receive	  *receive;	/* commit.c */
	struct waiting	  *waiting;
	struct orphans	  *orphans;
	struct expand	  *expand;
	struct dispatch	  *dispatch;
	struct control	  *control;
	struct pause	  *pause;
	struct ledger	   ledger;
	struct event	  *work, *second;	/* turn.c */
	unsigned	   seconds;
	uint32_t	   job_serial;
	bool		   stopping;
	int64_t		   stop_ms;
	struct event	  *stop;
};

/* Something changed: look at ripe messages, questions and jobs this turn. */
void	qmgr_wake(struct qmgr *q);
/* Fewer messages in memory than allowed? */
bool	qmgr_room(const struct qmgr *q);
void	qmgr_new_id(struct qmgr *q, char id[ID_SIZE]);

#endif
