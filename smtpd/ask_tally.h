/*
 * ask_tally - may this client, or this account, have one more of something?
 * The listener knows: it hears of all sessions (tally.h).
 */
#ifndef SMTPD_ASK_TALLY_H
#define SMTPD_ASK_TALLY_H

#include "smtpd/session.h"
#include "smtpd/tally.h"

/*
 * One more of this kind.  Nobody is asked where no limit holds.
 * returns  SAY_NOTHING: yes, and it is counted; else the reply, which the
 *	    caller sends.  The first refusal of a client in a while is logged.
 */
enum say	ask_tally(struct session *s, enum tally_kind kind) must_use;

#endif
