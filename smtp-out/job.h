/*
 * job - what qmgr wants sent, as received; the results on their way back; and
 * whether anybody still waits for them.
 */
#ifndef SMTP_OUT_JOB_H
#define SMTP_OUT_JOB_H

#include "base/base.h"
#include "base/buf.h"
#include "base/why.h"
#include "ipc/client.h"
#include "ipc/job_in.h"
#include "ipc/msg_deliver.h"

struct job_out {
	struct job_in	 in;
	uint64_t	 octets;	/* of the message for the present host */
	bool		 downgraded;	/* ... made 7 bits (downgrade.h) */
	bool		 utf8;		/* ... sent with SMTPUTF8 */
	char		*text;		/* all of it, where it was looked into */
	struct buf	 header;	/* other than that of the file, or empty */
	size_t		 header_was;	/* octets of the file that it is for */
	struct result	*results;	/* one each */
	bool		*settled;	/* has its result */
	bool		*soft;		/* ... "later", said before the message was
					   sent: another host may be kinder */
};

/* The channels of a worker, and how its present job stands. */
struct job_link {
	struct ipc_client qmgr, parent;
	char	id[ID_SIZE];		/* of the job */
	bool	in_doubt;		/* the final dot has been sent */
	bool	orphaned;		/* qmgr ended after it; parent knows */
};

/*
 * Wait for a job.
 * idle     a kept connection, or -1; *spoke: it has something to say, which
 *          can only be its end
 * returns  JOB_GOT; JOB_NONE: qmgr has ended this worker, or the wait is
 *          over, or the other host said something
 */
enum job_got { JOB_GOT, JOB_NONE };
enum job_got	job_receive(struct job_link *l, int idle, bool *spoke,
	    struct job_out *j, struct why *why) must_use;
void	job_fini(struct job_out *j);
/* Those with a soft result get another chance; false: there are none. */
bool	job_soften(struct job_out *j) must_use;
/* There was no chance: these results count after all. */
void	job_harden(struct job_out *j);

/*
 * All results and the end, to qmgr; to the parent, if qmgr is gone, what the
 * next one has to know.
 * returns  0; -1: qmgr is gone
 */
int	job_report(struct job_link *l, const struct job_out *j, bool reusable,
	    bool site_down) must_use;

/* Has qmgr hung up?  Nothing else can come while a job is under way. */
bool	job_abandoned(const struct job_link *l);
/*
 * Wait until fd can be read, deadline_ms has come, or nobody is left who
 * wants the result: qmgr, or after the final dot its parent.
 * returns  0: read (the deadline is seen there); -1: nobody is left
 */
int	job_wait(struct job_link *l, int fd, int64_t deadline_ms) must_use;

#endif
