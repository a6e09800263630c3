/*
 * parse_find - SEARCH (RFC 3501 section 9: search) with its return options
 * (RFC 4731, 5182, 9394).  What is looked for is parse_search.c's.
 */
#include "base/num.h"
#include "imapd/lexer.h"
#include "imapd/parse.h"

/* partial-range-first / partial-range-last of RFC 9394 section 4. */
bool
parse_partial(struct cur *c, struct partial *out)
{
	out->back = cur_take(c, '-');
	return lexer_nz_number(c, &out->first) && cur_take(c, ':') &&
	    (!out->back || cur_take(c, '-')) &&
	    lexer_nz_number(c, &out->last);
}

static bool
take_return(struct cur *c, struct search_args *a)
{
	static const struct {
		const char *name;
		enum search_return bit;
	} names[] = {
		{ "MIN", RETURN_MIN },
		{ "MAX", RETURN_MAX },
		{ "ALL", RETURN_ALL },
		{ "COUNT", RETURN_COUNT },
		{ "SAVE", RETURN_SAVE },
		{ "PARTIAL", RETURN_PARTIAL },
	};
	struct span word;

	if (!lexer_atom(c, &word))
		return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!span_ieq_str(word, names[i].name))
			continue;
		/* RFC 9394 3.1: not more than one PARTIAL. */
		if (names[i].bit == RETURN_PARTIAL &&
		    ((a->returns & RETURN_PARTIAL) != 0 || !lexer_sp(c) ||
		    !parse_partial(c, &a->partial)))
			return false;
		a->returns |= names[i].bit;
		return true;
	}
	return false;
}

/* RFC 4466 2.6.1: search-return-opts */
static bool
take_returns(struct cur *c, struct search_args *a)
{
	unsigned both = RETURN_ALL | RETURN_PARTIAL;

	if (!cur_take_istr(c, " RETURN ("))
		return true;
	a->extended = true;
	if (cur_take(c, ')')) {
		a->returns = RETURN_ALL;	/* RFC 4731 3.1 */
		return true;
	}
	do {
		if (!take_return(c, a))
			return false;
	} while (lexer_sp(c));
	/* RFC 9394 3.1: one of the two. */
	return cur_take(c, ')') && (a->returns & both) != both;
}

/* Search texts are UTF-8 here, of which US-ASCII is a part. */
static bool
take_charset(struct cur *c, struct arena *mem, struct search_args *a)
{
	struct span name;

	if (!lexer_astring(c, mem, &name))
		return false;
	a->charset_known = span_ieq_str(name, "UTF-8") ||
	    span_ieq_str(name, "US-ASCII");
	return true;
}

/* In a charset that is not known nobody can say what the keys are. */
static bool
take_keys(struct cur *c, struct arena *mem, struct search_args *a)
{
	return lexer_sp(c) &&
	    (!a->charset_known || parse_search_keys(c, mem, &a->key));
}

bool
parse_search(struct cur *c, struct arena *mem, union args *a)
{
	a->search = (struct search_args){ .charset_known = true };
	if (!take_returns(c, &a->search))
		return false;
	if (cur_take_istr(c, " CHARSET ") &&
	    !take_charset(c, mem, &a->search))
		return false;
	return take_keys(c, mem, &a->search);
}
