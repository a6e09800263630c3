/*
 * uidlist - which file has which UID: Dovecot's dovecot-uidlist, version 3.
 *
 *	3 V<uidvalidity> N<next uid> G<guid, 32 hex digits> [<key><value>...]
 *	<uid> [<key><value>]... :<file name up to ":2,">
 *
 * Record keys known: G guid, P POP3 UIDL, O POP3 order, S size, W wire size;
 * others are kept as they are.  UIDs ascend.  A file is changed only under the
 * dotlock of that name: by appending whole lines to one that ends in LF, or by
 * replacing it.  Of a damaged file the valid records before the damage count,
 * and the next UID goes above every number that could be a UID behind it.
 */
#ifndef STORE_UIDLIST_H
#define STORE_UIDLIST_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define UIDLIST_NAME	"dovecot-uidlist"
#define UIDLIST_LINE_MAX 4096		/* octets of a record or header */
#define UIDLIST_FILE_MAX (512 * MIB)

struct uidlist_header {
	uint32_t uidvalidity;	/* 0: none known */
	uint32_t nextuid;	/* at least 1 */
	char	 guid[33];	/* lower case hex, or "" */
	char	 others[512];	/* further "<key><value>" words, space between */
};
struct uidlist_record {
	uint32_t    uid;
	struct span ext;	/* "G.. P.. W.." without outer spaces; may be empty */
	struct span base;	/* file name */
};

/*
 * Read a whole file (pure).  each() is called for every record in order; it
 * returns false to stop.
 * header   nextuid is above all seen
 * returns  true: as it should be; false: damaged, to be rewritten from what was given
 *          (also an old version, which is read, a last line without LF, no GUID)
 */
bool	uidlist_parse(struct span text, struct uidlist_header *header,
	    bool (*each)(const struct uidlist_record *r, void *ctx), void *ctx)
	    must_use;
/* One record line without LF (pure). */
bool	uidlist_parse_record(struct span line, struct uidlist_record *out)
	    must_use;
/* A word of ext by its key; p == NULL: not there. */
struct span	uidlist_ext(struct span ext, char key);

int	uidlist_put_header(struct buf *out, const struct uidlist_header *h);
int	uidlist_put_record(struct buf *out, const struct uidlist_record *r);

#endif
