/*
 * input - commands as they come from the client: lines, literals, and the
 * continuation requests that literals ask for (RFC 3501 sections 2.2.1, 4.3,
 * 7.5; RFC 7888).
 */
#ifndef IMAPD_INPUT_H
#define IMAPD_INPUT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "imapd/lexer.h"
#include "net/stream.h"

struct input {
	struct stream *net;
	struct lexer lexer;
	struct buf text;	/* the command: lines with CRLF and literals */
	uint64_t unasked_max;	/* octets of a non-synchronizing literal */
	struct lexer_literal message;	/* INPUT_MESSAGE: not read yet */
};

enum input_result {
	INPUT_COMMAND,	/* text holds a command, without its last CRLF */
	INPUT_MESSAGE,	/* an APPEND or REPLACE up to its message; that is to be
			   read */
	INPUT_BAD,	/* answer BAD: why; the next command follows */
	INPUT_CLOSE,	/* answer BYE: why */
	INPUT_END	/* the client has gone, or its time is over */
};

/* net is borrowed.  unasked_max: RFC 7888 5 (LITERAL-); UINT64_MAX: no limit */
void	input_init(struct input *in, struct stream *net, uint64_t unasked_max);
void	input_fini(struct input *in);
/*
 * Wait for the next command and take it whole.
 * mem    for a look at unfinished APPENDs
 * why    static text for BAD and CLOSE
 */
enum input_result input_command(struct input *in, struct arena *mem,
	    const char **why) must_use;

/* Octets of a literal: *piece holds 1..left of them; false: the end came. */
bool	input_piece(struct input *in, uint64_t left, struct span *piece)
	    must_use;
/* "+ OK": the client may send. */
void	input_go_on(struct input *in);
/*
 * A message that is not wanted: nothing for a synchronizing literal, else it
 * is read with the rest of its command and forgotten.  false: close.
 */
bool	input_drop_message(struct input *in) must_use;
/*
 * What follows a message of an APPEND (RFC 3502): the end of the command, or
 * another message, in->message, with *text before it (in mem).
 * closing  a ")" has to come first (RFC 6855 4)
 */
enum input_next { NEXT_END, NEXT_MESSAGE, NEXT_BAD,
	NEXT_UNASKED,		/* the same, as the message was too big to be
				   sent unasked */
	NEXT_CLOSE };
/* For the answers to such literals. */
extern const char input_unasked[];
enum input_next input_next(struct input *in, bool closing,
	    struct arena *mem, struct span *text) must_use;
/* The rest of the command's line; *empty: nothing stood there. */
bool	input_rest(struct input *in, bool *empty) must_use;

#endif
