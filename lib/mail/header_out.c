/*
 * Values are checked first and folded then; what does not fit its grammar is
 * encoded or refused, never mended.  A field is made whole in a buffer of its
 * own, so that a refused one leaves nothing behind.  Lines may be broken only
 * where a single space stands, because unfolding gives back exactly that.
 */
#include "mail/header_out.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "mail/intl.h"

#define LINE_WANTED	78	/* RFC 5322 2.1.1 */
#define LINE_MAX_OCTETS	998
#define FIELD_MAX	(64 * KIB)
#define WORD_MAX	75	/* an encoded word, RFC 2047 2 */

static bool
is_text(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

/*
 * Octets up to the next place to fold: a lone space outside quotes.  *quoted:
 * we are within a quoted string; NULL: quotes mean nothing here.
 */
static size_t
word_length(struct span s, bool *quoted)
{
	size_t i = 0;

	for (; i < s.n; i++) {
		char c = s.p[i];

		if (quoted != NULL && *quoted && c == '\\') {
			i++;
			continue;
		}
		if (quoted != NULL && c == '"')
			*quoted = !*quoted;
		if (i > 0 && c == ' ' && (quoted == NULL || !*quoted) &&
		    s.p[i - 1] != ' ' && i + 1 < s.n && s.p[i + 1] != ' ')
			break;
	}
	return num_min(i, s.n);
}

/* name, ':' and the value in lines. */
static int
fold(struct buf *out, const char *name, struct span value, bool structured)
{
	struct buf b;
	struct span word;
	bool quoted = false;
	size_t column;
	int rc = -1;

	buf_init(&b, FIELD_MAX);
	buf_add_str(&b, name);
	buf_add_str(&b, ": ");
	column = b.n;
	for (bool first = true; value.n > 0; first = false) {
		word = span_head(value,
		    word_length(value, structured ? &quoted : NULL));
		value = span_from(value, word.n);
		if (!first && column + word.n > LINE_WANTED) {
			buf_add_str(&b, "\r\n");
			column = 0;
		}
		column += word.n;
		if (column > LINE_MAX_OCTETS)
			goto out;
		buf_add_span(&b, word);
	}
	buf_add_str(&b, "\r\n");
	if (!b.full)
		rc = buf_add_span(out, buf_span(&b));
out:
	buf_fini(&b);
	return rc;
}

int
header_out(struct buf *out, const char *name, struct span value)
{
	if (!is_text(value))
		return -1;
	return fold(out, name, span_trim(value), true);
}

/* RFC 2047 4.2: what may stand for itself in any place, 5 (3). */
static bool
q_plain(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

/*
 * UTF-8 as encoded words, parted by spaces.  No character is split between
 * two words (RFC 2047 5), and the first has to stand beside the field's name
 * in a line of 76 octets (RFC 2047 2).
 */
static int
encode_words(struct buf *out, const char *name, struct span s)
{
	static const char open[] = "=?utf-8?Q?";
	size_t room = 0, first = strlen(name) + 1;

	while (s.n > 0) {
		struct span at = s;
		char text[13];
		size_t n = 0;

		if (utf8_next(&s) < 0)
			return -1;
		at = span_head(at, at.n - s.n);
		for (size_t i = 0; i < at.n; i++) {
			uint8_t c = (uint8_t)at.p[i];
			static const char hex[] = "0123456789ABCDEF";

			if (q_plain(at.p[i]) || c == ' ') {
				text[n++] = c == ' ' ? '_' : at.p[i];
				continue;
			}
			text[n++] = '=';
			text[n++] = hex[c >> 4];
			text[n++] = hex[c & 15];
		}
		if (n > room) {
			buf_add_str(out, out->n > 0 ? "?= " : "");
			buf_add_str(out, open);
			room = WORD_MAX - (sizeof(open) - 1) - 2;
			room -= num_min(first, room / 2);
			first = 0;
		}
		buf_add(out, text, n);
		room -= n;
	}
	buf_add_str(out, "?=");
	return out->full ? -1 : 0;
}

/* Can stand in an unstructured field as it is. */
static bool
stands_bare(struct span s)
{
	struct span rest = s;

	if (!is_text(s) || span_find(s, SPAN_LIT("=?")) < s.n)
		return false;
	while (rest.p != NULL)
		if (span_cut(&rest, ' ').n > LINE_MAX_OCTETS / 2)
			return false;
	return true;
}

static bool
breaks_line(struct span s)
{
	return span_has(s, '\r') || span_has(s, '\n') || span_has(s, '\0');
}

int
header_out_text(struct buf *out, const char *name, struct span value)
{
	struct buf words;
	int rc;

	if (breaks_line(value) || !utf8_valid(value))
		return -1;
	value = span_trim(value);
	if (stands_bare(value))
		return fold(out, name, value, false);
	buf_init(&words, FIELD_MAX);
	rc = encode_words(&words, name, value);
	if (rc == 0)
		rc = fold(out, name, buf_span(&words), false);
	buf_fini(&words);
	return rc;
}

/* RFC 5322 3.2.3 atext */
static bool
is_atext(char c)
{
	return ascii_isalnum(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

int
header_out_phrase(struct buf *out, const char *name, struct span s)
{
	struct buf words;
	bool atoms = true;
	int rc;

	if (!is_text(s) || s.n > LINE_MAX_OCTETS / 2 ||
	    span_find(s, SPAN_LIT("=?")) < s.n) {
		buf_init(&words, FIELD_MAX);
		rc = encode_words(&words, name, s);
		if (rc == 0)
			rc = buf_add_span(out, buf_span(&words));
		buf_fini(&words);
		return rc;
	}
	for (size_t i = 0; i < s.n; i++)
		atoms = atoms && (s.p[i] == ' ' || is_atext(s.p[i]));
	if (atoms)
		return buf_add_span(out, s);
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, s.p[i]);
	}
	return buf_add_char(out, '"');
}

int
header_out_mailbox(struct buf *out, const char *name, struct span display,
    struct span mailbox)
{
	struct buf b;
	int rc = 0;

	if (breaks_line(display) || !utf8_valid(display))
		return -1;
	display = span_trim(display);
	buf_init(&b, FIELD_MAX);
	if (display.n > 0) {
		rc = header_out_phrase(&b, name, display);
		buf_add_char(&b, ' ');
	}
	buf_add_char(&b, '<');
	buf_add_span(&b, mailbox);
	buf_add_char(&b, '>');
	/* RFC 6532 3.2: of the field only the mailbox may be UTF-8. */
	if (rc == 0)
		rc = b.full || !intl_text_ok(buf_span(&b)) ? -1 :
		    fold(out, name, buf_span(&b), true);
	buf_fini(&b);
	return rc;
}

void
header_out_tame(struct buf *out, struct span foreign, size_t max)
{
	struct span s = span_head(foreign, max);
	bool after_atext = false;

	if (s.n == 0)
		buf_add_char(out, '?');
	for (size_t i = 0; i < s.n; i++) {
		bool good = is_atext(s.p[i]) || (s.p[i] == '.' &&
		    after_atext && i + 1 < s.n && s.p[i + 1] != '.');

		buf_add_char(out, good ? s.p[i] : '?');
		after_atext = !good || s.p[i] != '.';
	}
}
