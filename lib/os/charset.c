/*
 * charset - see charset.h.  iconv(3) loads a module and its tables when a
 * converter is opened, which a confined process cannot do: all of the list are
 * opened once, before, and kept.  Names that mail uses for the same charset
 * stand in one row.
 */
#include "os/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/num.h"

/* U+FFFD REPLACEMENT CHARACTER in UTF-8. */
#define REPLACEMENT	"\xef\xbf\xbd"
#define NAME_SIZE	32
#define NONE		((iconv_t)-1)

/* Names of one row are separated by spaces; the first is iconv's. */
static struct converter {
	const char *names;
	bool	    open;
	iconv_t	    cd;
} converters[] = {
	{ .names = "UTF-8 UTF8" },
	{ .names = "ASCII US-ASCII ANSI_X3.4-1968 ISO646-US" },
	{ .names = "ISO-8859-1 LATIN1 ISO8859-1 ISO_8859-1 L1" },
	{ .names = "ISO-8859-2 LATIN2 ISO8859-2" },
	{ .names = "ISO-8859-3 LATIN3 ISO8859-3" },
	{ .names = "ISO-8859-4 LATIN4 ISO8859-4" },
	{ .names = "ISO-8859-5 CYRILLIC ISO8859-5" },
	{ .names = "ISO-8859-6 ARABIC ISO8859-6 ISO-8859-6-I" },
	{ .names = "ISO-8859-7 GREEK ISO8859-7" },
	{ .names = "ISO-8859-8 HEBREW ISO8859-8 ISO-8859-8-I" },
	{ .names = "ISO-8859-9 LATIN5 ISO8859-9" },
	{ .names = "ISO-8859-10 LATIN6 ISO8859-10" },
	{ .names = "ISO-8859-11 ISO8859-11" },
	{ .names = "ISO-8859-13 LATIN7 ISO8859-13" },
	{ .names = "ISO-8859-14 LATIN8 ISO8859-14" },
	{ .names = "ISO-8859-15 LATIN-9 ISO8859-15" },
	{ .names = "ISO-8859-16 LATIN10 ISO8859-16" },
	{ .names = "WINDOWS-1250 CP1250" },
	{ .names = "WINDOWS-1251 CP1251" },
	{ .names = "WINDOWS-1252 CP1252" },
	{ .names = "WINDOWS-1253 CP1253" },
	{ .names = "WINDOWS-1254 CP1254" },
	{ .names = "WINDOWS-1255 CP1255" },
	{ .names = "WINDOWS-1256 CP1256" },
	{ .names = "WINDOWS-1257 CP1257" },
	{ .names = "WINDOWS-1258 CP1258" },
	{ .names = "WINDOWS-874 CP874" },
	{ .names = "KOI8-R" },
	{ .names = "KOI8-U" },
	{ .names = "TIS-620" },
	{ .names = "MACINTOSH MAC" },
	{ .names = "CP437 IBM437" },
	{ .names = "CP850 IBM850" },
	{ .names = "CP852 IBM852" },
	{ .names = "CP866 IBM866" },
	{ .names = "ISO-2022-JP" },
	{ .names = "EUC-JP X-EUC-JP" },
	{ .names = "SHIFT_JIS SHIFT-JIS SJIS X-SJIS" },
	{ .names = "CP932 WINDOWS-31J MS932" },
	{ .names = "GB18030 GB2312 GBK EUC-CN CP936 GB_2312-80" },
	{ .names = "BIG5 BIG-5 CN-BIG5" },
	{ .names = "BIG5-HKSCS" },
	{ .names = "UHC EUC-KR KS_C_5601-1987 KS_C_5601 CP949" },
	{ .names = "ISO-2022-KR" },
	{ .names = "UTF-16" },
	{ .names = "UTF-16BE" },
	{ .names = "UTF-16LE" },
	{ .names = "UTF-32" },
	{ .names = "UTF-7 UNICODE-1-1-UTF-7" },
};

void
charset_open_all(void)
{
	struct converter *c;
	char name[NAME_SIZE];
	struct span rest;

	for (c = converters; c < converters + COUNT(converters); c++) {
		rest = span_str(c->names);
		if (c->open || span_copy(span_cut(&rest, ' '), name,
		    sizeof(name)) != 0)
			continue;
		c->cd = iconv_open("UTF-8", name);
		c->open = c->cd != NONE;	/* else: an unknown charset */
	}
}

static struct converter *
find(struct span name)
{
	struct converter *c;
	struct span rest;

	for (c = converters; c < converters + COUNT(converters); c++) {
		if (!c->open)
			continue;
		rest = span_str(c->names);
		while (rest.p != NULL)
			if (span_ieq(span_cut(&rest, ' '), name))
				return c;
	}
	return NULL;
}

/*
 * One run until the input ends, is broken, or out has no room.
 * returns  0 at the end of the input or after a broken octet (skipped and
 * replaced); -1: no room
 */
static int
convert_some(iconv_t cd, char **from, size_t *left, struct buf *out)
{
	char text[512], *to = text;
	size_t room = sizeof(text), rc;
	int error;

	rc = iconv(cd, from, left, &to, &room);
	error = errno;
	if (buf_add(out, text, sizeof(text) - room) != 0)
		return -1;
	if (rc != (size_t)-1 || error == E2BIG)
		return 0;
	/* EILSEQ: not of this charset; EINVAL: cut off at the end. */
	if (buf_add_str(out, REPLACEMENT) != 0)
		return -1;
	if (error == EINVAL || *left == 0) {
		*left = 0;
	} else {
		(*from)++;
		(*left)--;
	}
	return 0;
}

int
charset_to_utf8(struct span charset, struct span in, struct buf *out)
{
	struct converter *c = find(charset);
	char *from = (char *)(uintptr_t)in.p;	/* iconv only reads it */
	size_t left = in.n;

	if (c == NULL)
		return -1;
	/* Cannot fail: puts the converter into its first state. */
	(void)iconv(c->cd, NULL, NULL, NULL, NULL);
	while (left > 0)
		if (convert_some(c->cd, &from, &left, out) != 0)
			return -1;
	return 0;
}
