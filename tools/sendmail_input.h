/*
 * sendmail_input - standard input as lines: LF or CRLF ends, and the lone dot
 * that ends a message for people who type it.
 */
#ifndef TOOLS_SENDMAIL_INPUT_H
#define TOOLS_SENDMAIL_INPUT_H

#include "base/base.h"
#include "base/span.h"

#define SENDMAIL_INPUT_SIZE	(64 * KIB)

struct sendmail_input {
	int	fd;		/* borrowed */
	bool	dot_ends;	/* a line of one dot is the end */
	bool	at_start;	/* of a line */
	bool	ended;
	size_t	at, end;	/* what waits in text */
	char	text[SENDMAIL_INPUT_SIZE];
};

void	sendmail_input_init(struct sendmail_input *in, int fd, bool dot_ends);
/*
 * The next line with its line end; a line longer than the buffer comes in
 * pieces, the last one of the input perhaps without an end.
 * piece    valid until the next call
 * returns  1: a piece; 0: the end; -1: error of the system (errno)
 */
int	sendmail_input_next(struct sendmail_input *in, struct span *piece)
	    must_use;

#endif
