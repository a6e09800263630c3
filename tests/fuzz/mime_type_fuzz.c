/*
 * Any octets as a Content-Type and its kin: budgets hold, strings are clean,
 * joined pieces decode to what the pieces decode to.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mail/mime_type.h"

#define MEM	(64 * KIB)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
clean(struct span s)
{
	if (s.p == NULL || span_has(s, '\0') || span_has(s, '\r') ||
	    span_has(s, '\n'))
		abort();
}

static void
check(const struct mime_params *ps)
{
	if (ps->n > MIME_PARAMS_MAX)
		abort();
	for (size_t i = 0; i < ps->n; i++) {
		clean(ps->v[i].name);
		clean(ps->v[i].value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), charset;
	struct arena *mem = arena_new(MEM);
	struct mime_type t;
	struct mime_disposition d;
	struct mime_list l;
	struct buf before, after;
	int rc;

	buf_init(&before, MEM);
	buf_init(&after, MEM);
	rc = mime_type_parse(in, mem, &t);
	clean(t.type);
	clean(t.subtype);
	check(&t.params);
	if (rc != 0 && !mime_type_is(&t, "text", "plain"))
		abort();
	rc = mime_param_decode(&t.params, "x", &before, &charset);
	mime_params_join(&t.params, mem);
	check(&t.params);
	if (!t.params.cut &&
	    (mime_param_decode(&t.params, "x", &after, &charset) != rc ||
	    !span_eq(buf_span(&before), buf_span(&after))))
		abort();
	if (mime_disposition_parse(in, mem, &d) == 0)
		clean(d.kind);
	check(&d.params);
	mime_list_parse(in, mem, &l);
	if (l.n > MIME_LANGUAGES_MAX || mime_token(in).n > size ||
	    arena_used(mem) > MEM)
		abort();
	buf_fini(&before);
	buf_fini(&after);
	arena_free(&mem);
	return 0;
}
