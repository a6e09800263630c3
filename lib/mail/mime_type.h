/*
 * mime_type - values with parameters: Content-Type (RFC 2045 5.1),
 * Content-Disposition (RFC 2183 2), parameters in pieces and in charsets
 * (RFC 2231 3, 4), Content-Language lists.  Lenient: a bad parameter is passed
 * over.  Linear in the value's length.
 */
#ifndef MAIL_MIME_TYPE_H
#define MAIL_MIME_TYPE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define MIME_PARAMS_MAX		64	/* per field; later ones are dropped */
#define MIME_SECTIONS_MAX	64	/* of one parameter, RFC 2231 3 */
#define MIME_LANGUAGES_MAX	32

/*
 * All spans live in the arena or in static memory; never NUL, CR or LF in
 * them.  Names and types as written; compare with span_ieq.
 */
struct mime_param {
	struct span name;	/* "charset", "filename*", "name*0*" */
	struct span value;	/* unquoted, not decoded */
};

struct mime_params {
	struct mime_param *v;
	size_t	n;
	bool	cut;		/* some were dropped: too many, or arena full */
};

struct mime_type {
	struct span type, subtype;
	struct mime_params params;
};

struct mime_disposition {
	struct span kind;	/* p == NULL: no such field, or a bad one */
	struct mime_params params;
};

struct mime_list {
	struct span *v;
	size_t	n;
};

/*
 * value    raw, with folding; borrowed only during the call
 * mem      owner of what is in out; what finds no room is dropped
 * returns  0; -1: no "type/subtype": out is then text/plain with charset
 *          us-ascii (RFC 2045 5.2)
 */
int	mime_type_parse(struct span value, struct arena *mem,
	    struct mime_type *out);
/* That default alone. */
void	mime_type_default(struct mime_type *out);
bool	mime_type_is(const struct mime_type *t, const char *type,
	    const char *subtype);	/* subtype NULL: any */

int	mime_disposition_parse(struct span value, struct arena *mem,
	    struct mime_disposition *out);

/* Tags separated by commas (RFC 3066's field); comments are passed over. */
void	mime_list_parse(struct span value, struct arena *mem,
	    struct mime_list *out);

/* One token, as of Content-Transfer-Encoding (RFC 2045 6.1); else empty. */
struct span	mime_token(struct span value);

/*
 * Join "name*0", "name*1" ... to one "name" (or "name*", still in charset'
 * language'%XX form), as RFC 2231 6 asks of IMAP servers.
 */
void	mime_params_join(struct mime_params *ps, struct arena *mem);

/* The parameter written with exactly this name; p == NULL: none. */
struct span	mime_param(const struct mime_params *ps, const char *name);

/*
 * The parameter in any of the forms of RFC 2231: pieces joined in order of
 * their numbers up to the first gap, percent-decoded where marked so.
 * out      gets the octets, in charset; controls are removed
 * charset  empty when none is given
 * returns  0, or -1: there is none, or the cap of out is reached
 */
int	mime_param_decode(const struct mime_params *ps, const char *name,
	    struct buf *out, struct span *charset) must_use;

#endif
