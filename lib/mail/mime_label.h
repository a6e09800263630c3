/*
 * mime_label - what the header of a part says about its body, as far as one
 * must know who encodes it anew.  The type, the first encoding and the
 * boundary are those that mime_walk takes.
 */
#ifndef MAIL_MIME_LABEL_H
#define MAIL_MIME_LABEL_H

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"

#define MIME_LABEL_BOUNDARY	1000	/* RFC 2046 5.1.1 allows 70 octets */
#define MIME_LABEL_MEM		(64 * KIB)	/* for one Content-Type */

struct mime_label {
	bool	binary;		/* Content-Transfer-Encoding */
	bool	composite;	/* multipart or message: RFC 2045 6.4 */
	bool	text;
	bool	message;	/* the body is one, and can be read as it is */
	bool	digest, signature;	/* multipart/digest, multipart/signed */
	bool	boundary_too_long;
	/* Of a multipart that can be read as it is; 0: it has none. */
	size_t	boundary_n;
	char	boundary[MIME_LABEL_BOUNDARY];
};

/*
 * fields     of the header, raw, without its end
 * in_digest  the parent is a multipart/digest (RFC 2046 5.1.5)
 * mem        of MIME_LABEL_MEM; cleared
 */
void	mime_label_read(struct mime_label *l, struct span fields,
	    bool in_digest, struct arena *mem);

/* Its name in a header. */
#define MIME_LABEL_CTE	"Content-Transfer-Encoding"

#endif
