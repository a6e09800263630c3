/*
 * limits - every number of qmgr that is no setting, and why it is what it is.
 */
#ifndef QMGR_LIMITS_H
#define QMGR_LIMITS_H

#include "base/base.h"

/* Receiving. */
#define SESSIONS_MAX		20000	/* smtp_clients_max at most */
#define OPEN_FILES_MAX		5000	/* of sessions, not yet committed */
#define RESERVE_UNDECLARED	(1 * MIB)	/* no SIZE= was said */
#define INODES_MIN		200	/* for ourselves: bounces, moves */
#define SPACE_AGE_MS		200	/* how long a look at the disk is good */

/* In memory. */
#define RCPTS_MESSAGE_MAX	200000	/* of one message, expanded */
#define RCPTS_MAX		1000000	/* of all: 100 octets each */
#define WAITING_MAX		2000000	/* deferred: 30 octets each */
#define DESTS_MAX		200000	/* with their routes */
#define ENVELOPE_MEMORY		(64 * MIB)	/* while one is parsed */
#define LOG_FDS_MAX		256	/* queue files open for their log */
#define MESSAGE_FDS_MAX		512	/* kept from commit to the first job */
#define LOG_PENDING_MAX		(1 * MIB)	/* lines no disk took yet */
#define LOG_PENDING_FLUSH	(64 * KIB)	/* of a long expansion, at once */
#define LOG_LATER_MAX		(64 * MIB)	/* a log beyond it takes no more
						   reasons for delay */

/* Reading back. */
#define LOAD_STEP		(4 * MIB)	/* checked per turn of the loop */
#define LOAD_PER_TURN		50	/* messages begun per turn */
#define RELOAD_S		300	/* after an error of the disk */

/* Questions to lookupd.  Its answers must fit our queue there and back. */
#define QUESTIONS_MAX		256	/* a power of two */
#define QUESTIONS_MESSAGE_MAX	16	/* so that a long list lets others in */
#define QUESTION_MS		60000
#define EXPANSION_MEMORY	(128 * MIB)	/* answers not yet complete */

/* Jobs. */
#define JOB_RCPTS_MAX		100	/* RFC 5321 4.5.3.1.8: all take that many */
#define WINDOW_START		5	/* jobs at once to a new destination */
#define DOWN_FIRST_S		60	/* back-off of a site that is down ... */
#define DOWN_MAX_S		900	/* ... doubled up to this */
#define DEST_FORGET_S		600	/* what was learned about an idle one */
#define WORKER_IDLE_MS		5000
#define WORKER_TURNS_MAX	5	/* rows of jobs while others have none */
#define ROW_OCTETS_MAX		(1 * MIB)	/* of messages: others wait for it */
#define ROW_FDS_MAX		1024	/* with workers, beyond one for each */
#define WORKERS_MAX		5000	/* smtp_out_max, deliver_max at most */
#define PIPES_MAX		20	/* programs at once */
#define RESULTS_PER_SYNC	200	/* at most so many are sent twice after
					   a loss of power */

/* Reports. */
#define REPORT_RCPTS_MAX	1000	/* in one report */
#define REPORT_HEADER_MAX	(32 * KIB)	/* of the message, returned */
#define REPORT_WHOLE_MAX	(64 * KIB)	/* where the whole was asked for */
#define REPORT_MAX		(4 * MIB)

/* The ledger. */
#define COMPARE_AFTER_S		60	/* of start: what was found is loaded */
#define STRANGE_AFTER_S		600	/* from a session's last write to COMMIT */

/* Peers that end. */
#define ORPHAN_MS		600000	/* a delivery that outlives its qmgr */
#define ORPHAN_AFTER_MS		1000	/* after one result: others come now */
#define ORPHAN_GRACE_MS		2000	/* parents tell of theirs within it */
#define ORPHANS_MAX		10000
#define STOP_MS			4000	/* for jobs that run, at the end */
#define LOCK_MS			5000	/* for the predecessor to be gone */

/* Operators. */
#define CONTROLS_MAX		16	/* connections at once */
#define MINES_MAX		8	/* users who look at their own mail */
#define CONTROL_MS		60000
#define LIST_MAX		200000	/* lines of one list */
#define SHOW_MAX		(1 * MIB)
#define PAUSES_MAX		1000	/* destinations, accounts, transports */
#define PAUSE_NAME_MAX		320

#endif
