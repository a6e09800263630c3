/*
 * Any octets as lines, whole and in pieces: the same lines come out, none is
 * over the limit, none that is LINE_OK holds CR, LF or NUL, and line_cut()
 * agrees with line_read() about the first.
 * links: lib/net/stream.c lib/net/line.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "net/line.h"
#include "os/fd.h"

#define INPUT_MAX	16384	/* fits into a socket, so nothing waits */
#define LIMIT		64

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct span line)
{
	if (line.n + 1 > LIMIT || span_has(line, '\r') ||
	    span_has(line, '\n') || span_has(line, '\0'))
		abort();
}

static void
run(struct span in, size_t step, enum line_ends ends, struct buf *out)
{
	enum line_result r = LINE_OK;
	struct stream s;
	struct span line;
	int pair[2];
	size_t n;

	if (fd_stream_pair(pair) != 0 || fd_nonblock(pair[0], true) != 0)
		abort();
	stream_init(&s, pair[0], 128, 64);
	stream_deadline(&s, 60000);
	/* As much as there is room for comes in pieces, then the rest. */
	for (n = step; step > 0 && n <= in.n && n < 128; n += step)
		if (fd_write_all(pair[1], in.p + n - step, step) != 0 ||
		    stream_fill(&s) != STREAM_OK)
			abort();
	n = step > 0 ? n - step : 0;
	if (fd_write_all(pair[1], in.p + n, in.n - n) != 0)
		abort();
	fd_close(&pair[1]);
	while (r == LINE_OK || r == LINE_BAD || r == LINE_TOO_LONG) {
		r = line_read(&s, LIMIT, ends, &line);
		(void)buf_add_char(out, (char)('0' + (int)r));
		if (r == LINE_OK)
			check(line);
		if (r == LINE_OK || r == LINE_BAD)
			(void)buf_add_span(out, line);
	}
	if (r != LINE_EOF && r != LINE_CLOSE)
		abort();
	stream_fini(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum line_ends ends;
	struct buf whole, parts;
	struct span in, line;
	size_t used;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	ends = (data[0] & 1) != 0 ? LINE_CRLF_OR_LF : LINE_CRLF;
	in = span_of(data + 2, size - 2);
	buf_init(&whole, 4 * INPUT_MAX);
	buf_init(&parts, 4 * INPUT_MAX);
	run(in, 0, ends, &whole);
	run(in, data[1], ends, &parts);
	if (!span_eq(buf_span(&whole), buf_span(&parts)))
		abort();
	if (line_cut(in, LIMIT, ends, &line, &used) == LINE_OK &&
	    (buf_cstr(&whole)[0] != '0' + LINE_OK || used > in.n ||
	    !span_starts(span_from(buf_span(&whole), 1), line)))
		abort();
	buf_fini(&whole);
	buf_fini(&parts);
	return 0;
}
