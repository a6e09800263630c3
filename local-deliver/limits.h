/*
 * limits - every number of local-deliver, and why.
 */
#ifndef LOCAL_DELIVER_LIMITS_H
#define LOCAL_DELIVER_LIMITS_H

#include "base/base.h"
#include "ipc/msg_deliver.h"

#define JOB_WAIT_MS	30000	/* between the packets of a job */
#define IDLE_MS		300000	/* qmgr ends idle workers sooner */

/* The header is looked through for Delivered-To: no more than this of it. */
#define HEAD_MAX	(256 * KIB)
#define READ_STEP	(32 * KIB)	/* of the queue file at once */
/* What is put in front: two fields with one address each. */
#define ADDED_MAX	(2 * KIB)

/* A forward file that is larger is not used; mail stays in the mailbox. */
#define FORWARD_FILE_MAX (32 * KIB)
#define FORWARD_MAX	JOB_FORWARDS_MAX	/* addresses */

/* RFC 5321 4.5.3.2.6 gives a receiver 10 minutes for a whole message. */
#define PIPE_MS		300000	/* then the program is killed */
#define PIPE_OUTPUT_MAX	(4 * KIB)	/* kept; more is read and dropped */
#define PIPE_STEP_MS	100	/* between two looks whether it has ended */
#define PIPE_WORDS_MAX	32	/* of a configured command */

#endif
