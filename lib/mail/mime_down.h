/*
 * mime_down - a message of 8-bit MIME for a host that takes 7 bits only (RFC
 * 6152): its 8-bit bodies become quoted-printable, all else stays.
 */
#ifndef MAIL_MIME_DOWN_H
#define MAIL_MIME_DOWN_H

#include "base/base.h"
#include "base/span.h"

#define MIME_DOWN_DEPTH		30
#define MIME_DOWN_PARTS		2000

enum mime_down {
	MIME_DOWN_DONE,
	MIME_DOWN_CANNOT,	/* signed, mislabelled, or too deep */
	MIME_DOWN_STOPPED	/* put did not want more */
};

/* Takes octets in order; -1: enough. */
struct mime_down_sink {
	int   (*put)(void *ctx, struct span octets);
	void   *ctx;
};

/*
 * message  whole, lines ended by CRLF or LF
 * returns  MIME_DOWN_CANNOT may come after octets have been put: who sends
 *	    them has tried it before with a sink that only counts
 *
 * Header fields are passed on as they are, whatever octets they hold.  A body
 * of a multipart/signed is not touched: its signature would no longer hold.
 */
enum mime_down mime_down(struct span message,
	    const struct mime_down_sink *sink);

#endif
