/*
 * Any octets as a mailbox name: a name that is taken is the only one for its
 * text (RFC 3501 section 5.1.3), and any UTF-8 text without NUL has one.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf7.h"
#include "base/utf8.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
round_trip(struct span in, int (*there)(struct buf *, struct span),
    int (*back)(struct buf *, struct span))
{
	struct buf a, b;
	bool ok;

	buf_init(&a, 8 * in.n + 8);
	buf_init(&b, 8 * in.n + 8);
	ok = there(&a, in) == 0;
	if (!ok && a.n != 0)
		abort();
	if (ok && (back(&b, buf_span(&a)) != 0 ||
	    !span_eq(buf_span(&b), in)))
		abort();
	buf_fini(&a);
	buf_fini(&b);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);

	if (round_trip(in, utf7_to_utf8, utf7_from_utf8) != utf7_valid(in))
		abort();
	if (round_trip(in, utf7_from_utf8, utf7_to_utf8) !=
	    (utf8_valid(in) && !span_has(in, '\0')))
		abort();
	return 0;
}
