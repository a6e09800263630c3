/*
 * select - the messages that a command names.
 */
#ifndef IMAPD_SELECT_H
#define IMAPD_SELECT_H

#include "base/base.h"
#include "imapd/session.h"

/*
 * The messages of a set: numbers, or UIDs in a UID command.
 * out      those that are there, ascending
 * missing  set, but for UIDs: the client counts some that were expunged
 *	    elsewhere
 * returns  false: a number beyond the last message; BAD is answered (RFC 3501
 *	    section 9, seq-number)
 */
bool	select_messages(struct session *s, const struct seqset *set,
	    struct uids *out, bool *missing) must_use;
/* Those with \Deleted, among a resolved set of UIDs (NULL: all). */
void	select_deleted(struct session *s, const struct seqset *among,
	    struct uids *out);

#endif
