/*
 * Any octets as a header: the fields and the body are the whole text, and a
 * header that comes in pieces ends at the same place.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mail/answerable.h"
#include "mail/header.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
in_pieces(struct span in, struct span want)
{
	struct header_intake h;
	struct span left = in, head, body;
	enum header_feed r = HEADER_FEED_MORE;
	size_t used, step = 1 + in.n % 7;

	header_intake_init(&h, in.n, in.n);
	while (left.n > 0 && r == HEADER_FEED_MORE) {
		r = header_intake_feed(&h, span_head(left, step), &used);
		left = span_from(left, used);
	}
	if (r == HEADER_FEED_TOO_BIG)
		abort();
	header_split(buf_span(&h.text), &head, &body);
	/* a last line without LF is judged only by header_split */
	if (head.n != want.n)
		abort();
	header_intake_fini(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), head, body;
	struct header_walk w;
	struct header_field f;
	struct addr a;
	struct buf b;
	size_t at = 0;

	buf_init(&b, size);
	header_walk_init(&w, in, SIZE_MAX);
	while (header_next(&w, &f)) {
		if (f.whole.p != in.p + at || f.name.n == 0 ||
		    f.value.p + f.value.n > f.whole.p + f.whole.n)
			abort();
		at += f.whole.n;
		buf_clear(&b);
		if (header_unfold(&b, f.value) != 0 ||
		    span_has(buf_span(&b), '\n') ||
		    span_has(buf_span(&b), '\0'))
			abort();
	}
	header_split(in, &head, &body);
	if (head.n + body.n != size || head.n < at || head.n > at + 2)
		abort();
	in_pieces(in, head);
	if (addr_parse(SPAN_LIT("a@b"), &a, NULL) == 0)
		(void)answerable(&a, in, NULL);
	buf_fini(&b);
	return 0;
}
