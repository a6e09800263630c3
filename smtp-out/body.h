/*
 * body - the message from the queue file to the other host.
 */
#ifndef SMTP_OUT_BODY_H
#define SMTP_OUT_BODY_H

#include "base/base.h"
#include "base/why.h"
#include "net/dot.h"
#include "smtp-out/job.h"

/* Octets of the message as it leaves. */
uint64_t body_octets(const struct job_out *j);
/*
 * Sends all octets, dots stuffed, and not the final dot.
 * out      for body_end
 * returns  0; -1 with why: the connection broke, or the file could not be
 *          read whole (then the message must not be ended, and the
 *          connection is of no more use)
 */
int	body_send(struct dot_out *out, struct stream *s,
	    const struct job_out *j, struct why *why) must_use;
/*
 * The final dot, after a line end if the last line has none.  From here on
 * the message may have been taken.
 */
int	body_end(struct dot_out *out, struct why *why) must_use;

/*
 * All of the message into memory (j->text), once; the caller has seen that it
 * is not over LOWER_MAX.  -1 with why: it cannot be read.
 */
int	body_load(struct job_out *j, struct why *why) must_use;
struct span	body_text(const struct job_out *j);	/* what was loaded */

#endif
