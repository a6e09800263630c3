/*
 * Any octets as a header: where no map knows an address not one octet changes;
 * where all move to another host nothing but addresses does, and no line gets
 * longer than it was and over 998.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/header.h"
#include "mail/readdress.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seed[16] = { 1 };

static int
ask(void *ctx, enum readdress_side side, const struct addr *from,
    struct addr *to, struct why *why)
{
	const bool *moves = ctx;
	char local[ADDR_LOCAL_SIZE];

	(void)side;
	(void)why;
	addr_local_plain(from, local);
	if (*moves && addr_make(to, span_str(local),
	    SPAN_LIT("a-host-with-a-name.example")) != 0)
		to->kind = ADDR_NULL;
	return 0;
}

static size_t
fields_of(struct span header)
{
	struct header_walk w;
	struct header_field f;
	size_t n = 0;

	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, &f))
		n++;
	return n;
}

static void
run(struct span in, bool moves, struct buf *out)
{
	const struct readdress r = { .ask = ask, .ctx = &moves, .seed = seed,
		.sides = { true, true }, .questions_max = 20 };
	struct readdress_count n;
	struct why why;

	if (readdress_header(&r, in, out, &n, &why) != 0 || out->full)
		abort();
	if (n.questions > 20 || (!moves && n.fields > 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf out;

	buf_init(&out, size);
	run(in, false, &out);
	if (!span_eq(buf_span(&out), in))
		abort();
	buf_fini(&out);
	buf_init(&out, 2 * size + 100);
	run(in, true, &out);
	if (fields_of(buf_span(&out)) != fields_of(in))
		abort();
	buf_fini(&out);
	return 0;
}
