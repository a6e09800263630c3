/*
 * folder_modseq - modification numbers of a folder and its messages (RFC 7162).
 *
 * Every message has a number that rises when its flags or keywords change, by
 * whomever; a message that comes, and one that goes, gets a number, too.  All
 * are given when a look at the folder finds the change, or by a commit that
 * asks for it (folder_change.h), in ascending order.  They survive the loss of
 * the index: then all messages get new ones, above all that were given.
 */
#ifndef STORE_FOLDER_MODSEQ_H
#define STORE_FOLDER_MODSEQ_H

#include "base/base.h"

struct folder;

/* The highest of the folder, as of its last sync; 0: none can be kept here. */
uint64_t folder_modseq(const struct folder *f);
/* Of a message in the view; 0: it is not there, or has none yet. */
uint64_t folder_message_modseq(struct folder *f, uint32_t uid);

/* Runs of UIDs, ascending and disjoint. */
struct uid_run {
	uint32_t first, last;
};
struct uid_runs {
	struct uid_run *v;
	size_t	 n, size;
};
void	uid_runs_init(struct uid_runs *r);
void	uid_runs_fini(struct uid_runs *r);

/*
 * The UIDs of messages that were expunged after that number.
 * out      cleared, then filled; some of them may never have been messages
 * returns  false: that is not known so far back: it may be any UID below
 *          folder_uidnext() that is not in the view (RFC 7162 3.2.6)
 */
bool	folder_gone_since(struct folder *f, uint64_t since,
	    struct uid_runs *out) must_use;

#endif
