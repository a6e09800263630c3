/*
 * span - see span.h.
 * Every function here works on any octets, NUL included, and on an empty
 * span whose pointer is NULL; memcmp and friends are therefore never called
 * with a length of zero.  The ascii_* functions exist because those of
 * <ctype.h> depend on the locale and are undefined for a negative char.
 */
#include "base/span.h"

#include <string.h>

/* Are the first n octets the same, but for the case of ASCII letters? */
static bool
same_folded(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	}
	return true;
}

bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
span_ieq(struct span a, struct span b)
{
	return a.n == b.n && same_folded(a.p, b.p, a.n);
}

bool
span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq(span_head(s, prefix.n), prefix);
}

bool
span_istarts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_ieq(span_head(s, prefix.n), prefix);
}

bool
span_ends(struct span s, struct span suffix)
{
	return s.n >= suffix.n &&
	    span_eq(span_from(s, s.n - suffix.n), suffix);
}

bool
span_iends(struct span s, struct span suffix)
{
	return s.n >= suffix.n &&
	    span_ieq(span_from(s, s.n - suffix.n), suffix);
}

int
span_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int cmp = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (cmp != 0)
		return cmp;
	return (a.n > b.n) - (a.n < b.n);
}

size_t
span_chr(struct span s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

size_t
span_rchr(struct span s, char c)
{
	for (size_t i = s.n; i > 0; i--) {
		if (s.p[i - 1] == c)
			return i - 1;
	}
	return s.n;
}

size_t
span_find(struct span s, struct span needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (s.n < needle.n)
		return s.n;
	/* memmem is linear in glibc, musl and the BSDs (two-way). */
	at = memmem(s.p, s.n, needle.p, needle.n);
	return at != NULL ? (size_t)(at - s.p) : s.n;
}

bool
span_has(struct span s, char c)
{
	return span_chr(s, c) < s.n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_blank_or_eol(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

static struct span
trim(struct span s, bool (*is)(char))
{
	while (s.n > 0 && is(s.p[0]))
		s = span_from(s, 1);
	while (s.n > 0 && is(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct span
span_trim(struct span s)
{
	return trim(s, is_blank);
}

struct span
span_trim_ws(struct span s)
{
	return trim(s, is_blank_or_eol);
}

struct span
span_cut(struct span *rest, char sep)
{
	struct span whole = *rest;
	size_t at = span_chr(whole, sep);

	if (at == whole.n)
		*rest = SPAN_NONE;
	else
		*rest = span_from(whole, at + 1);
	return span_head(whole, at);
}

struct span
span_word(struct span *rest)
{
	struct span s = *rest;
	size_t n = 0;

	while (s.n > 0 && is_blank(s.p[0]))
		s = span_from(s, 1);
	while (n < s.n && !is_blank(s.p[n]))
		n++;
	*rest = span_from(s, n);
	return span_head(s, n);
}

int
span_copy(struct span s, char *out, size_t out_size)
{
	if (out_size == 0)
		return -1;
	out[0] = '\0';
	if (s.n >= out_size || span_has(s, '\0'))
		return -1;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return 0;
}

void
span_copy_cut(struct span s, char *out, size_t out_size)
{
	size_t i;

	if (out_size == 0)
		return;
	for (i = 0; i < s.n && i < out_size - 1; i++)
		out[i] = s.p[i] != '\0' ? s.p[i] : '?';
	out[i] = '\0';
}

bool
ascii_isalpha(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool
ascii_isalnum(char c)
{
	return ascii_isalpha(c) || ascii_isdigit(c);
}

bool
ascii_isspace(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
ascii_iscntrl(char c)
{
	return (unsigned char)c < 32 || c == 127;
}

bool
ascii_isxdigit(char c)
{
	return ascii_isdigit(c) || (c >= 'A' && c <= 'F') ||
	    (c >= 'a' && c <= 'f');
}

char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}
