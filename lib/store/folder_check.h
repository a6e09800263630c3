/*
 * folder_check - whether a folder's index says what is there; for the operator.
 */
#ifndef STORE_FOLDER_CHECK_H
#define STORE_FOLDER_CHECK_H

#include "base/base.h"
#include "base/why.h"

enum index_is {
	INDEX_IS_NONE,		/* not there, or of no use: made at the next look */
	INDEX_IS_GOOD,
	INDEX_IS_OLD,		/* changes since: brought up to date then */
	INDEX_IS_WRONG		/* says other things, and has no reason to */
};

/*
 * Compare the index with a listing.  UIDs are given to new messages, as by every
 * look; the index is left as it is.
 * messages  how many there are
 * returns  0; -1 with why
 */
int	folder_check(int root, const char *name, enum index_is *is,
	    size_t *messages, struct why *why) must_use;
/* Throw index and cache away, and make a new index from a listing. */
int	folder_rebuild(int root, const char *name, size_t *messages,
	    struct why *why) must_use;

#endif
