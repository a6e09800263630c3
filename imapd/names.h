/*
 * names - mailbox names as the client writes them to those of lib/store and
 * back: the separator differs, nothing else.  Pure.
 */
#ifndef IMAPD_NAMES_H
#define IMAPD_NAMES_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "store/folders.h"

/*
 * in         as the client wrote it, modified UTF-7
 * separator  that clients see
 * returns    0; -1 with why: no mailbox can be called so
 */
int	names_in(struct span in, char separator, char out[FOLDER_NAME_SIZE],
	    struct why *why) must_use;
/* A name of lib/store, in the client's form, as an astring. */
void	names_put(struct buf *out, const char *name, char separator);
/* The same, not quoted. */
void	names_out(const char *name, char separator,
	    char out[FOLDER_NAME_SIZE]);

#endif
