/*
 * pass - one round of a message: every recipient that is not settled gets a
 * try; then failures are reported, and the file is put back to wait or
 * removed.
 */
#ifndef QMGR_PASS_H
#define QMGR_PASS_H

#include "qmgr/message.h"

/* COMMITTING, LOADING, ORPHANED -> ACTIVE. */
void	pass_begin(struct message *m);
/* Something about it changed: what is the next thing to do?  May free it. */
void	pass_advance(struct message *m);
/*
 * Out of memory until next_s (seconds since 1970); freed.
 * returns  0, or -1: its results cannot be written; it stays, try later
 */
int	pass_park(struct message *m, int64_t next_s);

#endif
