/*
 * Any octets as a command line: a refused one has a code and a reason; a
 * taken one is written as one line that is taken again and written the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "smtp/unitext.h"
#include "smtp/verb.h"
#include "smtp/xclient.h"
#include "smtp/xtext.h"

#define ALL	(~0u)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
xtext(struct span in)
{
	struct buf coded, plain;

	buf_init(&coded, 3 * in.n + 1);
	buf_init(&plain, in.n + 1);
	if (xtext_decode(&plain, in) == 0) {
		if (xtext_encode(&coded, buf_span(&plain)) != 0)
			abort();
		buf_clear(&plain);
		if (xtext_decode(&plain, buf_span(&coded)) != 0)
			abort();
	} else if (plain.n != 0) {
		abort();
	}
	buf_fini(&coded);
	buf_fini(&plain);
}

/* What is decoded is encoded to something that is decoded to the same. */
static void
unitext(struct span in)
{
	struct buf plain, coded, again;

	buf_init(&plain, in.n + 1);
	buf_init(&coded, 12 * in.n + 1);
	buf_init(&again, in.n + 1);
	if (unitext_decode(&plain, in) == 0) {
		for (int eight = 0; eight < 2; eight++) {
			buf_clear(&coded);
			buf_clear(&again);
			if (unitext_encode(&coded, buf_span(&plain),
			    eight != 0) != 0 || unitext_decode(&again,
			    buf_span(&coded)) != 0 ||
			    !span_eq(buf_span(&again), buf_span(&plain)))
				abort();
		}
	} else if (plain.n != 0) {
		abort();
	}
	buf_fini(&plain);
	buf_fini(&coded);
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), line;
	struct xclient x;
	struct verb_cmd cmd;
	struct why why;
	struct buf b, c;

	xtext(in);
	unitext(in);
	if (xclient_parse(in, ALL, &x) == 0 && x.given == 0)
		abort();
	why_clear(&why);
	if (verb_parse(in, ALL, &cmd, &why) != 0) {
		if (cmd.code < 500 || why.kind != WHY_PERM ||
		    why.text[0] == '\0')
			abort();
		return 0;
	}
	/* A-labels may be longer than what they come from. */
	buf_init(&b, size + 100 + ADDR_MAX);
	buf_init(&c, size + 100 + ADDR_MAX);
	if (cmd.code != 0 || verb_format(&b, &cmd, ALL) != 0)
		abort();
	line = span_head(buf_span(&b), b.n - 2);
	if (span_has(line, '\r') || span_has(line, '\n') ||
	    verb_parse(line, ALL, &cmd, &why) != 0 ||
	    verb_format(&c, &cmd, ALL) != 0 ||
	    !span_eq(buf_span(&b), buf_span(&c)))
		abort();
	buf_fini(&b);
	buf_fini(&c);
	return 0;
}
