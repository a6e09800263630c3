/*
 * uidl - the unique id of a message by the settings pop3_uidl and
 * pop3_uidl_duplicates (pure).
 */
#ifndef POP3D_UIDL_H
#define POP3D_UIDL_H

#include "base/base.h"
#include "base/span.h"
#include "pop3d/limits.h"

struct uidl_facts {
	uint32_t    uid, uidvalidity;
	struct span file;	/* name without flags */
	struct span guid;	/* as Dovecot has it: of the uidlist, or file */
};

/*
 * format   text, in which %u %v %f %g stand for the facts; a number between
 *	    is the width, filled up with zeros if it begins with one, X says
 *	    hexadecimal; %% is one
 * returns  0; -1: it makes no unique id (RFC 1939 7: one to 70 octets from
 *	    0x21 to 0x7E)
 */
int	uidl_make(struct span format, const struct uidl_facts *f,
	    char out[UIDL_MAX + 1]) must_use;
/* RFC 1939 7 */
bool	uidl_is_good(struct span id);

/*
 * Which messages of a maildrop share an id: the first keeps it, the second gets
 * "-2" behind it, and so on, in the order of the listing; a number that would
 * give the id of one before it is passed over, and a long id is cut for it.
 */
struct uidl_table;

/* n: messages, which are then added one by one; seed: chance. */
struct uidl_table *uidl_table_new(size_t n, const uint8_t seed[16]);
void	uidl_table_free(struct uidl_table **t);
void	uidl_table_add(struct uidl_table *t, const char *id);
/* id: of message i, as it was added; becomes the one that it has here. */
void	uidl_table_rename(const struct uidl_table *t, size_t i,
	    char id[UIDL_MAX + 1]);

#endif
