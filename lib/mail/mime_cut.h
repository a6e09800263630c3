/*
 * mime_cut - finds the lines of a body that may be delimiters (RFC 2046
 * 5.1.1), in octets that come in pieces and may be anything.
 *
 * A delimiter stands between CRLF and CRLF and nowhere else: a bare CR or LF
 * ends no line here.  The CRLF in front of a delimiter is a part of it, so it
 * is kept back until the line behind it is known.
 */
#ifndef MAIL_MIME_CUT_H
#define MAIL_MIME_CUT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* A longer line is no delimiter. */
#define MIME_CUT_LINE	2048

enum mime_cut_found {
	MIME_CUT_MORE,	/* all was taken */
	MIME_CUT_DATA,	/* octets of the body; valid until the next call */
	MIME_CUT_LINE_IS	/* a line that begins with "-", with its CRLF if
			 * there is one: say what it is, then go on */
};

struct mime_cut {
	enum {
		CUT_START,	/* of a line */
		CUT_MID,
		CUT_CR,		/* which is kept back */
		CUT_GATHER,	/* a line that begins with "-" */
		CUT_FLUSH	/* it was none, it is data */
	} at;
	bool	held;		/* the CRLF in front of the line at hand */
	struct buf line;
};

void	mime_cut_init(struct mime_cut *c);
void	mime_cut_fini(struct mime_cut *c);
/* The body begins here, at the start of a line. */
void	mime_cut_begin(struct mime_cut *c);
/*
 * The next piece of *in, which moves on.
 * out  what was found
 */
enum mime_cut_found mime_cut_next(struct mime_cut *c, struct span *in,
	    struct span *out) must_use;
/* The same at the end, until it returns MIME_CUT_MORE. */
enum mime_cut_found mime_cut_last(struct mime_cut *c, struct span *out)
	    must_use;
/* After MIME_CUT_LINE_IS, and before anything else: no delimiter. */
void	mime_cut_is_data(struct mime_cut *c);

#endif
