/*
 * casemap - see casemap.h.
 * Each character becomes its title case, then its full decomposition, as the
 * collation i;unicode-casemap has it.  ASCII, which most mail is, takes a
 * short way.
 */
#include "imapd/casemap.h"

#include <utf8proc.h>

#include "base/utf8.h"

#define SHARP_S		0xdf
#define HANGUL_FIRST	0xac00
#define HANGUL_LAST	0xd7a3
#define DECOMPOSED_MAX	32	/* code points of one character */

static int
fold_char(struct buf *out, int32_t code)
{
	utf8proc_int32_t parts[DECOMPOSED_MAX];
	utf8proc_ssize_t n;
	int boundclass = 0;

	/*
	 * Syllables decompose by a rule, not by a property; and the library
	 * has a title case of sharp s of its own.
	 */
	if ((code >= HANGUL_FIRST && code <= HANGUL_LAST) || code == SHARP_S)
		return utf8_put(out, (uint32_t)code);
	n = utf8proc_decompose_char(utf8proc_totitle(code), parts,
	    DECOMPOSED_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
	    &boundclass);
	if (n < 0 || n > DECOMPOSED_MAX)
		return utf8_put(out, (uint32_t)code);
	for (utf8proc_ssize_t i = 0; i < n; i++)
		if (utf8_put(out, (uint32_t)parts[i]) != 0)
			return -1;
	return 0;
}

int
casemap_fold(struct buf *out, struct span text)
{
	char *to;
	size_t run;

	while (text.n > 0) {
		for (run = 0; run < text.n && (text.p[run] & 0x80) == 0;)
			run++;
		if (run == 0) {
			if (fold_char(out, utf8_next(&text)) != 0)
				return -1;
			continue;
		}
		to = buf_room(out, run);
		if (to == NULL)
			return -1;
		for (size_t i = 0; i < run; i++)
			to[i] = ascii_upper(text.p[i]);
		buf_grown(out, run);
		text = span_from(text, run);
	}
	return 0;
}
