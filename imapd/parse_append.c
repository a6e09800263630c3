/*
 * parse_append - APPEND (RFC 3501 section 9: append; several messages: RFC
 * 3502) and REPLACE (RFC 8508 section 5).
 * The message itself is not among the arguments: it is announced by the
 * literal with which the text ends, and is read by the command, piece by
 * piece, into the folder.
 */
#include "base/date.h"
#include "imapd/lexer.h"
#include "imapd/parse.h"

static bool
take_date(struct cur *c, struct arena *mem, struct append_args *a)
{
	struct span text;
	struct date d;

	if (cur_peek(c) != '"' || !lexer_string(c, mem, &text) ||
	    date_parse_imap(text, &d) != 0)
		return false;
	a->has_date = true;
	a->date_s = date_to_time(&d);
	return true;
}

/*
 * [SP flag-list] [SP date-time] SP ["~" / "UTF8 (~"]: all between mailbox and
 * literal, or literal8 (RFC 3516 7), or utf8-literal (RFC 6855 4).
 */
static bool
take_options(struct cur *c, struct arena *mem, struct append_args *a)
{
	if (!lexer_sp(c))
		return false;
	if (cur_peek(c) == '(' &&
	    (!parse_flag_list(c, mem, &a->flags) || !lexer_sp(c)))
		return false;
	if (cur_peek(c) == '"' && (!take_date(c, mem, a) || !lexer_sp(c)))
		return false;
	a->utf8 = cur_take_istr(c, "UTF8 (");
	a->literal8 = cur_take(c, '~');
	return !a->utf8 || a->literal8;
}

/* seq-number, or a UID, as a set. */
static bool
take_replaced(struct cur *c, struct arena *mem, struct seqset *out)
{
	uint32_t n = SEQSET_STAR;

	if (!cur_take(c, '*') && !lexer_nz_number(c, &n))
		return false;
	out->v = arena_alloc(mem, sizeof(out->v[0]));
	if (out->v == NULL)
		return false;
	out->v[0] = (struct seqrange){ n, n };
	out->n = 1;
	return true;
}

bool
parse_replace(struct cur *c, struct arena *mem, union args *a)
{
	a->append = (struct append_args){ .has_date = false };
	return lexer_sp(c) && take_replaced(c, mem, &a->append.replaced) &&
	    lexer_sp(c) && lexer_astring(c, mem, &a->append.mailbox) &&
	    take_options(c, mem, &a->append) && cur_end(c);
}

bool
parse_append(struct cur *c, struct arena *mem, union args *a)
{
	a->append = (struct append_args){ .has_date = false };
	return lexer_sp(c) && lexer_astring(c, mem, &a->append.mailbox) &&
	    take_options(c, mem, &a->append) && cur_end(c);
}

bool
parse_append_more(struct span text, struct arena *mem,
    struct append_args *out)
{
	struct cur c;

	*out = (struct append_args){ .has_date = false };
	cur_init(&c, text, 0, 0);
	return take_options(&c, mem, out) && cur_end(&c);
}

bool
parse_append_at_message(struct span text, struct arena *mem)
{
	struct cur c;
	struct span mailbox;
	struct seqset replaced = { .n = 0 };

	cur_init(&c, text, 0, 0);
	if (!cur_take_istr(&c, "APPEND") &&
	    !((cur_take_istr(&c, "REPLACE") ||
	    cur_take_istr(&c, "UID REPLACE")) && lexer_sp(&c) &&
	    take_replaced(&c, mem, &replaced)))
		return false;
	/* Only the mailbox can be a literal before the message. */
	return lexer_sp(&c) && lexer_astring(&c, mem, &mailbox) &&
	    lexer_sp(&c);
}
