/*
 * mime_text - text of header fields to UTF-8: encoded words (RFC 2047 2, 6)
 * and charsets.  us-ascii, utf-8, iso-8859-1, iso-8859-15 and windows-1252 are
 * known here; for others the caller may bring a converter (lib/os/charset).
 */
#ifndef MAIL_MIME_TEXT_H
#define MAIL_MIME_TEXT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define MIME_CHARSET_MAX	40	/* octets of a name that is looked at */

struct mime_charset {
	/* Adds in as UTF-8; -1: not known or cap reached (out as before). */
	int   (*convert)(void *ctx, struct span charset, struct span in,
	    struct buf *out);
	void   *ctx;
};

/*
 * Add in, which is in charset, as UTF-8; bad octets become U+FFFD.
 * more     may be NULL
 * returns  0; -1: charset not known, or cap reached (out as before)
 */
int	mime_charset_utf8(struct span charset, struct span in,
	    const struct mime_charset *more, struct buf *out) must_use;

/*
 * Add the value of an unstructured field, or a phrase, unfolded and decoded.
 * White space between two encoded words goes (RFC 2047 6.2); a word that
 * cannot be decoded stands as it came; 8-bit that is not UTF-8 is taken as
 * windows-1252.  The result is valid UTF-8 without NUL, CR and LF.
 * returns  0, or -1: cap reached
 */
int	mime_text_decode(struct span value, const struct mime_charset *more,
	    struct buf *out);

#endif
