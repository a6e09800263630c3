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
#include "smtp-out/secure.h"
#include "smtp-out/target.h"

/* The addresses still to be tried for one job. */
struct route_plan {
	struct target_hosts hosts;
	size_t		 host;		/* the next to be asked for */
	struct sock_addr addresses[ADDRESSES_MAX];
	size_t		 n, at;		/* of the current host */
	size_t		 tried;
	char		 name[256];	/* of the current host */
	struct secure	 secure;	/* what it must prove */
	enum demand	 demand;
	const char	*demand_why;
	char		 nexthop[256];	/* without brackets */
	char		 source[LOOKUP_SOURCE_MAX + 1];	/* of the route, or "" */
	char		 canonical[256];	/* of nexthop, by its MX */
	bool		 mx_signed;
	uint16_t	 port;
	bool		 login;		/* a password is to be said */
	bool		 login_proof;	/* ... to the right server only */
	bool		 private_too;	/* smtp_out_private */
	bool		 ourselves;	/* an address was left out as our own */
	bool		 private;	/* ... as one of a private network */
	bool		 failed;	/* then why is that of the hosts so far */
	struct why	 why;
};

/*
 * Find the hosts for this job.
 * returns  0, or -1 with why (site trouble or a permanent one)
 */
int	connect_plan(struct route_plan *p, const struct job *job,
	    struct ipc_client *dns, const struct conf_view *conf,
	    struct why *why) must_use;

/*
 * A host of the plan cannot take it.  One that may be kinder later is reason
 * to wait, whatever the others said.
 */
void	connect_failed(struct route_plan *p, const struct why *why);
/*
 * Connect to the next address that answers.
 * by      whose settings, name server and patience
 * fd      set: non-blocking
 * remote  "mx.example[192.0.2.1]", for results and logs
 * returns 0, or -1 with why: none is left, or nobody wants the result any more
 */
#define REMOTE_SIZE	256
struct connect_by {
	struct ipc_client *dns;
	const struct conf_view *conf;
	struct job_link *link;
};
int	connect_next(struct route_plan *p, const struct connect_by *by,
	    int *fd, char remote[REMOTE_SIZE], struct why *why) must_use;

/*
 * The next host of the plan, its addresses and its demands, without a
 * connection; what is wrong with it is in p->failed and p->why.
 * returns  false: there is none
 */
bool	connect_look(struct route_plan *p, struct ipc_client *dns);
/* Are there hosts that have not been tried? */
bool	connect_has_more(const struct route_plan *p);
/* The other addresses of the present host are the same server. */
void	connect_skip_host(struct route_plan *p);
/* The next connect_next() tries the same address once more. */
void	connect_step_back(struct route_plan *p);

#endif
