/*
 * lend - who neither says nor takes anything for a while lends its maildrop to
 * another log-in (droplock.h): in front of a command, in the middle of one, and
 * in the middle of an answer.
 */
#ifndef POP3D_LEND_H
#define POP3D_LEND_H

#include "pop3d/session.h"

/* From here on, for the stream of s, into which nothing was read yet. */
void	lend_begin(struct session *s);
/*
 * Until the client says something, for idle_ms at most; then s->done.
 * returns  false: another session has the maildrop now; s can still be told
 */
bool	lend_wait(struct session *s, int64_t idle_ms) must_use;

#endif
