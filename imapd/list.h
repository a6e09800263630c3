/*
 * list - what LIST, LSUB and STATUS share.
 */
#ifndef IMAPD_LIST_H
#define IMAPD_LIST_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "imapd/listmatch.h"
#include "imapd/session.h"

/* "LIST (attributes) separator name" */
void	list_put(struct buf *out, const struct session *s, const char *word,
	    const char *attributes, const char *name);
void	list_compile(struct listmatch *m, const struct session *s,
	    struct span reference, struct span pattern);
/* The name, of lib/store, matches one of n patterns. */
bool	list_matches(const struct session *s, const struct listmatch *m,
	    size_t n, const char *name);

/*
 * The STATUS line of a folder.
 * returns  -1 with why: nothing is told
 */
int	list_tell_status(struct session *s, const char *name,
	    unsigned items, struct why *why) must_use;

/*
 * Items that this session may ask for (RFC 9051 appendix E, 12).
 * returns  false: BAD is answered
 */
bool	list_may_status(struct session *s, unsigned items) must_use;

/*
 * The LIST line of one mailbox; it need not be there.
 * old  as the client has called it, "OLDNAME"; or p == NULL
 */
void	list_tell_one(struct session *s, const char *name, struct span old);
/* There are folders below that name. */
bool	list_has_below(struct session *s, const char *name);

/*
 * What a folder is for (RFC 6154 section 2): " \\Sent" for each, in *out if
 * that is not NULL; by the setting special_use and by who made it.
 * returns  false: nothing is known
 */
bool	list_put_uses(struct buf *out, const struct session *s,
	    const char *name);

#endif
