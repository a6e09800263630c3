/*
 * report - bounces and notices of delay, as new messages in the queue.
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
/* Tell the sender that it takes long.  The same states. */
void	report_delay(struct message *m, int64_t left_s);
/* Failures up to number `upto` of that owner ("": the sender) were reported. */
void	report_told(struct message *m, struct span owner, uint32_t upto);

#endif
