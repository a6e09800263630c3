/*
 * downgrade - 8-bit mail for a host that takes 7 bits (RFC 6152).
 */
#ifndef SMTP_OUT_DOWNGRADE_H
#define SMTP_OUT_DOWNGRADE_H

#include "base/base.h"
#include "base/why.h"
#include "net/dot.h"
#include "smtp-out/job.h"

/*
 * How the job's message leaves for a host of these capabilities: as it is, or
 * converted (j->downgraded); j->octets is its size then.
 * caps     enum ehlo_cap
 * returns  0; -1 with why: 5.6.3, it cannot be converted (signed, too big); or
 *	    the queue file could not be read
 */
int	downgrade_prepare(struct job_out *j, unsigned caps, struct why *why)
	    must_use;
/* Writes the converted message.  -1: the connection broke. */
int	downgrade_send(struct dot_out *out, const struct job_out *j) must_use;

#endif
