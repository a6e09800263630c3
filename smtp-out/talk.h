/*
 * talk - one SMTP or LMTP connection, from the greeting to QUIT, in a straight
 * line; serves one job after the other.
 */
#ifndef SMTP_OUT_TALK_H
#define SMTP_OUT_TALK_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/client.h"
#include "net/stream.h"
#include "smtp-out/connect.h"
#include "smtp-out/job.h"
#include "smtp-out/outcome.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"

struct talk {
	struct stream stream;
	bool	     open;
	bool	     lmtp;
	struct ehlo  ehlo;
	struct reply reply;	/* the last one */
	char	     remote[REMOTE_SIZE];
};

/*
 * Take the greeting and introduce ourselves.
 * fd       owned from here on
 * looked_up  a host that greets with our own name is ourselves
 * returns  0, or -1 with why: not with this host (the connection is closed)
 */
struct talk_start {
	int	    fd;
	bool	    lmtp, looked_up;
	const char *hostname;
	const char *remote;
};
int	talk_open(struct talk *t, const struct talk_start *how,
	    struct why *why) must_use;

/*
 * Send one message.
 * qmgr     asked before the final dot: a job whose qmgr is gone is given up
 * returns  TALK_DONE, TALK_CLOSED: every recipient has its result;
 *          TALK_NEXT_HOST with why: nothing was decided
 */
enum outcome_talk talk_send(struct talk *t, struct job_in *j,
	    struct ipc_client *qmgr, struct why *why) must_use;

/* QUIT without waiting long, and close. */
void	talk_close(struct talk *t);

#endif
