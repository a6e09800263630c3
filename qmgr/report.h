/*
 * report - bounces, notices of delay and of success, as new messages in the
 * queue.  Who is told of what: RFC 3461 4.1.
 *
 * A bounce is on stable storage, name and all, before the message that it is
 * about says "bounced as"; that line is synced before the message's file is
 * removed.  Whatever is lost in between is made again: two bounces at worst.
 * Mail without a sender is never answered (RFC 5321 6.1, 4.5.5); its
 * failures go to the postmaster, if there is one, or to the log.
 */
#ifndef QMGR_REPORT_H
#define QMGR_REPORT_H

#include "qmgr/message.h"

/*
 * Recipient i failed and its sender does not know yet: report it together with
 * the others of the same sender.  ACTIVE -> REPORTING -> ACTIVE.
 */
void	report_failures(struct message *m, uint32_t i);
/* RFC 3461 4.1: some asked to be told of success, and are not told yet. */
void	report_success(struct message *m);
/*
 * Recipient i has come to an end (NEVER, DONE, EXPANDED) of which its sender is
 * to be told and does not know.
 */
bool	report_is_due(const struct message *m, uint32_t i,
	    enum rcpt_state end);
/* All successes so far were reported. */
void	report_success_told(struct message *m);
/* Tell the sender that it takes long.  The same states. */
void	report_delay(struct message *m, int64_t left_s);
/* Failures up to number `upto` of that owner ("": the sender) were reported. */
void	report_told(struct message *m, struct span owner, uint32_t upto);

#endif
