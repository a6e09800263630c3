/*
 * patience - when each recipient that was put off is tried again: the rule for
 * its destination and error (retry.h), applied to the recipients of a message.
 */
#ifndef QMGR_PATIENCE_H
#define QMGR_PATIENCE_H

#include "qmgr/message.h"

/* Is recipient i, LATER, to be tried in a pass that begins now? */
bool	patience_is_over(const struct message *m, uint32_t i, int64_t now_s);

/*
 * All recipients have been tried or wait for their time.  Those that have none
 * yet get it, and lines in the log if it is later than the message's.
 * age_s    of the message
 * *left_s  time to live of the one that is given up last
 * returns  the next time at which one of them is due; 0: the time to live of
 *          some is over (they are in no other state yet)
 */
int64_t	patience_next(struct message *m, int64_t age_s, int64_t now_s,
	    int64_t *left_s);
/* Is the time to live of recipient i over? */
bool	patience_is_spent(const struct message *m, uint32_t i,
	    int64_t age_s);
/* Lines for those that wait longer than the message does. */
void	patience_log(struct message *m, int64_t next_s);

#endif
