/*
 * uidl - the unique id of a message by the setting pop3_uidl (pure).
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

#endif
