/*
 * A value is read once from left to right.  The octets of encoded words that
 * follow each other in one charset are gathered and converted together, since
 * many writers split a character between two words although RFC 2047 5 forbids
 * it.  An attempt to read a word looks no further than to the next '?' or
 * space, so that "=?" in a row costs nothing extra.
 */
#include "mail/mime_text.h"

#include <string.h>

#include "base/b64.h"
#include "base/utf8.h"
#include "mail/header.h"

#define REPLACEMENT	0xfffd

/* What windows-1252 has where iso-8859-1 has controls; 0: nothing. */
static const uint16_t cp1252_80[32] = {
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
	0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178
};

static uint32_t
from_ascii(uint8_t c)
{
	return c < 0x80 ? c : REPLACEMENT;
}

static uint32_t
from_cp1252(uint8_t c)
{
	if (c < 0x80 || c >= 0xa0)
		return c;
	return cp1252_80[c - 0x80] != 0 ? cp1252_80[c - 0x80] : REPLACEMENT;
}

static uint32_t
from_latin9(uint8_t c)
{
	switch (c) {
	case 0xa4: return 0x20ac;
	case 0xa6: return 0x0160;
	case 0xa8: return 0x0161;
	case 0xb4: return 0x017d;
	case 0xb8: return 0x017e;
	case 0xbc: return 0x0152;
	case 0xbd: return 0x0153;
	case 0xbe: return 0x0178;
	default: return c;
	}
}

/*
 * Mail that says iso-8859-1 and uses 80-9f means windows-1252: nobody sends
 * the controls that stand there.
 */
static const struct {
	const char *name;
	uint32_t (*to_unicode)(uint8_t c);	/* NULL: it is UTF-8 */
} charsets[] = {
	{ "us-ascii", from_ascii },
	{ "ascii", from_ascii },
	{ "ansi_x3.4-1968", from_ascii },
	{ "utf-8", NULL },
	{ "utf8", NULL },
	{ "iso-8859-1", from_cp1252 },
	{ "latin1", from_cp1252 },
	{ "windows-1252", from_cp1252 },
	{ "cp1252", from_cp1252 },
	{ "iso-8859-15", from_latin9 },
	{ "latin-9", from_latin9 },
};

/* The ASCII at the front, which is itself in every charset of the table. */
static int
pass_ascii(struct span *in, struct buf *out)
{
	size_t n = utf8_ascii(*in);
	int rc = buf_add_span(out, span_head(*in, n));

	*in = span_from(*in, n);
	return rc;
}

static int
utf8_mend(struct span in, struct buf *out)
{
	for (;;) {
		if (pass_ascii(&in, out) != 0)
			return -1;
		if (in.n == 0)
			return 0;
		if (utf8_put(out, (uint32_t)utf8_next(&in)) != 0)
			return -1;
	}
}

static int
octets_to_utf8(struct span in, uint32_t (*to_unicode)(uint8_t c),
    struct buf *out)
{
	for (;;) {
		if (pass_ascii(&in, out) != 0)
			return -1;
		if (in.n == 0)
			return 0;
		if (utf8_put(out, to_unicode((uint8_t)in.p[0])) != 0)
			return -1;
		in = span_from(in, 1);
	}
}

int
mime_charset_utf8(struct span charset, struct span in,
    const struct mime_charset *more, struct buf *out)
{
	size_t was = out->n;
	int rc;

	if (charset.n > MIME_CHARSET_MAX)
		return -1;
	for (size_t i = 0; i < COUNT(charsets); i++) {
		if (!span_ieq_str(charset, charsets[i].name))
			continue;
		rc = charsets[i].to_unicode == NULL ? utf8_mend(in, out) :
		    octets_to_utf8(in, charsets[i].to_unicode, out);
		if (rc != 0)
			buf_cut(out, was);
		return rc;
	}
	if (more == NULL || more->convert == NULL)
		return -1;
	return more->convert(more->ctx, charset, in, out);
}

struct word {			/* one encoded word, RFC 2047 2 */
	struct span charset;	/* without a language (RFC 2231 5) */
	char	    encoding;	/* 'b' or 'q' */
	struct span text;
	struct span whole;
};

/* RFC 2047 2 token: no especials. */
static bool
is_token(char c)
{
	return c > ' ' && c <= '~' && strchr("()<>@,;:\"/[]?.=", c) == NULL;
}

static bool
is_encoded_text(char c)
{
	return c > ' ' && c <= '~' && c != '?';
}

static size_t
run(struct span s, size_t from, bool (*is)(char), size_t max)
{
	size_t i = from;

	while (i < s.n && i - from < max && is(s.p[i]))
		i++;
	return i;
}

/* s begins with "=?". */
static bool
word_at(struct span s, struct word *w)
{
	size_t i = run(s, 2, is_token, 2 * MIME_CHARSET_MAX), text;

	w->charset = span_of(s.p + 2, i - 2);
	w->charset.n = span_chr(w->charset, '*');
	if (w->charset.n == 0 || i + 3 > s.n || s.p[i] != '?' ||
	    s.p[i + 2] != '?')
		return false;
	w->encoding = ascii_lower(s.p[i + 1]);
	if (w->encoding != 'b' && w->encoding != 'q')
		return false;
	text = i + 3;
	i = run(s, text, is_encoded_text, SIZE_MAX);
	if (i + 2 > s.n || s.p[i] != '?' || s.p[i + 1] != '=')
		return false;
	w->text = span_of(s.p + text, i - text);
	w->whole = span_head(s, i + 2);
	return true;
}

static int
hex(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	return ascii_isxdigit(c) ? ascii_lower(c) - 'a' + 10 : -1;
}

/* RFC 2047 4.2 */
static int
q_decode(struct buf *out, struct span in)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '_') {
			c = ' ';
		} else if (c == '=' && i + 2 < in.n &&
		    hex(in.p[i + 1]) >= 0 && hex(in.p[i + 2]) >= 0) {
			c = (char)(hex(in.p[i + 1]) * 16 + hex(in.p[i + 2]));
			i += 2;
		}
		if (buf_add_char(out, c) != 0)
			return -1;
	}
	return 0;
}

struct decoder {
	struct buf *out;
	struct buf  raw;	/* octets of the words so far */
	struct span charset;	/* theirs; n == 0: there are none */
	struct span words;	/* as they came */
	const struct mime_charset *more;
};

/* Text that is not encoded: UTF-8, or else the usual sin. */
static int
put_bare(struct decoder *d, struct span s)
{
	if (utf8_valid(s))
		return buf_add_span(d->out, s);
	return octets_to_utf8(s, from_cp1252, d->out);
}

/* The words gathered so far; as they came, if nobody can convert them. */
static int
flush(struct decoder *d)
{
	int rc = 0;

	if (d->charset.n > 0 && mime_charset_utf8(d->charset,
	    buf_span(&d->raw), d->more, d->out) != 0)
		rc = put_bare(d, d->words);
	buf_clear(&d->raw);
	d->charset = d->words = SPAN_NONE;
	return rc;
}

static int
take_word(struct decoder *d, const struct word *w)
{
	int rc = 0;

	if (d->charset.n > 0 && !span_ieq(d->charset, w->charset))
		rc = flush(d);
	if (d->charset.n == 0) {
		d->charset = w->charset;
		d->words = w->whole;
	}
	d->words.n = (size_t)(w->whole.p + w->whole.n - d->words.p);
	if (w->encoding == 'b')
		(void)b64_decode_mime(&d->raw, w->text); /* has room */
	else
		(void)q_decode(&d->raw, w->text);
	return rc;
}

static bool
is_space(struct span s)
{
	return span_trim(s).n == 0;
}

static int
decode(struct decoder *d, struct span s)
{
	struct word w;
	size_t at = 0, done = 0;
	bool after_word = false;

	while (at + 1 < s.n) {
		struct span between;

		if (s.p[at] != '=' || s.p[at + 1] != '?' ||
		    !word_at(span_from(s, at), &w)) {
			at++;
			continue;
		}
		between = span_head(span_from(s, done), at - done);
		/* RFC 2047 6.2: spaces between two words are not text */
		if (!(after_word && is_space(between)) &&
		    (flush(d) != 0 || put_bare(d, between) != 0))
			return -1;
		if (take_word(d, &w) != 0)
			return -1;
		at = done = at + w.whole.n;
		after_word = true;
	}
	if (flush(d) != 0)
		return -1;
	return put_bare(d, span_from(s, done));
}

int
mime_text_decode(struct span value, const struct mime_charset *more,
    struct buf *out)
{
	struct decoder d = { .out = out, .more = more };
	struct buf line;
	size_t was = out->n;
	int rc;

	buf_init(&line, value.n);
	buf_init(&d.raw, value.n);
	rc = header_unfold(&line, value);
	if (rc == 0)
		rc = decode(&d, buf_span(&line));
	for (size_t i = was; i < out->n; i++)
		if (strchr("\r\n", out->p[i]) != NULL)	/* and NUL */
			out->p[i] = ' ';
	buf_fini(&d.raw);
	buf_fini(&line);
	return rc;
}
