/*
 * Any octets through quoted-printable: what was encoded decodes to itself
 * and has no line over 76 octets (RFC 2045 section 6.7); decoding foreign
 * text never makes it longer.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/qp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(struct span text)
{
	struct span line;

	while (text.p != NULL) {
		line = span_cut(&text, '\n');
		if (span_ends(line, SPAN_LIT("\r")))
			line.n--;
		if (line.n > 76)
			abort();
		if (span_ends(line, SPAN_LIT(" ")) ||
		    span_ends(line, SPAN_LIT("\t")))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf coded, plain;

	buf_init(&plain, size);
	if (qp_decode(&plain, in) != 0)
		abort();
	buf_clear(&plain);
	buf_init(&coded, 4 * size + 16);
	if (qp_encode(&coded, in) != 0)
		abort();
	check_lines(buf_span(&coded));
	if (qp_decode(&plain, buf_span(&coded)) != 0 ||
	    !span_eq(buf_span(&plain), in))
		abort();
	buf_fini(&plain);
	buf_fini(&coded);
	return 0;
}
