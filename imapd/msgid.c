/*
 * msgid - see msgid.h.
 * An identifier that is not closed, has no '@' or is too long is none, and the
 * search goes on where it ends.
 */
#include "imapd/msgid.h"

/* s: between the brackets; false: no identifier. */
static bool
normal_form(struct span s, struct buf *out)
{
	size_t at = SIZE_MAX;
	bool quoted = false;

	buf_clear(out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"') {
			quoted = !quoted;
			continue;
		}
		if (ascii_isspace(s.p[i]))
			continue;
		if (quoted && s.p[i] == '\\' && i + 1 < s.n)
			i++;
		else if (s.p[i] == '@' && !quoted)
			at = out->n;
		buf_add_char(out, s.p[i]);
	}
	return at > 0 && at != SIZE_MAX && at + 1 < out->n && !quoted;
}

/* Where the '>' stands that closes s, or (false) what ends it otherwise. */
static bool
find_end(struct span s, size_t *end)
{
	bool quoted = false;

	s = span_head(s, MSGID_MAX);
	for (*end = 0; *end < s.n; ++*end) {
		if (s.p[*end] == '"')
			quoted = !quoted;
		else if (quoted && s.p[*end] == '\\')
			++*end;
		else if (s.p[*end] == '>' && !quoted)
			return true;
		else if (s.p[*end] == '<' && !quoted)
			return false;
	}
	return false;
}

bool
msgid_next(struct span *rest, struct buf *out)
{
	struct span id;
	size_t end;
	bool closed;

	while ((end = span_chr(*rest, '<')) < rest->n) {
		*rest = span_from(*rest, end + 1);
		closed = find_end(*rest, &end);
		id = span_head(*rest, end);
		*rest = span_from(*rest, end);
		if (closed && normal_form(id, out))
			return true;
	}
	*rest = SPAN_NONE;
	return false;
}
