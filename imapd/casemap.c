/*
 * casemap - see casemap.h.
 * Each character becomes its title case, then its full decomposition, as the
 * collation i;unicode-casemap has it.  ASCII, which most mail is, takes a
 * short way, eight octets at once.
 */
#include "imapd/casemap.h"

#include <string.h>
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

/*
 * Eight octets below 0x80: what is added lifts 'a' and above, then '{' and
 * above, to 0x80, without a carry into the next octet.
 */
static uint64_t
upper8(uint64_t w)
{
	uint64_t from_a = w + UINT64_C(0x1f1f1f1f1f1f1f1f);
	uint64_t above_z = w + UINT64_C(0x0505050505050505);
	uint64_t small = from_a & ~above_z & UINT64_C(0x8080808080808080);

	return w ^ small >> 2;
}

static void
fold_ascii(char *to, const char *from, size_t n)
{
	uint64_t w;
	size_t i = 0;

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, from + i, sizeof(w));
		w = upper8(w);
		memcpy(to + i, &w, sizeof(w));
	}
	for (; i < n; i++)
		to[i] = ascii_upper(from[i]);
}

int
casemap_fold(struct buf *out, struct span text)
{
	char *to;
	size_t run;

	while (text.n > 0) {
		run = utf8_ascii(text);
		if (run == 0) {
			if (fold_char(out, utf8_next(&text)) != 0)
				return -1;
			continue;
		}
		to = buf_room(out, run);
		if (to == NULL)
			return -1;
		fold_ascii(to, text.p, run);
		buf_grown(out, run);
		text = span_from(text, run);
	}
	return 0;
}
