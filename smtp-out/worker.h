/*
 * worker - the process that sends: one destination, job after job.
 */
#ifndef SMTP_OUT_WORKER_H
#define SMTP_OUT_WORKER_H

#include "base/base.h"
#include "conf/view.h"
#include "net/tls_client.h"

/*
 * Never returns.
 * qmgr    channel on which jobs come
 * dns     channel to dnsd
 * lookup  channel to lookupd, or -1: there is nothing to be asked
 * generic whether something may stand for an address there
 * parent  channel for results that no qmgr is there to take
 */
struct worker_channels {
	int  qmgr, dns, lookup, parent;
	bool generic;
};
_Noreturn void	worker_run(const struct worker_channels *c,
	    const struct conf_view *conf, const struct tls_client *tls);

#endif
