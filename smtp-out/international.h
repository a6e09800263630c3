/*
 * international - what of a job needs SMTPUTF8, and what becomes of it with a
 * host that does not offer it (RFC 6531 3.2, 3.4).
 */
#ifndef SMTP_OUT_INTERNATIONAL_H
#define SMTP_OUT_INTERNATIONAL_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "smtp-out/job.h"

/*
 * Decide whether MAIL says SMTPUTF8 (j->utf8) to a host of these capabilities.
 * Recipients that it could not be told of get their result: 5.6.7.
 * caps     enum ehlo_cap
 * remote   the host, for the reason
 * returns  0; -1 with why: the whole message cannot go there (5.6.7), or the
 *	    queue file could not be read
 */
int	international_prepare(struct job_out *j, unsigned caps,
	    const char *remote, struct why *why) must_use;

/*
 * Does this message have UTF-8 in a header, its own or one of a part (RFC 6531
 * 3.2: at any level)?  Pure.
 */
bool	international_header(struct span message);

#endif
