/*
 * folder_courier - a mailbox that Courier has kept becomes ours: UIDs and
 * unique ids of POP3 when a folder without dovecot-uidlist is first looked at,
 * keywords and subscriptions when the operator says so.  Courier's files stay.
 */
#ifndef STORE_FOLDER_COURIER_H
#define STORE_FOLDER_COURIER_H

#include "base/base.h"
#include "base/why.h"

struct folder;

/*
 * Only for lib/store: makes a dovecot-uidlist of what Courier says, where there
 * is none.
 * root     the mail root
 * dir      of the folder
 * returns  0, also where there is nothing of Courier's; -1 with why
 */
int	courier_take_uids(int root, int dir, struct why *why) must_use;

/* Courier has left keywords in this folder. */
bool	courier_has_keywords(const struct folder *f);
/*
 * Give the messages the keywords that they had.
 * f        in sync, read-write
 * given    messages that have one now and had it not
 * lost     keywords for which there was no letter
 * returns  0; -1 with why
 */
int	courier_take_keywords(struct folder *f, size_t *given, size_t *lost,
	    struct why *why) must_use;
/* Add its subscriptions to ours; n: of how many folders. */
int	courier_take_subscriptions(int root, size_t *n, struct why *why)
	    must_use;

#endif
