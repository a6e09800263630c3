/*
 * intl - see intl.h.
 * The characters that are refused stand in one table, ranges in order, so that
 * an address means the same whichever release of a Unicode library is there.
 * Of IDNA all is the library's business but one thing: it is never shown what
 * the table refuses, because its mappings would pass over some of that without
 * a word, and two spellings that differ in what nobody sees would be one.
 */
#include "mail/intl.h"

#include <idn2.h>
#include <string.h>

#include "base/utf8.h"

#define NAME_MAX_OCTETS	255	/* RFC 5321 4.5.3.1.2 */

static const struct {
	int32_t first, last;
} refused[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x00a0 },	/* controls, NBSP */
	{ 0x00ad, 0x00ad },			/* SOFT HYPHEN */
	{ 0x034f, 0x034f },			/* GRAPHEME JOINER */
	{ 0x061c, 0x061c },			/* ARABIC LETTER MARK */
	{ 0x115f, 0x1160 },			/* Hangul fillers */
	{ 0x1680, 0x1680 },			/* OGHAM SPACE MARK */
	{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f },	/* invisible in Khmer, Mongolian */
	{ 0x2000, 0x200b },			/* spaces of all widths */
	{ 0x200e, 0x200f }, { 0x2028, 0x202f },	/* directions, separators */
	{ 0x205f, 0x206f },			/* directions, invisible signs */
	{ 0x3000, 0x3000 }, { 0x3164, 0x3164 },	/* spaces, filler */
	{ 0xd800, 0xf8ff },			/* surrogates, private use */
	{ 0xfdd0, 0xfdef },			/* noncharacters */
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },	/* variation selectors, BOM */
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xffff },	/* filler, specials */
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, /* format controls */
	{ 0xe0000, 0x10ffff },			/* tags, selectors, private use */
};

static bool
is_refused(int32_t c)
{
	for (size_t i = 0; i < COUNT(refused) && refused[i].first <= c; i++)
		if (c <= refused[i].last)
			return true;
	return (c & 0xfffe) == 0xfffe;		/* noncharacters */
}

bool
intl_is_needed(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 126)
			return true;
	return false;
}

bool
intl_text_ok(struct span s)
{
	int32_t c;

	if (!utf8_valid(s))
		return false;
	while ((c = utf8_next(&s)) >= 0)
		if (is_refused(c))
			return false;
	return true;
}

int
intl_domain(struct span name, char *out, size_t size)
{
	char text[NAME_MAX_OCTETS + 1];
	uint8_t *ascii = NULL;
	int rc = -1;

	if (!intl_text_ok(name) || span_copy(name, text, sizeof(text)) != 0)
		return -1;
	/* No STD3 rules: they would drop what they forbid. */
	if (idn2_lookup_u8((const uint8_t *)text, &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK)
		rc = span_copy(span_str((const char *)ascii), out, size);
	idn2_free(ascii);
	return rc;
}
