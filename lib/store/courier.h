/*
 * courier - what Courier keeps beside the messages of a Maildir (pure): which
 * message had which unique id for POP3, and which keywords.  Its
 * courierimapuiddb, which says who has which UID, is a dovecot-uidlist of
 * version 1.
 */
#ifndef STORE_COURIER_H
#define STORE_COURIER_H

#include "base/base.h"
#include "base/hash.h"
#include "base/span.h"

#define COURIER_UIDS_NAME	"courierimapuiddb"
#define COURIER_POP3_NAME	"courierpop3dsizelist"
#define COURIER_KEYWORDS_NAME	"courierimapkeywords"
#define COURIER_SUBSCRIBED_NAME	"courierimapsubscribed"
#define COURIER_WORDS_MEM	(256 * MIB)	/* to begin with: `left` below */
#define COURIER_UIDL_SIZE	71	/* RFC 1939 7: at most 70 octets */

/*
 * A whole courierpop3dsizelist, versions 2 and 3:
 *
 *	/3 <next> <uidv>
 *	<file name> <octets> <n>:<uidv>[:<utf8>]
 *
 * each    base of the name, and the id as Courier told it: "UID<n>-<uidv>",
 *	   "UID<n>", or for n = 0 "": the base itself, if it can be one
 * returns  false: it is none
 */
bool	courier_pop3_each(struct span text,
	    void (*each)(struct span base, const char *uidl, void *ctx),
	    void *ctx) must_use;

/*
 * What is said of one message; the value of a table by its base.  As many names
 * as a message can have, and such as can be keywords.
 */
struct courier_words {
	uint64_t rank;		/* a later word replaces an earlier one */
	char	*names;		/* each with a LF behind it */
};
void	courier_words_free(void *words);
/*
 * The file ":list" of courierimapkeywords: names, an empty line, lines
 * "<base>:<index> <index>...".  To words, where it has the lowest rank.
 * left     octets of memory that words may still take, counted down: one name
 *	    may be meant by any number of lines; who has no place has no names
 */
void	courier_keywords_list(struct span text, struct hash *words,
	    size_t *left);
/*
 * Another file of it, "<base>" or ".<n>.<base>", one name a line: says all of
 * that message.  The first form counts most, then the highest n.
 */
void	courier_keywords_file(struct span name, struct span text,
	    struct hash *words, size_t *left);

#endif
