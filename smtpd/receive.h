/*
 * receive - what DATA and BDAT have in common: from an opened message to the
 * answer that makes it ours.
 */
#ifndef SMTPD_RECEIVE_H
#define SMTPD_RECEIVE_H

#include "base/base.h"
#include "base/why.h"
#include "smtpd/intake.h"
#include "smtpd/reply.h"
#include "smtpd/session.h"

/* intake_begin(), and a line in the log if it fails. */
int	receive_begin(struct session *s, struct intake *in, struct why *why)
	    must_use;
/*
 * Did reading come to the end of its block?  false: the session is at its end,
 * and the client has been told where that was possible.
 */
bool	receive_ended(struct session *s, enum dot_result r) must_use;
/*
 * Judge the message, commit it, answer.
 * whole  all of it is there; false: it is lost before that
 */
void	receive_judge(struct session *s, struct intake *in, bool whole);
/* The message that comes in chunks is not wanted any more; if there is one. */
void	receive_drop(struct session *s);
/* 451, 452 or 554 (RFC 5321 4.2.3). */
unsigned	receive_failure_code(const struct why *why);

#endif
