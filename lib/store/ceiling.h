/*
 * ceiling - a number that no modification number of a folder (folder_modseq.h)
 * has passed, on stable storage: so that they ascend though the index is lost and
 * the clock was set back.  It is kept ahead of the numbers and seldom written.
 * Only for lib/store/folder_index.c.
 */
#ifndef STORE_CEILING_H
#define STORE_CEILING_H

#include "base/base.h"

#define CEILING_NAME	"paquebot-modseq"
#define CEILING_AHEAD	UINT64_C(3600000000)	/* an hour of numbers */

/* dir: the folder's directory; 0: none is known. */
uint64_t	ceiling_read(int dir) must_use;
/*
 * At modseq or above it, durably.
 * returns  the new ceiling; 0: it cannot be written
 */
uint64_t	ceiling_raise(int dir, uint64_t modseq) must_use;

#endif
