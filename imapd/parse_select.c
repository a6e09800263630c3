/*
 * parse_select - SELECT and EXAMINE with their parameters (RFC 4466 section
 * 2.1, RFC 7162 section 7: condstore-param, QRESYNC), and numbers of
 * modifications.
 */
#include "base/num.h"
#include "imapd/lexer.h"
#include "imapd/parse.h"

bool
parse_modseq(struct cur *c, bool zero, uint64_t *out)
{
	struct span digits = cur_while(c, ascii_isdigit);

	return num_parse(digits, zero ? 0 : 1, INT64_MAX, out) == 0;
}

/* A set without "*" and "$". */
static bool
take_plain_set(struct cur *c, struct arena *mem, struct seqset *out)
{
	if (!seqset_parse(c, mem, out) || out->saved)
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (out->v[i].first == SEQSET_STAR ||
		    out->v[i].last == SEQSET_STAR)
			return false;
	return true;
}

static bool
ascends(const struct seqset *set)
{
	uint32_t before = 0;

	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i].first <= before ||
		    set->v[i].last < set->v[i].first)
			return false;
		before = set->v[i].last;
	}
	return true;
}

/* seq-match-data = "(" known-sequence-set SP known-uid-set ")" */
static bool
take_match(struct cur *c, struct arena *mem, struct resync *r)
{
	return cur_take(c, '(') && take_plain_set(c, mem, &r->match_seqs) &&
	    lexer_sp(c) && take_plain_set(c, mem, &r->match_uids) &&
	    cur_take(c, ')') && ascends(&r->match_seqs) &&
	    ascends(&r->match_uids);
}

static bool
take_resync(struct cur *c, struct arena *mem, struct resync *r)
{
	if (!cur_take_istr(c, "QRESYNC") || !lexer_sp(c) ||
	    !cur_take(c, '(') || !lexer_nz_number(c, &r->uidvalidity) ||
	    !lexer_sp(c) || !parse_modseq(c, false, &r->modseq))
		return false;
	if (cur_take(c, ')'))
		return true;
	if (!lexer_sp(c))
		return false;
	if (cur_peek(c) != '(') {
		r->has_known = true;
		if (!take_plain_set(c, mem, &r->known))
			return false;
		if (cur_take(c, ')'))
			return true;
		if (!lexer_sp(c))
			return false;
	}
	return take_match(c, mem, r) && cur_take(c, ')');
}

bool
parse_select(struct cur *c, struct arena *mem, union args *a)
{
	a->select.condstore = false;
	a->select.resync = (struct resync){ .uidvalidity = 0 };
	if (!lexer_sp(c) || !lexer_astring(c, mem, &a->select.mailbox))
		return false;
	if (cur_end(c))
		return true;
	if (!lexer_sp(c) || !cur_take(c, '('))
		return false;
	do {
		if (cur_take_istr(c, "CONDSTORE"))
			a->select.condstore = true;
		else if (a->select.resync.uidvalidity != 0 ||
		    !take_resync(c, mem, &a->select.resync))
			return false;
	} while (lexer_sp(c));
	return cur_take(c, ')') && cur_end(c);
}
