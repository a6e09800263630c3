/*
 * Any octets as a header: what is sent in its place fits its budget, is the same
 * each time, has no line that the old one could not have had, and needs nothing more.
 * links: pop3d/surrogate.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "mail/header.h"
#include "pop3d/surrogate.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static size_t
fields(struct span header)
{
	struct header_walk w;
	struct header_field f;
	size_t n = 0;

	header_walk_init(&w, header, SURROGATE_FIELDS_MAX);
	while (header_next(&w, &f))
		n++;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span header, body;
	struct buf out;

	header_split(span_of(data, size), &header, &body);
	buf_init(&out, header.n * SURROGATE_GROWTH + SURROGATE_MORE);
	if (surrogate_make(&out, header) == 0) {
		must(!surrogate_needed(buf_span(&out)));
		must(surrogate_needed(header) ||
		    span_eq(header, buf_span(&out)));
		must(fields(buf_span(&out)) == fields(header));
	}
	buf_fini(&out);
	return 0;
}
