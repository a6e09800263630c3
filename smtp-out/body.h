/*
 * body - the message from the queue file to the other host.
 */
#ifndef SMTP_OUT_BODY_H
#define SMTP_OUT_BODY_H

#include "base/base.h"
#include "base/why.h"
#include "net/stream.h"
#include "smtp-out/job.h"

/*
 * Sends all octets, dots stuffed, and not the final dot.
 * returns  0; -1 with why: the connection broke, or the file could not be
 *          read whole (then the message must not be ended)
 */
int	body_send(struct stream *s, const struct job_in *j, struct why *why)
	    must_use;
/* The final dot; from here on the message may have been taken. */
int	body_end(struct stream *s, struct why *why) must_use;

#endif
