/*
 * Any octets as packed text, behind others: what comes out has the length that
 * was asked for, or nothing comes out.  And as text: packed and unpacked it is
 * the same, and packed not longer than it may be.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/lz.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BEFORE_MAX	64
#define TEXT_MAX	4096

static void
unpack_any(struct span before, struct span packed, size_t octets)
{
	struct buf out;

	buf_init(&out, BEFORE_MAX + TEXT_MAX);
	if (buf_add_span(&out, before) != 0)
		abort();
	if (lz_unpack(&out, packed, octets, SIZE_MAX) == 0) {
		if (out.n != before.n + octets)
			abort();
	} else if (out.n != before.n)
		abort();
	if (!span_eq(span_head(buf_span(&out), before.n), before))
		abort();
	buf_fini(&out);
}

static void
there_and_back(struct span all, size_t from)
{
	struct span text = span_from(all, from);
	struct buf packed, out;

	buf_init(&packed, 2 * all.n + 64);
	buf_init(&out, all.n);
	if (lz_pack(&packed, all, from, NULL) != 0 ||
	    packed.n > text.n + text.n / 32 + 8 ||
	    buf_add_span(&out, span_head(all, from)) != 0 ||
	    lz_unpack(&out, buf_span(&packed), text.n, SIZE_MAX) != 0 ||
	    !span_eq(buf_span(&out), all))
		abort();
	buf_fini(&packed);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	size_t before, octets;

	if (size < 3)
		return 0;
	before = data[0] % (BEFORE_MAX + 1);
	octets = ((size_t)data[1] << 8 | data[2]) % TEXT_MAX;
	in = span_from(in, 3);
	if (before > in.n)
		before = in.n;
	unpack_any(span_head(in, before), span_from(in, before), octets);
	there_and_back(in, before);
	return 0;
}
