/*
 * folder_leave - a folder changes hands between this suite and Dovecot; for
 * the operator.
 */
#ifndef STORE_FOLDER_LEAVE_H
#define STORE_FOLDER_LEAVE_H

#include "base/base.h"
#include "base/why.h"
#include "store/dovecot_index.h"
#include "store/folder.h"

/*
 * What Dovecot knows of the folder.
 * x        to be given to dovecot_index_fini() in every case
 * returns  0; 1: it has no index here; -1 with why
 */
int	folder_dovecot_index(const struct folder *f, struct dovecot_index *x,
	    struct why *why) must_use;
/*
 * After this everything that Dovecot reads is whole and on stable storage: all
 * messages have UIDs, and a torn uidlist is written anew.  Dovecot's index is made
 * new, so that it tells its clients all that they may have missed.
 * modseq   set to the highest number that a client has been told
 * returns  0; -1 with why
 */
int	folder_leave(struct folder *f, uint64_t *modseq, struct why *why)
	    must_use;

#endif
