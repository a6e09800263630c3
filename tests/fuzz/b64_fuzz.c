/*
 * Any octets into the base64 decoders: what the strict one takes must be
 * exactly what the encoder writes (one form only, RFC 4648 section 3.5), and
 * the one for bodies must agree with it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/b64.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf plain, again;

	buf_init(&plain, size + 3);
	buf_init(&again, 2 * size + 8);
	if (b64_decode(&plain, in) == 0) {
		if (b64_encode(&again, buf_span(&plain)) != 0 ||
		    !span_eq(buf_span(&again), in))
			abort();
		buf_clear(&again);
		if (b64_decode_mime(&again, in) != 0 ||
		    !span_eq(buf_span(&again), buf_span(&plain)))
			abort();
	} else if (plain.n != 0)
		abort();
	buf_clear(&plain);
	if (b64_decode_mime(&plain, in) != 0 || plain.n > size * 3 / 4)
		abort();
	buf_clear(&again);
	if (b64_encode(&again, in) != 0)
		abort();
	buf_clear(&plain);
	if (b64_decode(&plain, buf_span(&again)) != 0 ||
	    !span_eq(buf_span(&plain), in))
		abort();
	buf_fini(&plain);
	buf_fini(&again);
	return 0;
}
