/*
 * strings - see strings.h.
 * A quoted string holds 7-bit text without CR and LF (RFC 3501 section 9:
 * QUOTED-CHAR), or UTF-8 for who has asked for it; all else is sent as a
 * literal, which a server may send unasked.  NUL cannot be sent at all (4.3.1),
 * and 0x80 has the same length, so sizes that were told stay true.
 */
#include "imapd/strings.h"

#include "base/utf8.h"
#include "imapd/lexer.h"
#include "store/maildir.h"

#define QUOTED_MAX	1000	/* longer ones are literals */

static bool
can_be_quoted(struct span s, bool utf8)
{
	if (s.n > QUOTED_MAX || (utf8 && !utf8_valid(s)))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == 0 || (c > 0x7f && !utf8) || c == '\r' ||
		    c == '\n')
			return false;
	}
	return true;
}

static void
put_quoted(struct buf *out, struct span s)
{
	size_t told = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_add(out, s.p + told, i - told);
		buf_add_char(out, '\\');
		told = i;
	}
	buf_add_span(out, span_from(s, told));
	buf_add_char(out, '"');
}

static void
put_string(struct buf *out, struct span s, bool utf8)
{
	size_t at;

	if (can_be_quoted(s, utf8)) {
		put_quoted(out, s);
		return;
	}
	buf_addf(out, "{%zu}\r\n", s.n);
	at = out->n;
	if (buf_add_span(out, s) != 0)
		return;
	for (; at < out->n; at++)
		if (out->p[at] == '\0')
			out->p[at] = (char)0x80;
}

void
strings_put(struct buf *out, struct span s)
{
	put_string(out, s, false);
}

void
strings_put_n(struct buf *out, struct span s)
{
	if (s.p == NULL)
		buf_add_str(out, "NIL");
	else
		strings_put(out, s);
}

static void
put_astring(struct buf *out, struct span s, bool utf8)
{
	bool atom = s.n > 0 && !span_ieq_str(s, "NIL");

	for (size_t i = 0; i < s.n && atom; i++)
		atom = lexer_is_atom_char(s.p[i]);
	if (atom)
		buf_add_span(out, s);
	else
		put_string(out, s, utf8);
}

void
strings_put_astring(struct buf *out, struct span s)
{
	put_astring(out, s, false);
}

void
strings_put_utf8(struct buf *out, struct span s)
{
	put_astring(out, s, true);
}

void
strings_put_flags(struct buf *out, uint8_t flags)
{
	static const struct {
		enum message_flag bit;
		struct span name;
	} names[] = {
		{ MESSAGE_ANSWERED, SPAN_LIT("\\Answered") },
		{ MESSAGE_FLAGGED, SPAN_LIT("\\Flagged") },
		{ MESSAGE_DELETED, SPAN_LIT("\\Deleted") },
		{ MESSAGE_SEEN, SPAN_LIT("\\Seen") },
		{ MESSAGE_DRAFT, SPAN_LIT("\\Draft") },
		{ MESSAGE_RECENT, SPAN_LIT("\\Recent") },
	};
	size_t begin = out->n;

	for (size_t i = 0; i < COUNT(names); i++)
		if ((flags & names[i].bit) != 0) {
			if (out->n > begin)
				buf_add_char(out, ' ');
			buf_add_span(out, names[i].name);
		}
}
