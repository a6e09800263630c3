/*
 * workaround - what is done for certain clients although the protocol does not
 * ask for it: the setting imap_client_workarounds, with the words of Dovecot.
 */
#ifndef IMAPD_WORKAROUND_H
#define IMAPD_WORKAROUND_H

#include "base/base.h"
#include "base/span.h"

enum workaround {		/* one bit each */
	/* New messages are told by NOOP, CHECK, IDLE and APPEND alone. */
	WORKAROUND_DELAY_NEWMAIL = 1,
	/* A mailbox name may end in the separator. */
	WORKAROUND_EXTRA_SEP = 2,
	/* LSUB tells \Noselect of mailboxes that are not there. */
	WORKAROUND_LSUB_FLAGS = 4,
	/* A header always ends in an empty line. */
	WORKAROUND_EOH = 8
};

/* Words between spaces; what is no workaround is passed over.  Pure. */
unsigned workaround_parse(struct span words);

#endif
