/*
 * saslprep - see saslprep.h.
 * Printable ASCII, which is nearly everything, passes unchanged and at once.
 * For the rest utf8proc composes, and its categories stand for the tables of
 * stringprep where those are a category; the few that are not are listed.
 *
 * The text may be a password: all that is allocated on the way is wiped.
 */
#include "trust/saslprep.h"

#include <stdlib.h>

#include <utf8proc.h>

#include "base/secret.h"
#include "base/utf8.h"

struct range {
	int32_t first, last;
};

/* RFC 4013 2.1: "commonly mapped to nothing" */
static const struct range nothing[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x1806, 0x1806 },
	{ 0x180b, 0x180d }, { 0x200b, 0x200d }, { 0x2060, 0x2060 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
};

/* RFC 4013 2.3, as far as no category says it. */
static const struct range prohibited[] = {
	{ 0x0340, 0x0341 }, { 0x06dd, 0x06dd }, { 0x070f, 0x070f },
	{ 0x180e, 0x180e }, { 0x200c, 0x200f }, { 0x2028, 0x202e },
	{ 0x2060, 0x2063 }, { 0x206a, 0x206f }, { 0x2ff0, 0x2ffb },
	{ 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff }, { 0xfff9, 0xffff },
	{ 0x1d173, 0x1d17a }, { 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f },
};

static bool
is_within(const struct range *table, size_t n, int32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= table[i].first && c <= table[i].last)
			return true;
	return false;
}

static bool
is_prohibited(int32_t c)
{
	utf8proc_category_t kind = utf8proc_category(c);

	return kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_CO ||
	    kind == UTF8PROC_CATEGORY_CS || (c & 0xfffe) == 0xfffe ||
	    (kind == UTF8PROC_CATEGORY_ZS && c != ' ') ||
	    is_within(prohibited, COUNT(prohibited), c);
}

/* RFC 4013 2.4: a text with a letter written to the left has none of the
   other direction, and begins and ends with one. */
static bool
is_one_way(struct span s)
{
	bool left = false, right = false, begins = false, ends = false;
	int32_t c;

	for (bool first = true; (c = utf8_next(&s)) >= 0; first = false) {
		utf8proc_propval_t way =
		    utf8proc_get_property(c)->bidi_class;

		ends = way == UTF8PROC_BIDI_CLASS_R ||
		    way == UTF8PROC_BIDI_CLASS_AL;
		begins = first ? ends : begins;
		left = left || ends;
		right = right || way == UTF8PROC_BIDI_CLASS_L;
	}
	return !left || (!right && begins && ends);
}

static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

static bool
is_allowed(struct span s)
{
	struct span rest = s;
	int32_t c;

	while ((c = utf8_next(&rest)) >= 0)
		if (is_prohibited(c))
			return false;
	return s.n > 0 && is_one_way(s);
}

/* RFC 4013 2.1 */
static int
map(struct span in, struct buf *out)
{
	int32_t c;

	while ((c = utf8_next(&in)) >= 0) {
		if (is_within(nothing, COUNT(nothing), c))
			continue;
		if (utf8proc_category(c) == UTF8PROC_CATEGORY_ZS)
			c = ' ';
		if (utf8_put(out, (uint32_t)c) != 0)
			return -1;
	}
	return 0;
}

int
saslprep(struct span in, struct buf *out)
{
	struct buf mapped;	/* mapping makes nothing longer */
	utf8proc_uint8_t *composed = NULL;
	utf8proc_ssize_t n;
	int rc = -1;

	if (in.n > SASLPREP_MAX || !utf8_valid(in))
		return -1;
	if (is_plain(in))
		return buf_add_span(out, in);
	buf_init(&mapped, SASLPREP_MAX + 4);
	if (buf_room(&mapped, SASLPREP_MAX + 4) == NULL ||
	    map(in, &mapped) != 0)
		goto out;
	n = utf8proc_map((const utf8proc_uint8_t *)mapped.p,
	    (utf8proc_ssize_t)mapped.n, &composed, UTF8PROC_STABLE |
	    UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
	if (n > 0 && is_allowed(span_of(composed, (size_t)n)))
		rc = buf_add(out, composed, (size_t)n);
	if (composed != NULL)
		wipe(composed, n > 0 ? (size_t)n : 0);
out:
	free(composed);
	if (mapped.p != NULL)
		wipe(mapped.p, mapped.size);
	buf_fini(&mapped);
	return rc;
}
