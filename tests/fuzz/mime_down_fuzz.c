/*
 * mime_down_fuzz - any octets as a message for a host of 7 bits: what is put
 * is no more than a few times as much, twice the same, and 7 bits but for
 * header fields.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "mail/mime_down.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct got {
	struct sum64 sum;
	size_t n;
};

static int
take(void *ctx, struct span octets)
{
	struct got *g = ctx;

	sum64_add(&g->sum, octets.p, octets.n);
	g->n += octets.n;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct got one = { .n = 0 }, two = { .n = 0 };
	const struct mime_down_sink a = { take, &one }, b = { take, &two };
	enum mime_down end;

	sum64_init(&one.sum);
	sum64_init(&two.sum);
	end = mime_down(span_of(data, size), &a);
	if (mime_down(span_of(data, size), &b) != end || one.n != two.n ||
	    sum64_end(&one.sum) != sum64_end(&two.sum) ||
	    one.n > 200 * size + 1000)
		abort();
	return 0;
}
