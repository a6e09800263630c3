/*
 * names - mailbox names as the client writes them to those of lib/store and
 * back: the separator differs, and the form of what is not ASCII.  Pure.
 */
#ifndef IMAPD_NAMES_H
#define IMAPD_NAMES_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "store/folders.h"

/* Each three octets of UTF-8 take at least as many in modified UTF-7. */
#define NAMES_MAX	(3 * FOLDER_NAME_MAX)
#define NAMES_SIZE	(NAMES_MAX + 1)

struct names_form {
	char	separator;	/* that clients see */
	bool	utf8;		/* UTF-8 (RFC 6855 3, RFC 9051 5.1), else modified
				   UTF-7 */
	bool	extra;		/* a separator at the end does not count */
};

/*
 * in       as the client wrote it; what is not in Normalization Form C is taken
 *	    as if it were.  A name that holds 8-bit octets is UTF-8 in either
 *	    form (RFC 6855 3).
 * returns  0; -1 with why: no mailbox can be called so
 */
int	names_in(struct span in, const struct names_form *form,
	    char out[FOLDER_NAME_SIZE], struct why *why) must_use;
/* The same, but not normalized: a name that somebody else has made so. */
int	names_exact(struct span in, const struct names_form *form,
	    char out[FOLDER_NAME_SIZE], struct why *why) must_use;
/* A name of lib/store, in the client's form, as an astring. */
void	names_put(struct buf *out, const char *name,
	    const struct names_form *form);
/* The same, not quoted. */
void	names_out(const char *name, const struct names_form *form,
	    char out[NAMES_SIZE]);
/* Text, in Normalization Form C; -1: no UTF-8, or the cap is reached. */
int	names_normal(struct buf *out, struct span text) must_use;

#endif
