/*
 * mime_lines - what RFC 5321 2.3.7, 2.3.8 and RFC 2045 2.7, 2.8 ask of text,
 * of octets that come in pieces.
 */
#ifndef MAIL_MIME_LINES_H
#define MAIL_MIME_LINES_H

#include "base/base.h"
#include "base/span.h"

struct mime_lines {
	bool	bad;		/* NUL, or CR or LF that is no part of CRLF */
	bool	eight_bit;	/* an octet over 127 */
	bool	ended;		/* the last octets were a CRLF, or none came */
	bool	cr;		/* the last octet was a CR */
	size_t	longest;	/* line, without CRLF */
	size_t	line_n;		/* of the line at hand */
};

void	mime_lines_init(struct mime_lines *l);
void	mime_lines_add(struct mime_lines *l, struct span octets);
/* No more will come: a CR at the end is a bare one. */
void	mime_lines_end(struct mime_lines *l);

#endif
