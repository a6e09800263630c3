/*
 * members.c - one pass from comma to comma.  Whether an address is one, and what
 * a name means, is for those who ask: here only the kinds are told apart.
 */
#include "map/members.h"

static struct span
cut(struct span *rest)
{
	bool quoted = false;
	size_t i;
	struct span m;

	for (i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted && i + 1 < rest->n)
			i++;
		else if (!quoted && (c == ',' || c == '\n'))
			break;
	}
	m = span_head(*rest, i);
	*rest = i < rest->n ? span_from(*rest, i + 1) : SPAN_NONE;
	return span_trim_ws(m);
}

static struct span
between(struct span s, char first, char last)
{
	return s.n > 1 && s.p[0] == first && s.p[s.n - 1] == last ?
	    span_of(s.p + 1, s.n - 2) : s;
}

bool
members_next(struct span *list, struct member *out)
{
	static const struct span include = SPAN_LIT(":include:");
	struct span m = SPAN_NONE;

	while (list->p != NULL && (m.n == 0 || m.p[0] == '#'))
		m = cut(list);
	if (m.n == 0 || m.p[0] == '#')
		return false;
	/* Quotes around a program or file; those of a local part stay. */
	if (m.n > 2 && m.p[0] == '"' && (m.p[1] == '|' || m.p[1] == '/'))
		m = between(m, '"', '"');
	if (span_istarts(m, include)) {
		out->kind = MEMBER_INCLUDE;
		m = span_trim(span_from(m, include.n));
	} else if (m.p[0] == '|') {
		out->kind = MEMBER_PIPE;
		m = span_trim(span_from(m, 1));
	} else if (m.p[0] == '/') {
		out->kind = MEMBER_FILE;
	} else if (m.p[0] == '\\') {
		out->kind = MEMBER_ACCOUNT;
		m = between(span_from(m, 1), '<', '>');
	} else {
		out->kind = MEMBER_ADDRESS;
		m = between(m, '<', '>');
	}
	out->text = m;
	return true;
}
