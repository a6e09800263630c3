/*
 * generic - other addresses for a message that leaves: those of its envelope and
 * of its header, where the map generic has some for them (lookupd).
 */
#ifndef SMTP_OUT_GENERIC_H
#define SMTP_OUT_GENERIC_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/client.h"
#include "smtp-out/job.h"

/*
 * Changes j's sender, recipients and (j->header) header.  Results go by the
 * index of a recipient, so qmgr speaks of it by the address that it knows.
 * returns  0; -1 with why (WHY_TEMP): lookupd cannot tell now, or the queue file
 *	    could not be read; then nothing of j may be sent
 */
int	generic_apply(struct ipc_client *lookupd, struct job_out *j,
	    struct why *why) must_use;

#endif
