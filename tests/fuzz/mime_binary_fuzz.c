/*
 * mime_binary_fuzz - any octets as a message of BODY=BINARYMIME: the pieces in
 * which it comes do not matter, what is put is made of lines and no more than
 * so much, and with nothing left to be encoded it stays what it is.  The first
 * octet says how long the pieces are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/mime_binary.h"
#include "mail/mime_lines.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mime_binary_limits some = { 16 * KIB, 100 };
static const struct mime_binary_limits more = { 64 * KIB, 200 };

static void
take(void *ctx, struct span octets)
{
	if (buf_add_span(ctx, octets) != 0)
		abort();
}

static enum mime_binary_state
convert(const struct mime_binary_limits *limits, struct span in, size_t step,
    struct buf *out)
{
	const struct mime_binary_sink sink = { take, out };
	struct mime_binary *b = mime_binary_new(limits, &sink);
	enum mime_binary_state state;

	for (; in.n > 0; in = span_from(in, step))
		mime_binary_add(b, span_head(in, step));
	mime_binary_end(b);
	state = mime_binary_state(b);
	if (mime_binary_octets(b) != out->n)
		abort();
	mime_binary_free(&b);
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = size > 0 ? 1 + data[0] : 1, cap = 8 * size + 64 * KIB;
	struct span in = span_from(span_of(data, size), 1);
	struct buf one, two, again;
	enum mime_binary_state state;
	struct mime_lines lines;

	buf_init(&one, cap);
	buf_init(&two, cap);
	buf_init(&again, cap);
	state = convert(&some, in, size, &one);
	if (convert(&some, in, step, &two) != state)
		abort();
	if (state == MIME_BINARY_GOOD) {
		mime_lines_init(&lines);
		mime_lines_add(&lines, buf_span(&one));
		mime_lines_end(&lines);
		if (lines.bad || !lines.ended ||
		    !span_eq(buf_span(&one), buf_span(&two)) ||
		    convert(&more, buf_span(&one), size + 1, &again) != state ||
		    !span_eq(buf_span(&one), buf_span(&again)))
			abort();
	}
	buf_fini(&one);
	buf_fini(&two);
	buf_fini(&again);
	return 0;
}
