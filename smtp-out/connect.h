/*
 * connect - a connection to one of the hosts that take a destination's mail.
 */
#ifndef SMTP_OUT_CONNECT_H
#define SMTP_OUT_CONNECT_H

#include "base/base.h"
#include "base/why.h"
#include "conf/view.h"
#include "ipc/client.h"
#include "smtp-out/job.h"
#include "smtp-out/target.h"

/* The addresses still to be tried for one job. */
struct route_plan {
	struct target_hosts hosts;
	size_t		 host;		/* the next to be asked for */
	struct sock_addr addresses[ADDRESSES_MAX];
	size_t		 n, at;		/* of the current host */
	size_t		 tried;
	char		 name[256];	/* of the current host */
	uint16_t	 port;
	bool		 ourselves;	/* an address was left out as our own */
};

/*
 * Find the hosts for this job.
 * returns  0, or -1 with why (site trouble or a permanent one)
 */
int	connect_plan(struct route_plan *p, const struct job *job,
	    struct ipc_client *dns, const struct conf_view *conf,
	    struct why *why) must_use;

/*
 * Connect to the next address that answers.
 * fd      set: non-blocking
 * remote  "mx.example[192.0.2.1]", for results and logs
 * returns 0, or -1 with why: none is left (why is the last failure)
 */
#define REMOTE_SIZE	256
int	connect_next(struct route_plan *p, struct ipc_client *dns,
	    const struct conf_view *conf, const char *id, int *fd,
	    char remote[REMOTE_SIZE], struct why *why) must_use;

#endif
