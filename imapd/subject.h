/*
 * subject - the base subject by which messages are sorted and threaded (RFC
 * 5256 section 2.1).  Pure.
 */
#ifndef IMAPD_SUBJECT_H
#define IMAPD_SUBJECT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * text     a Subject as UTF-8, unfolded, encoded words decoded
 * out      cleared, then the base subject in the case in which it came; its
 *	    cap is to be text.n at least
 * returns  true: it is a reply or forward (RFC 5256 section 3, REFERENCES)
 */
bool	subject_base(struct span text, struct buf *out);

#endif
