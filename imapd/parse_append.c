/*
 * parse_append - APPEND (RFC 3501 section 9: append).
 * The message itself is not among the arguments: it is announced by the
 * literal with which the text ends, and is read by the command, piece by
 * piece, into the folder.
 */
#include "base/date.h"
#include "imapd/lexer.h"
#include "imapd/parse.h"

static bool
take_date(struct cur *c, struct arena *mem, union args *a)
{
	struct span text;
	struct date d;

	if (cur_peek(c) != '"' || !lexer_string(c, mem, &text) ||
	    date_parse_imap(text, &d) != 0)
		return false;
	a->append.has_date = true;
	a->append.date_s = date_to_time(&d);
	return true;
}

/* All up to the literal, with the space before it. */
static bool
take_head(struct cur *c, struct arena *mem, union args *a)
{
	a->append.flags = (struct flags){ .system = 0 };
	a->append.has_date = false;
	a->append.date_s = 0;
	if (!lexer_sp(c) || !lexer_astring(c, mem, &a->append.mailbox) ||
	    !lexer_sp(c))
		return false;
	if (cur_peek(c) == '(' &&
	    (!parse_flag_list(c, mem, &a->append.flags) || !lexer_sp(c)))
		return false;
	return cur_peek(c) != '"' || (take_date(c, mem, a) && lexer_sp(c));
}

bool
parse_append(struct cur *c, struct arena *mem, union args *a)
{
	return take_head(c, mem, a) && cur_end(c);
}

bool
parse_append_at_message(struct span text, struct arena *mem)
{
	struct cur c;
	struct span mailbox;

	/* Only the mailbox can be a literal before it. */
	cur_init(&c, text, 0, 0);
	return lexer_sp(&c) && lexer_astring(&c, mem, &mailbox) &&
	    lexer_sp(&c);
}
