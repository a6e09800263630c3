/*
 * mime_binary - a message of BODY=BINARYMIME (RFC 3030 3) made one of lines,
 * while it comes: each part with Content-Transfer-Encoding: binary gets an
 * encoding that lines can carry (mime_leaf.h); decoded, it is octet for octet
 * what it was.  All else is passed on as it is, and must be made of lines
 * already: a NUL, or a CR or LF that is no part of a CRLF, is an error
 * wherever it is not inside such a part, and what is put never has any.
 *
 * multipart and message cannot be encoded themselves (RFC 2045 6.4): what is
 * in them is; labelled binary they become 8bit.  A multipart without boundary,
 * or a message of a type that holds no message, must be made of lines.  In a
 * multipart/signed nothing can be changed: binary in it is an error.
 *
 * Memory: one header, one held text, and the boundaries of what is open; time
 * is linear.  The result is the same for every way to cut the input.
 */
#ifndef MAIL_MIME_BINARY_H
#define MAIL_MIME_BINARY_H

#include "base/base.h"
#include "base/span.h"

#define MIME_BINARY_DEPTH	30	/* multiparts and messages in a row */

enum mime_binary_state {
	MIME_BINARY_GOOD,
	MIME_BINARY_LINES,	/* no lines where there must be lines */
	MIME_BINARY_HEADER,	/* a header is over a limit */
	MIME_BINARY_DEEP,	/* over that, or a boundary is too long */
	MIME_BINARY_SIGNED	/* binary within a signature */
};

struct mime_binary_limits {
	size_t	header_octets, header_fields;	/* of each header */
};

/* Takes octets in order. */
struct mime_binary_sink {
	void  (*put)(void *ctx, struct span octets);
	void   *ctx;
};

struct mime_binary;

struct mime_binary *mime_binary_new(const struct mime_binary_limits *limits,
	    const struct mime_binary_sink *sink);
void	mime_binary_free(struct mime_binary **b);
/* After an error octets are dropped. */
void	mime_binary_add(struct mime_binary *b, struct span octets);
/* All has come.  What was put ends in CRLF now, or is empty. */
void	mime_binary_end(struct mime_binary *b);

/* The first error.  It is final; MIME_BINARY_GOOD is so after the end. */
enum mime_binary_state mime_binary_state(const struct mime_binary *b);
/* Of what was put: octets, and is one of them over 127? */
uint64_t	mime_binary_octets(const struct mime_binary *b);
bool	mime_binary_eight_bit(const struct mime_binary *b);

#endif
