/*
 * talk - one SMTP or LMTP connection, from the greeting to QUIT, in a straight
 * line; serves one job after the other.
 */
#ifndef SMTP_OUT_TALK_H
#define SMTP_OUT_TALK_H

#include "base/base.h"
#include "base/why.h"
#include "net/stream.h"
#include "net/tls_client.h"
#include "smtp-out/connect.h"
#include "smtp-out/credential.h"
#include "smtp-out/job.h"
#include "smtp-out/outcome.h"
#include "smtp-out/secure.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"

struct talk {
	struct stream stream;
	struct job_link *link;	/* who waits for results; borrowed */
	int64_t	     until_ms;	/* for all answers of a job together */
	bool	     open;
	bool	     lmtp;
	bool	     in_data;	/* behind 354, before the final dot */
	struct ehlo  ehlo;
	struct reply reply;	/* the last one */
	char	     remote[REMOTE_SIZE];
	const char  *no_tls;	/* why it is in the clear, or NULL: */
	struct tls_facts tls;
	enum tls_proof proven;
	const char  *tls_why;	/* on whose wish, for logs */
	bool	     tls_failed;	/* and no further word may be said */
	const char  *mech;	/* by which we have logged in, or NULL */
	bool	     login_refused;	/* for good, as long as we say the same */
	bool	     login_wanted;	/* it said so, and so did the log */
};

/*
 * Take the greeting, introduce ourselves, go over to TLS as secure says, and
 * log in where there is a log-in.
 * Afterwards all holds that it demands.
 * fd       owned from here on
 * looked_up  a host that greets with our own name is ourselves
 * returns  0, or -1 with why: not with this host (the connection is closed)
 */
struct talk_start {
	int	    fd;
	struct job_link *link;
	bool	    lmtp, looked_up;
	const char *hostname;
	const char *remote;
	const struct tls_client *tls;
	const struct secure *secure;
	bool	    plain;		/* TLS failed before, and need not be */
	const char *host;		/* its name, for SNI */
	const struct credential *login;	/* id 0: none */
};
int	talk_open(struct talk *t, const struct talk_start *how,
	    struct why *why) must_use;

/*
 * Send one message.  A job whose qmgr is gone is given up before the final dot.
 * returns  TALK_DONE, TALK_CLOSED: every recipient has its result;
 *          TALK_NEXT_HOST with why: nothing was decided
 */
enum outcome_talk talk_send(struct talk *t, struct job_out *j,
	    struct why *why) must_use;

/* QUIT without waiting long, and close; in a message: close. */
void	talk_close(struct talk *t);

#endif
