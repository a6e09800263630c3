/*
 * quota - how many folders a mailbox has, where that is limited.
 */
#ifndef IMAPD_QUOTA_H
#define IMAPD_QUOTA_H

#include "base/why.h"
#include "imapd/session.h"

/* n: 0 where it does not matter; -1 with why. */
int	quota_folders(const struct session *s, size_t *n, struct why *why)
	    must_use;

#endif
