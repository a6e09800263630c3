/*
 * lexer - the tokens of RFC 3501 section 9, and the one look at each line of
 * a command that counts them.  Pure.
 *
 * A command is kept as it came: lines with their CRLF, literals behind their
 * "{n}" CRLF.  lexer_line() passes over each line as it comes in, finds out
 * whether a literal follows, and counts tokens and nesting, so that nothing is
 * parsed or allocated for a command that is over a budget.  The parsers
 * (parse_*.c) then take their tokens from the whole text.
 */
#ifndef IMAPD_LEXER_H
#define IMAPD_LEXER_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cur.h"
#include "base/span.h"

struct lexer {
	unsigned depth;		/* levels of '(' still allowed */
	unsigned items;		/* tokens still allowed */
	uint64_t octets;	/* of lines and literals still allowed */
};

struct lexer_literal {
	uint64_t octets;
	bool	 sync;		/* the client waits for our "+" */
	size_t	 at;		/* offset of the '{' in the line */
};

enum lexer_verdict {
	LEXER_DONE,		/* the command is complete */
	LEXER_LITERAL,		/* *lit follows the line */
	LEXER_BAD		/* no command; *why says so */
};

void	lexer_init(struct lexer *l);
/*
 * The next line of a command, without its line end.
 * lit   set for LEXER_LITERAL; its octets are not counted yet
 * why   set for LEXER_BAD: static text for the answer
 * source  RFC 3501 4.3, 9; RFC 7888 3 ("{n+}")
 */
enum lexer_verdict lexer_line(struct lexer *l, struct span line,
	    struct lexer_literal *lit, const char **why) must_use;
/* Count a literal that is to be kept; false: it does not fit. */
bool	lexer_keep(struct lexer *l, uint64_t octets) must_use;

/*
 * Tokens.  Each returns false when it is not there; the cursor may then
 * stand anywhere.  Spans are borrowed from the text, or are in mem when a
 * quoted string holds a backslash.
 */
bool	lexer_sp(struct cur *c) must_use;
bool	lexer_atom(struct cur *c, struct span *out) must_use;
bool	lexer_string(struct cur *c, struct arena *mem, struct span *out)
	    must_use;
bool	lexer_astring(struct cur *c, struct arena *mem, struct span *out)
	    must_use;
/* string or NIL (then out->p == NULL). */
bool	lexer_nstring(struct cur *c, struct arena *mem, struct span *out)
	    must_use;
/* list-mailbox: an astring that may hold '%' and '*'. */
bool	lexer_pattern(struct cur *c, struct arena *mem, struct span *out)
	    must_use;
bool	lexer_number(struct cur *c, uint32_t *out) must_use;
bool	lexer_nz_number(struct cur *c, uint32_t *out) must_use;
/* A flag: "\" atom, or atom; the backslash is part of it. */
bool	lexer_flag(struct cur *c, struct span *out) must_use;
/* tag = 1*<any ASTRING-CHAR except "+">, at most IMAP_TAG_MAX. */
bool	lexer_tag(struct cur *c, struct span *out) must_use;

bool	lexer_is_atom_char(char c);

#endif
