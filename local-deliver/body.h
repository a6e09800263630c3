/*
 * body - the message in its queue file: read with pread(2), never mapped; a
 * file that is shorter than qmgr said is a temporary failure.
 */
#ifndef LOCAL_DELIVER_BODY_H
#define LOCAL_DELIVER_BODY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/why.h"
#include "local-deliver/job.h"

/* The beginning of the message, at most out's cap, appended to out. */
int	body_head(const struct job_in *j, struct buf *out, struct why *why)
	    must_use;
/* n octets from offset on; the same as long as the file is. */
int	body_read(const struct job_in *j, uint64_t offset, void *p, size_t n,
	    struct why *why) must_use;
/*
 * What a delivery puts in front (RFC 5321 4.4: Return-Path at final delivery;
 * Delivered-To against loops), with CRLF.
 */
int	body_added(struct buf *out, const struct job_in *j,
	    const struct job_rcpt *rcpt) must_use;

#endif
