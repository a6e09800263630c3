/*
 * msg_deliver - qmgr and the deliverers.
 *
 * qmgr makes a channel for each worker and sends its other end to the parent
 * (smtp-out, local-deliver) with OUT_WORKER or LOCAL_WORKER; the parent forks
 * a worker that holds it.  On that channel: JOB with the queue file open for
 * reading, JOB_RCPT for each recipient, JOB_GO; back come one RESULT per
 * recipient (and RESULT_FORWARD before it, where an owner's forward file sends
 * the mail on), then JOB_END; then perhaps the next JOB for the same
 * destination or mailbox.  A channel that ends before JOB_END: recipients
 * without a result are tried again later.  qmgr closes the channel of an idle
 * worker.
 *
 * A worker of a mailbox may get a row of jobs, each of one recipient: JOB_GO
 * says that another one comes at once.  It takes them all before it answers,
 * and may sync their messages together; RESULT and JOB_END come for one job
 * after the other, in their order.
 *
 * A worker whose qmgr ended after it had said all to the other host finishes,
 * and its parent tells the next qmgr: ORPHAN while it lasts, ORPHAN_RESULT
 * after.
 */
#ifndef IPC_MSG_DELIVER_H
#define IPC_MSG_DELIVER_H

#include "base/id.h"
#include "base/why.h"
#include "ipc/catalogue.h"
#include "ipc/msg_lookup.h"

struct out_worker {		/* qmgr -> smtp-out, with the channel */
	uint8_t generic;	/* it asks what stands for each address */
	uint8_t auth;		/* it asks for the log-in of its jobs */
};
struct local_worker {		/* qmgr -> local-deliver, with the channel */
	char	 user[LOOKUP_ADDRESS_MAX + 1];
	uint32_t uid, gid;
	char	 home[512];
	char	 maildir[512];
	uint8_t	 system_user;
};

#define JOB_RCPTS_MOST	1000	/* qmgr gives fewer: JOB_RCPTS_MAX */
#define JOB_ROW_MOST	16	/* jobs in a row */
#define JOB_FORWARDS_MAX 100	/* of one forward file: RESULT_FORWARDs */

struct job {			/* with the queue file */
	char	 id[ID_SIZE];
	char	 sender[LOOKUP_ADDRESS_MAX + 1];	/* "" for <> */
	uint64_t at_octets;	/* where the message begins in the file */
	uint64_t size_octets;
	uint8_t	 body_8bit;	/* BODY=8BITMIME was said, or needed */
	uint8_t	 transport;
	char	 nexthop[256];	/* smtp-out; pipe: the command's name */
	uint16_t port;
	uint8_t	 tls;		/* enum demand; smtp-out */
	char	 source[LOOKUP_SOURCE_MAX + 1];	/* smtp-out: from where */
	char	 auth[LOOKUP_ADDRESS_MAX + 1];	/* smtp-out: key of its log-in */
	uint8_t	 smtputf8;	/* RFC 6531: only to hosts that know it */
	uint8_t	 ret;		/* RFC 3461 4.3: 0, 1 FULL, 2 HDRS */
	char	 envid[101];	/* decoded, or "" */
	uint32_t nrcpts;
};
struct job_rcpt {
	uint32_t index;		/* qmgr's; comes back in the result */
	char	 address[LOOKUP_ADDRESS_MAX + 1];
	char	 original[LOOKUP_ADDRESS_MAX + 1];	/* as first given */
	char	 detail[65];
	uint8_t	 notify;	/* enum queue_notify (queue/format.h) */
	char	 orcpt[501];	/* decoded, or "" */
};
struct job_go {
	uint8_t	 more;		/* the next job of the row follows */
};

enum result_kind { RESULT_DONE, RESULT_LATER, RESULT_NEVER };
/*
 * The status of a local DONE whose mail is in no mailbox, but with those of its
 * RESULT_FORWARDs (RFC 3463 3.2: X.1.5, destination address valid).
 */
#define RESULT_ESC_FORWARDED	"2.1.5"
struct result {
	uint32_t index;
	uint8_t	 kind;
	char	 esc[WHY_ESC_SIZE];
	char	 text[512];	/* reply or error, printable, one line */
	char	 remote[256];	/* host and address that said so, or "" */
	uint8_t	 told;		/* DONE: that host cares for RFC 3461 now */
};
struct result_forward {		/* this recipient also goes to ... */
	uint32_t index;
	char	 address[LOOKUP_ADDRESS_MAX + 1];
};
struct job_end {
	uint8_t	reusable;	/* may get another job */
	uint8_t	site_down;	/* nobody there: back off for the destination */
};
struct orphan {			/* parent -> new qmgr */
	char	 id[ID_SIZE];
};
struct orphan_result {
	char	 id[ID_SIZE];
	uint32_t index;
	uint8_t	 kind;
	char	 esc[WHY_ESC_SIZE];
	char	 text[512];
};

extern const struct ipc_type out_worker_type, local_worker_type, job_type,
    job_rcpt_type, job_go_type, result_type, result_forward_type,
    job_end_type, orphan_type, orphan_result_type;

#endif
