/*
 * Any octets as text of a header: the result is UTF-8 without line ends; and
 * UTF-8 that we encode is read back as it was.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "mail/header.h"
#include "mail/header_out.h"
#include "mail/mime_text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
there_and_back(struct span in)
{
	struct header_field f;
	struct buf field, back;

	buf_init(&field, 64 * KIB);
	buf_init(&back, 256 * KIB);
	if (header_out_text(&field, "Subject", in) == 0) {
		if (!header_find(buf_span(&field), "Subject", &f) ||
		    f.whole.n != field.n ||
		    mime_text_decode(f.value, NULL, &back) != 0 ||
		    !span_eq(buf_span(&back), span_trim(in)))
			abort();
	} else if (field.n != 0) {
		abort();
	}
	buf_fini(&field);
	buf_fini(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf b;

	buf_init(&b, 4 * size + 16);
	if (mime_text_decode(in, NULL, &b) != 0 ||
	    !utf8_valid(buf_span(&b)) || span_has(buf_span(&b), '\n') ||
	    span_has(buf_span(&b), '\r') || span_has(buf_span(&b), '\0'))
		abort();
	there_and_back(in);
	buf_fini(&b);
	return 0;
}
