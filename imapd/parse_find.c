/*
 * parse_find - SEARCH (RFC 3501 section 9: search) with its return options
 * (RFC 4731, 5182, 9394), SORT and THREAD (RFC 5256 section 5, RFC 5957 5, RFC
 * 5267 5).  What is looked for is parse_search.c's.
 */
#include "base/num.h"
#include "imapd/lexer.h"
#include "imapd/limits.h"
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
	a->search.charset_given = cur_take_istr(c, " CHARSET ");
	if (a->search.charset_given && !take_charset(c, mem, &a->search))
		return false;
	return take_keys(c, mem, &a->search);
}

static bool
take_criterion(struct cur *c, struct sort_criterion *out)
{
	static const struct {
		const char *name;
		enum sort_kind kind;
	} names[] = {
		{ "ARRIVAL", SORT_ARRIVAL },
		{ "CC", SORT_CC },
		{ "DATE", SORT_DATE },
		{ "DISPLAYFROM", SORT_DISPLAYFROM },
		{ "DISPLAYTO", SORT_DISPLAYTO },
		{ "FROM", SORT_FROM },
		{ "SIZE", SORT_SIZE },
		{ "SUBJECT", SORT_SUBJECT },
		{ "TO", SORT_TO },
	};
	struct span word;

	out->reverse = cur_take_istr(c, "REVERSE ");
	if (!lexer_atom(c, &word))
		return false;
	for (size_t i = 0; i < COUNT(names); i++)
		if (span_ieq_str(word, names[i].name)) {
			out->kind = names[i].kind;
			return true;
		}
	return false;
}

/* sort-criteria = "(" sort-criterion *(SP sort-criterion) ")" */
static bool
take_criteria(struct cur *c, struct arena *mem, struct search_args *a)
{
	a->sort = arena_array(mem, IMAP_SORT_CRITERIA, sizeof(a->sort[0]));
	if (a->sort == NULL || !lexer_sp(c) || !cur_take(c, '('))
		return false;
	do {
		if (a->sort_n == IMAP_SORT_CRITERIA ||
		    !take_criterion(c, &a->sort[a->sort_n++]))
			return false;
	} while (lexer_sp(c));
	return cur_take(c, ')');
}

/* search-criteria = charset 1*(SP search-key) */
static bool
take_search_criteria(struct cur *c, struct arena *mem, struct search_args *a)
{
	return lexer_sp(c) && take_charset(c, mem, a) && take_keys(c, mem, a);
}

bool
parse_sort(struct cur *c, struct arena *mem, union args *a)
{
	a->search = (struct search_args){ .charset_known = true };
	return take_returns(c, &a->search) &&
	    take_criteria(c, mem, &a->search) &&
	    take_search_criteria(c, mem, &a->search);
}

bool
parse_thread(struct cur *c, struct arena *mem, union args *a)
{
	static const struct {
		const char *name;
		enum thread_kind kind;
	} names[] = {
		{ "ORDEREDSUBJECT", THREAD_ORDEREDSUBJECT },
		{ "REFERENCES", THREAD_REFERENCES },
		{ "REFS", THREAD_REFS },
	};
	struct span word;

	a->search = (struct search_args){ .charset_known = true };
	if (!lexer_sp(c) || !lexer_atom(c, &word))
		return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!span_ieq_str(word, names[i].name))
			continue;
		a->search.thread = names[i].kind;
		return take_search_criteria(c, mem, &a->search);
	}
	return false;
}
