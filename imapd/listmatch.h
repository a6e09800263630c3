/*
 * listmatch - LIST and LSUB patterns against mailbox names (RFC 3501 6.3.8).
 * Pure.  A pattern is compiled once; a name then costs the same few steps per
 * octet, whatever the pattern is.
 */
#ifndef IMAPD_LISTMATCH_H
#define IMAPD_LISTMATCH_H

#include "base/base.h"
#include "base/span.h"
#include "imapd/limits.h"

#define LISTMATCH_WORDS	((IMAP_PATTERN_MAX + 1 + 63) / 64)

struct listmatch {
	char	 separator;
	size_t	 n;		/* literal octets */
	bool	 never;		/* longer than any name */
	/* bit i: octet c is the i-th literal; a wildcard stands before it */
	uint64_t is[256][LISTMATCH_WORDS];
	uint64_t star[LISTMATCH_WORDS];
	uint64_t percent[LISTMATCH_WORDS];
};

/* pattern: reference and mailbox argument, joined. */
void	listmatch_init(struct listmatch *m, struct span pattern,
	    char separator);
/*
 * inbox  the first five octets of name are INBOX, in whatever case (RFC 3501
 *	  5.1), and a pattern may write them in any case
 */
bool	listmatch(const struct listmatch *m, struct span name, bool inbox);

#endif
