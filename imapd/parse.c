/*
 * parse - the commands whose arguments are one rule of the grammar or two.
 * See parse.h.  RFC 3501 section 9 unless another RFC is named.
 */
#include "imapd/parse.h"

#include "imapd/lexer.h"

bool
parse_nothing(struct cur *c, struct arena *mem, union args *a)
{
	(void)mem;
	(void)a;
	return cur_end(c);
}

/*
 * RFC 2971 3.1: id ::= "ID" SPACE id_params_list; a list of pairs, or NIL.
 * What a client says of itself is not kept.
 */
bool
parse_id(struct cur *c, struct arena *mem, union args *a)
{
	struct span word;

	(void)a;
	if (!lexer_sp(c))
		return false;
	if (cur_take_istr(c, "NIL"))
		return cur_end(c);
	if (!cur_take(c, '('))
		return false;
	if (cur_take(c, ')'))
		return cur_end(c);
	do {
		if (!lexer_string(c, mem, &word) || !lexer_sp(c) ||
		    !lexer_nstring(c, mem, &word))
			return false;
	} while (lexer_sp(c));
	return cur_take(c, ')') && cur_end(c);
}

/* RFC 5161 4: enable = "ENABLE" 1*(SP capability) */
bool
parse_atoms(struct cur *c, struct arena *mem, union args *a)
{
	struct span rest = cur_rest(c);
	size_t most = 1;

	for (size_t i = 0; i < rest.n; i++)
		most += rest.p[i] == ' ';
	a->words.n = 0;
	a->words.v = arena_array(mem, most, sizeof(a->words.v[0]));
	if (a->words.v == NULL)
		return false;
	do {
		if (!lexer_sp(c) ||
		    !lexer_atom(c, &a->words.v[a->words.n++]))
			return false;
	} while (!cur_end(c));
	return true;
}

static bool
take_mailbox(struct cur *c, struct arena *mem, struct span *out)
{
	return lexer_sp(c) && lexer_astring(c, mem, out);
}

bool
parse_mailbox(struct cur *c, struct arena *mem, union args *a)
{
	return take_mailbox(c, mem, &a->one.mailbox) && cur_end(c);
}

bool
parse_rename(struct cur *c, struct arena *mem, union args *a)
{
	return take_mailbox(c, mem, &a->two.from) &&
	    take_mailbox(c, mem, &a->two.to) && cur_end(c);
}

/* RFC 4315 2.1: uid-expunge = "UID" SP "EXPUNGE" SP sequence-set */
bool
parse_set(struct cur *c, struct arena *mem, union args *a)
{
	return lexer_sp(c) && seqset_parse(c, mem, &a->set.set) && cur_end(c);
}

bool
parse_copy(struct cur *c, struct arena *mem, union args *a)
{
	return lexer_sp(c) && seqset_parse(c, mem, &a->copy.set) &&
	    take_mailbox(c, mem, &a->copy.mailbox) && cur_end(c);
}
