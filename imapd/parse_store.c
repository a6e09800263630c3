/*
 * parse_store - lists of flags, and STORE (RFC 3501 section 9: flag-list,
 * store-att-flags).
 */
#include "imapd/lexer.h"
#include "imapd/parse.h"
#include "store/maildir.h"

/* The names of a list, counted before there is memory for them. */
static size_t
count_words(struct span text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n && text.p[i] != ')'; i++)
		if (text.p[i] == ' ')
			n++;
	return n;
}

/* A system flag; \Recent cannot be set by a client (2.3.2). */
static bool
add_system(struct span name, struct flags *out)
{
	static const struct {
		const char *name;
		enum message_flag bit;
	} names[] = {
		{ "\\Seen", MESSAGE_SEEN },
		{ "\\Answered", MESSAGE_ANSWERED },
		{ "\\Flagged", MESSAGE_FLAGGED },
		{ "\\Deleted", MESSAGE_DELETED },
		{ "\\Draft", MESSAGE_DRAFT },
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (span_ieq_str(name, names[i].name)) {
			out->system |= (uint8_t)names[i].bit;
			return true;
		}
	return false;
}

static bool
take_flag(struct cur *c, struct flags *out)
{
	struct span name;

	if (!lexer_flag(c, &name))
		return false;
	if (name.p[0] == '\\')
		return add_system(name, out);
	out->keywords[out->keywords_n++] = name;
	return true;
}

/* flag *(SP flag) */
bool
parse_flags_bare(struct cur *c, struct arena *mem, struct flags *out)
{
	size_t most = count_words(cur_rest(c));

	*out = (struct flags){ .keywords =
		    arena_array(mem, most, sizeof(out->keywords[0])) };
	if (out->keywords == NULL)
		return false;
	do {
		if (!take_flag(c, out))
			return false;
	} while (lexer_sp(c));
	return true;
}

/* flag-list = "(" [flag *(SP flag)] ")" */
bool
parse_flag_list(struct cur *c, struct arena *mem, struct flags *out)
{
	*out = (struct flags){ .system = 0 };
	if (!cur_take(c, '('))
		return false;
	if (cur_take(c, ')'))
		return true;
	return parse_flags_bare(c, mem, out) && cur_take(c, ')');
}

/* "(UNCHANGEDSINCE n) ": RFC 4466 section 2.5, RFC 7162 section 7. */
static bool
take_store_modifiers(struct cur *c, union args *a)
{
	a->store.conditional = cur_take(c, '(');
	return !a->store.conditional ||
	    (cur_take_istr(c, "UNCHANGEDSINCE") && lexer_sp(c) &&
	    parse_modseq(c, true, &a->store.unchanged_since) &&
	    cur_take(c, ')') && lexer_sp(c));
}

bool
parse_store(struct cur *c, struct arena *mem, union args *a)
{
	if (!lexer_sp(c) || !seqset_parse(c, mem, &a->store.set) ||
	    !lexer_sp(c) || !take_store_modifiers(c, a))
		return false;
	a->store.how = STORE_SET;
	if (cur_take(c, '+'))
		a->store.how = STORE_ADD;
	else if (cur_take(c, '-'))
		a->store.how = STORE_REMOVE;
	if (!cur_take_istr(c, "FLAGS"))
		return false;
	a->store.silent = cur_take_istr(c, ".SILENT");
	if (!lexer_sp(c))
		return false;
	if (cur_peek(c) == '(')
		return parse_flag_list(c, mem, &a->store.flags) && cur_end(c);
	return parse_flags_bare(c, mem, &a->store.flags) && cur_end(c);
}
