/*
 * mime_walk - the parts of a message as offsets (RFC 2046 5.1, 5.2.1), in one
 * pass over the octets.  Lines end in LF or CRLF; sizes can be told as on disk
 * and as they would be with every line ended by CRLF.
 *
 * The tree: v[0] is the message.  A multipart's children are its parts, at
 * least one (an empty text/plain one is made up where none was found); the
 * child of a message/rfc822 is the message in it.  A message/global is a leaf: it
 * may be encoded (RFC 6532 3.7), and BODYSTRUCTURE of RFC 3501 section 9 has the
 * form of a message for RFC822 alone (media-message); RFC 9051 section 9 has it
 * for both: mime_walk_global().  A multipart or message
 * that lies deeper than the limit, or has no usable boundary, is a leaf (who
 * tells a client about it must not use its type then: a multipart without
 * parts has no BODYSTRUCTURE).  Parts beyond the number of parts are left out.
 * A boundary that is never closed ends with its parent.  Delimiter lines are
 * compared whole, but for white space at their end; of equal boundaries the
 * innermost counts; delimiters in a row stand for one.
 */
#ifndef MAIL_MIME_WALK_H
#define MAIL_MIME_WALK_H

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"
#include "mail/mime_type.h"

#define MIME_DEPTH_MAX	100	/* multiparts and messages within each other */
#define MIME_NONE	UINT32_MAX

enum mime_kind {
	MIME_LEAF,		/* also a multipart beyond a limit */
	MIME_MULTIPART,
	MIME_MESSAGE		/* message/rfc822 with its one child */
};

struct mime_part {
	enum mime_kind kind;
	uint32_t parent, first_child, next;	/* index in v or MIME_NONE */
	uint32_t children;
	size_t	header_at;	/* octet offsets in the message */
	size_t	body_at;	/* = end of header, behind the empty line */
	size_t	body_end;	/* without the line end before the boundary */
	/* LFs, and one more for a last line without */
	size_t	header_lines, body_lines;
	size_t	header_bare, body_bare;	/* LFs without a CR before them */
};

struct mime_tree {
	struct mime_part *v;
	uint32_t n;
	bool	cut;		/* a limit was reached */
	bool	global;		/* there is a message/global */
};

/*
 * message    the octets; borrowed only during the call
 * depth_max  at most MIME_DEPTH_MAX;  parts_max  at least 1
 */
void	mime_walk(struct span message, unsigned depth_max, uint32_t parts_max,
	    struct mime_tree *out);
/* The same, but a message/global that is not encoded is a message, too. */
void	mime_walk_global(struct span message, unsigned depth_max,
	    uint32_t parts_max, struct mime_tree *out);
void	mime_tree_fini(struct mime_tree *t);

struct span	mime_part_header(const struct mime_part *p,
	    struct span message);
struct span	mime_part_body(const struct mime_part *p, struct span message);
/* Octets with CRLF line ends. */
size_t	mime_header_wire(const struct mime_part *p);
size_t	mime_body_wire(const struct mime_part *p);

/*
 * The fields of a part that BODYSTRUCTURE tells (RFC 3501 7.4.2).  Strings
 * are unfolded, in the arena; p == NULL: no such field.  Parameters in pieces
 * are joined.
 */
struct mime_fields {
	struct mime_type type;	/* defaults: text/plain, in a digest
				 * message/rfc822 (RFC 2046 5.1.5) */
	struct mime_disposition disposition;
	struct mime_list language;
	struct span encoding;	/* as written; "7bit" if there is none */
	struct span id, description, md5, location;
};

/*
 * header  of that part, raw;  in_digest  the parent is multipart/digest
 */
void	mime_fields_read(struct span header, bool in_digest,
	    struct arena *mem, struct mime_fields *out);

#endif
