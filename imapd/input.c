/*
 * input - see input.h.
 * A command is gathered in one buffer whose size the lexer has allowed, line
 * by line and literal by literal.  The message of an APPEND is never gathered:
 * the command goes to its handler when that literal is announced.
 *
 * When a command is refused, what belongs to it must not be taken for the
 * next one.  A client that waits for "+" sends nothing more; one that does not
 * wait ("{n+}") has sent its literal already, so that is read and dropped, and
 * with it the rest of the line, and so on.
 */
#include "imapd/input.h"

#include "base/num.h"
#include "imapd/limits.h"
#include "imapd/parse.h"
#include "net/line.h"

/* RFC 7888 5: "the tagged BAD response MUST contain the TOOBIG". */
const char input_unasked[] =
    "[TOOBIG] Literals over 4096 octets must be asked for";

void
input_init(struct input *in, struct stream *net, uint64_t unasked_max)
{
	in->unasked_max = unasked_max;
	in->net = net;
	buf_init(&in->text, IMAP_COMMAND_MAX);
}

void
input_fini(struct input *in)
{
	buf_fini(&in->text);
}

bool
input_piece(struct input *in, uint64_t left, struct span *piece)
{
	*piece = stream_peek(in->net);
	if (piece->n == 0) {
		if (stream_fill(in->net) != STREAM_OK)
			return false;
		*piece = stream_peek(in->net);
	}
	if (piece->n > left)
		piece->n = (size_t)left;
	stream_consume(in->net, piece->n);
	return true;
}

void
input_go_on(struct input *in)
{
	stream_puts(in->net, "+ OK\r\n");
}

static bool
skip(struct input *in, uint64_t octets)
{
	struct span piece;

	if (octets > IMAP_DROP_MAX)
		return false;
	for (; octets > 0; octets -= piece.n)
		if (!input_piece(in, octets, &piece))
			return false;
	return true;
}

/* Whether the line, whatever it is, ends in "{n+}" or "{n}". */
static bool
ends_in_literal(struct span line, struct lexer_literal *lit)
{
	size_t at = span_rchr(line, '{');
	struct lexer l;
	const char *why;

	if (at == line.n)
		return false;
	lexer_init(&l);
	return lexer_line(&l, span_from(line, at), lit, &why) ==
	    LEXER_LITERAL;
}

/*
 * The line was refused: pass over what the client has sent with it.  false:
 * the connection is of no use any more.
 */
static bool
pass_over(struct input *in, struct span line)
{
	struct lexer_literal lit;
	enum line_result r;

	while (ends_in_literal(line, &lit) && !lit.sync) {
		if (!skip(in, lit.octets))
			return false;
		r = line_read(in->net, IMAP_LINE_MAX, LINE_CRLF, &line);
		if (r != LINE_OK && r != LINE_BAD)
			return false;
	}
	return true;
}

static enum input_result
refuse(struct input *in, struct span line)
{
	/* The answer needs the tag, with which the first line begins. */
	if (in->text.n == 0)
		(void)buf_add_span(&in->text, span_head(line,
		    IMAP_TAG_MAX + 1));
	return pass_over(in, line) ? INPUT_BAD : INPUT_CLOSE;
}

/* Add the literal to the command. */
static bool
keep_literal(struct input *in, const struct lexer_literal *lit)
{
	struct span piece;
	uint64_t left = lit->octets;

	if (lit->sync)
		input_go_on(in);
	for (; left > 0; left -= piece.n)
		if (!input_piece(in, left, &piece) ||
		    buf_add_span(&in->text, piece) != 0)
			return false;
	return true;
}

/* The command so far is an APPEND or REPLACE that now announces its message. */
static bool
at_message(struct input *in, struct arena *mem)
{
	struct span rest = buf_span(&in->text);

	(void)span_cut(&rest, ' ');
	return parse_append_at_message(rest, mem);
}

/* What came in place of a good line. */
static enum input_result
bad_line(struct input *in, enum line_result r, struct span line,
    const char **why)
{
	switch (r) {
	case LINE_BAD:
		*why = "NUL, bare CR or bare LF in a command";
		return refuse(in, line);
	case LINE_TOO_LONG:
	case LINE_CLOSE:
		*why = "Command line too long";
		return INPUT_CLOSE;
	default:
		return INPUT_END;
	}
}

/* One line has been read: judge it and take its literal. */
static enum input_result
take_line(struct input *in, struct span line, struct arena *mem,
    const char **why, bool *more)
{
	struct lexer_literal lit;
	enum lexer_verdict v = lexer_line(&in->lexer, line, &lit, why);

	*more = false;
	if (v == LEXER_BAD)
		return refuse(in, line);
	if (v == LEXER_DONE) {
		(void)buf_add_span(&in->text, line); /* counted: it fits */
		return INPUT_COMMAND;
	}
	if (!lit.sync && lit.octets > in->unasked_max) {
		*why = input_unasked;
		return refuse(in, line);
	}
	(void)buf_add_span(&in->text, span_head(line, lit.at));
	if (at_message(in, mem)) {
		in->message = lit;
		return INPUT_MESSAGE;
	}
	if (!lexer_keep(&in->lexer, lit.octets)) {
		*why = "Literal too long";
		return refuse(in, line);
	}
	(void)buf_add_span(&in->text, span_from(line, lit.at));
	(void)buf_add_str(&in->text, "\r\n");
	*more = true;
	return keep_literal(in, &lit) ? INPUT_COMMAND : INPUT_END;
}

enum input_result
input_command(struct input *in, struct arena *mem, const char **why)
{
	enum input_result result = INPUT_COMMAND;
	enum line_result r;
	struct span line;
	bool more = true;

	*why = "Connection closed";
	in->message = (struct lexer_literal){ .sync = true };
	lexer_init(&in->lexer);
	buf_clear(&in->text);
	while (result == INPUT_COMMAND && more) {
		r = line_read(in->net, IMAP_LINE_MAX, LINE_CRLF, &line);
		if (r != LINE_OK)
			return bad_line(in, r, line, why);
		result = take_line(in, line, mem, why, &more);
	}
	return result;
}

bool
input_drop_message(struct input *in)
{
	bool empty;

	if (in->message.sync)
		return true;
	return skip(in, in->message.octets) && input_rest(in, &empty);
}

bool
input_rest(struct input *in, bool *empty)
{
	struct span line;
	enum line_result r;

	r = line_read(in->net, IMAP_LINE_MAX, LINE_CRLF, &line);
	if (r != LINE_OK && r != LINE_BAD)
		return false;
	*empty = r == LINE_OK && line.n == 0;
	return pass_over(in, line);
}

enum input_next
input_next(struct input *in, bool closing, struct arena *mem,
    struct span *text)
{
	size_t skip = closing ? 1 : 0;
	enum lexer_verdict v;
	enum line_result r;
	const char *why;
	struct span line;

	r = line_read(in->net, IMAP_LINE_MAX, LINE_CRLF, &line);
	if (r != LINE_OK && r != LINE_BAD)
		return NEXT_CLOSE;
	if (closing && !span_starts(line, SPAN_LIT(")")))
		return pass_over(in, line) ? NEXT_BAD : NEXT_CLOSE;
	if (r == LINE_OK && line.n == skip)
		return NEXT_END;
	v = r == LINE_OK ? lexer_line(&in->lexer, line, &in->message, &why) :
	    LEXER_BAD;
	if (v != LEXER_LITERAL)
		return pass_over(in, line) ? NEXT_BAD : NEXT_CLOSE;
	if (!in->message.sync && in->message.octets > in->unasked_max)
		return pass_over(in, line) ? NEXT_UNASKED : NEXT_CLOSE;
	/* The message takes the place of the line in the buffer. */
	*text = arena_span(mem, span_from(span_head(line, in->message.at),
	    skip));
	return text->p != NULL ? NEXT_MESSAGE : NEXT_CLOSE;
}
