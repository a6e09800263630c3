/*
 * uses - folders with a special use that are there from the first log-in on.
 */
#ifndef IMAPD_USES_H
#define IMAPD_USES_H

#include "imapd/session.h"

/*
 * Make the folders of how->special_use that are missing, as how->uses_make
 * says; those for All and Flagged never.  Limits on folders are not asked.
 */
void	uses_make(const struct session_how *how);

#endif
