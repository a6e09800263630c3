/*
 * fold - see fold.h.
 * ASCII, which nearly all names are, never reaches the library for Unicode.
 * Small letters come first and the form afterwards: some capitals have a
 * small form only in pieces, which are put together then; a second round finds
 * nothing left to do.
 */
#include "map/fold.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "mail/intl.h"

#define NAME_MAX_OCTETS	1024

static int
put_ascii(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		if (buf_add_char(out, ascii_lower(s.p[i])) != 0)
			return -1;
	return 0;
}

/* NFC (Unicode Standard Annex 15). */
static int
compose(struct span in, struct buf *out)
{
	utf8proc_uint8_t *text = NULL;
	utf8proc_ssize_t n;
	int rc = -1;

	n = utf8proc_map((const utf8proc_uint8_t *)in.p,
	    (utf8proc_ssize_t)in.n, &text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n >= 0)
		rc = buf_add(out, text, (size_t)n);
	free(text);
	return rc;
}

static int
put_small(struct span s, struct buf *out)
{
	int32_t c, small;

	while ((c = utf8_next(&s)) >= 0) {
		small = utf8proc_tolower(c);
		if (small < 0x80 && c >= 0x80)
			small = c;
		if (utf8_put(out, c < 0x80 ? (uint8_t)ascii_lower((char)c) :
		    (uint32_t)small) != 0)
			return -1;
	}
	return 0;
}

static int
fold_local(struct span local, struct buf *out)
{
	struct buf form, small;
	int rc;

	if (!intl_is_needed(local))
		return put_ascii(local, out);
	if (!intl_text_ok(local))
		return -1;
	buf_init(&form, NAME_MAX_OCTETS);
	buf_init(&small, NAME_MAX_OCTETS);
	rc = compose(local, &form);
	if (rc == 0)
		rc = put_small(buf_span(&form), &small);
	if (rc == 0)
		rc = compose(buf_span(&small), out);
	buf_fini(&form);
	buf_fini(&small);
	return rc;
}

static int
put_domain(struct span domain, struct buf *out)
{
	char ascii[ADDR_DOMAIN_SIZE];

	if (!intl_is_needed(domain))
		return put_ascii(domain, out);
	if (addr_parse_domain(domain, ascii, NULL) != 0)
		return -1;
	return buf_add_str(out, ascii);
}

int
fold_name(struct span name, struct buf *out)
{
	size_t at = span_rchr(name, '@');

	if (fold_local(span_head(name, at), out) != 0)
		return -1;
	if (at == name.n)
		return 0;
	if (buf_add_char(out, '@') != 0)
		return -1;
	return put_domain(span_from(name, at + 1), out);
}

int
fold_domain(struct span key, struct buf *out)
{
	bool dot = span_starts(key, SPAN_LIT("."));

	if (dot && buf_add_char(out, '.') != 0)
		return -1;
	return put_domain(span_from(key, dot), out);
}

bool
fold_is_key(struct span key)
{
	size_t at = span_rchr(key, '@');
	struct span local = span_head(key, at), domain = at < key.n ?
	    span_from(key, at + 1) : SPAN_LIT("an.example");
	char text[ADDR_DOMAIN_SIZE];
	struct addr a;

	/* An address literal stays in its one spelling, which has capitals. */
	if (key.n == 0 || addr_parse_domain(domain, text, NULL) != 0 ||
	    !span_eq_str(domain, text))
		return false;
	if (at == 0)
		return true;
	if (addr_make(&a, local, domain) != 0)
		return false;
	fold_addr_local(&a, text);
	return span_eq_str(local, text);
}

size_t
fold_claimed(struct span name, char *out, size_t size)
{
	struct buf folded;
	struct span s = span_head(name, size);

	buf_init(&folded, size);
	if (intl_is_needed(name) && fold_name(name, &folded) == 0)
		s = buf_span(&folded);
	for (size_t i = 0; i < s.n; i++)
		out[i] = ascii_lower(s.p[i]);
	buf_fini(&folded);
	return s.n;
}

void
fold_addr_local(const struct addr *a, char out[ADDR_LOCAL_SIZE])
{
	struct buf folded;

	addr_local_plain(a, out);
	buf_init(&folded, ADDR_LOCAL_MAX);
	/* One that grows beyond the limit is no name in any map. */
	if (fold_local(span_str(out), &folded) == 0)
		span_copy_cut(buf_span(&folded), out, ADDR_LOCAL_SIZE);
	buf_fini(&folded);
}
