/*
 * fetch_which - which messages of its set a FETCH tells, by its modifiers (RFC
 * 7162 3.1.4.1, 3.2.6; RFC 9394 3.3).
 */
#ifndef IMAPD_FETCH_WHICH_H
#define IMAPD_FETCH_WHICH_H

#include "base/base.h"
#include "imapd/parse.h"
#include "imapd/session.h"

/* false: modifiers or items that this session may not use; BAD is answered. */
bool	fetch_which_allowed(struct session *s, const union args *a) must_use;
/* Take out of uids what is not to be told; VANISHED is told. */
void	fetch_which(struct session *s, const union args *a,
	    struct uids *uids);

#endif
