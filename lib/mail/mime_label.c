/*
 * mime_label - see mime_label.h.
 * Two walks over the fields, for encoding and type; what is not understood is
 * a body that is passed on as it is.
 */
#include "mail/mime_label.h"

#include <string.h>

#include "base/buf.h"
#include "mail/header.h"
#include "mail/mime_type.h"

/* The first that says something counts, as in mime_fields_read(). */
static struct span
encoding_of(struct span fields)
{
	struct header_walk w;
	struct header_field f;
	struct span s;

	header_walk_init(&w, fields, SIZE_MAX);
	while (header_next(&w, &f)) {
		if (!span_ieq_str(f.name, MIME_LABEL_CTE))
			continue;
		s = mime_token(f.value);
		if (s.n > 0)
			return s;
	}
	return SPAN_LIT("7bit");	/* RFC 2045 6.1 */
}

static void
read_type(struct span fields, bool in_digest, struct arena *mem,
    struct mime_type *type)
{
	struct header_field f;

	arena_clear(mem);
	mime_type_default(type);
	if (header_find(fields, "Content-Type", &f))
		(void)mime_type_parse(f.value, mem, type); /* else default */
	else if (in_digest)
		*type = (struct mime_type){ .type = SPAN_LIT("message"),
			.subtype = SPAN_LIT("rfc822") };
}

static void
read_boundary(struct mime_label *l, const struct mime_type *type)
{
	struct buf text;
	struct span s, charset;

	buf_init(&text, MIME_LABEL_MEM);
	if (mime_param_decode(&type->params, "boundary", &text,
	    &charset) == 0) {
		s = span_trim(buf_span(&text));
		l->boundary_too_long = s.n > sizeof(l->boundary);
		if (s.n > 0 && !l->boundary_too_long) {
			memcpy(l->boundary, s.p, s.n);
			l->boundary_n = s.n;
		}
	}
	buf_fini(&text);
}

void
mime_label_read(struct mime_label *l, struct span fields, bool in_digest,
    struct arena *mem)
{
	struct span encoding = encoding_of(fields);
	struct mime_type type;
	bool plain;

	*l = (struct mime_label){ .binary = span_ieq_str(encoding, "binary") };
	plain = l->binary || span_ieq_str(encoding, "8bit") ||
	    span_ieq_str(encoding, "7bit");
	read_type(fields, in_digest, mem, &type);
	l->text = mime_type_is(&type, "text", NULL);
	l->message = plain && (mime_type_is(&type, "message", "rfc822") ||
	    mime_type_is(&type, "message", "global"));
	l->digest = mime_type_is(&type, "multipart", "digest");
	l->signature = mime_type_is(&type, "multipart", "signed");
	l->composite = mime_type_is(&type, "multipart", NULL) ||
	    mime_type_is(&type, "message", NULL);
	if (plain && mime_type_is(&type, "multipart", NULL))
		read_boundary(l, &type);
}
