/*
 * Any octets as a dot-stuffed block, whole and in pieces: the same text,
 * flags, counts and rest; the block ends exactly where CRLF.CRLF (or .CRLF at
 * the very start) first stands; and any text that is written, is read back as
 * itself with line ends made CRLF.
 * links: lib/net/stream.c lib/net/dot_in.c lib/net/dot_out.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/dot.h"
#include "os/fd.h"

#define INPUT_MAX	16384	/* fits into a socket, so nothing waits */
#define LIMIT		4096
#define DROP_MAX	(64 * 1024)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	struct buf text;
	struct dot_in d;
	enum dot_result r;
	uint64_t used;		/* octets of input up to the end */
};

static void
run(struct span in, size_t step, struct outcome *o)
{
	struct span chunk;
	struct stream s;
	int pair[2];
	size_t n;

	if (fd_stream_pair(pair) != 0 || fd_nonblock(pair[0], true) != 0)
		abort();
	buf_init(&o->text, LIMIT);
	stream_init(&s, pair[0], 128, 64);
	stream_deadline(&s, 60000);
	dot_in_init(&o->d, &s, LIMIT, DROP_MAX);
	for (n = step; step > 0 && n <= in.n && n < 128; n += step)
		if (fd_write_all(pair[1], in.p + n - step, step) != 0 ||
		    stream_fill(&s) != STREAM_OK)
			abort();
	n = step > 0 ? n - step : 0;
	if (fd_write_all(pair[1], in.p + n, in.n - n) != 0)
		abort();
	fd_close(&pair[1]);
	while ((o->r = dot_read(&o->d, &chunk)) == DOT_CHUNK)
		if (chunk.n == 0 || buf_add_span(&o->text, chunk) != 0)
			abort();
	o->used = s.octets_in - stream_peek(&s).n;
	stream_fini(&s);
	o->d.s = NULL;
}

static void
check_end(struct span in, const struct outcome *o)
{
	size_t end = in.n, at;

	at = span_find(in, SPAN_LIT("\r\n.\r\n"));
	if (at < in.n)
		end = at + 5;
	if (span_starts(in, SPAN_LIT(".\r\n")))
		end = 3;
	if ((o->r == DOT_END) !=
	    (at < in.n || span_starts(in, SPAN_LIT(".\r\n"))))
		abort();
	if (o->r == DOT_END && o->used != end)
		abort();
}

static void
compare(const struct outcome *a, const struct outcome *b)
{
	if (a->r != b->r || !span_eq(buf_span(&a->text), buf_span(&b->text)) ||
	    a->d.octets != b->d.octets || a->d.lines != b->d.lines ||
	    a->d.longest != b->d.longest || a->d.too_big != b->d.too_big ||
	    a->d.bare_cr != b->d.bare_cr || a->d.bare_lf != b->d.bare_lf ||
	    a->d.nul != b->d.nul || a->d.eight_bit != b->d.eight_bit)
		abort();
	if (a->r == DOT_END && a->used != b->used)
		abort();
}

/* What of text is left when LF and CRLF are line ends and a CR is a space. */
static void
canonical(struct span text, struct buf *out)
{
	size_t i;
	char c;

	for (i = 0; i < text.n; i++) {
		c = text.p[i];
		if (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		if (c == '\n')
			(void)buf_add_str(out, "\r\n");
		else
			(void)buf_add_char(out, c == '\r' ? ' ' : c);
	}
	if (out->n > 0 && !span_ends(buf_span(out), SPAN_LIT("\n")))
		(void)buf_add_str(out, "\r\n");
}

static void
round_trip(struct span text, size_t split)
{
	struct buf want, wire;
	struct dot_out d;
	struct outcome o;
	struct stream s;
	int pair[2];
	ssize_t got;
	char *to;

	buf_init(&want, 4 * LIMIT);
	buf_init(&wire, 4 * LIMIT);
	canonical(text, &want);
	if (fd_stream_pair(pair) != 0 || fd_nonblock(pair[0], true) != 0)
		abort();
	stream_init(&s, pair[0], 64, 64);
	stream_deadline(&s, 60000);
	dot_out_init(&d, &s, DOT_CR_SPACE);
	(void)dot_write(&d, text.p, split);
	(void)dot_write(&d, text.p + split, text.n - split);
	if (dot_end(&d) != STREAM_OK || stream_flush(&s) != STREAM_OK)
		abort();
	stream_fini(&s);
	while ((to = buf_room(&wire, 4096)) != NULL &&
	    (got = fd_read(pair[1], to, 4096)) > 0)
		buf_grown(&wire, (size_t)got);
	fd_close(&pair[1]);
	run(buf_span(&wire), 0, &o);
	if (o.r != DOT_END || o.d.bare_cr || o.d.bare_lf ||
	    !span_eq(buf_span(&o.text), buf_span(&want)))
		abort();
	buf_fini(&o.text);
	buf_fini(&want);
	buf_fini(&wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, parts;
	struct span in;

	if (size < 1 || size > INPUT_MAX)
		return 0;
	in = span_of(data + 1, size - 1);
	run(in, 0, &whole);
	run(in, data[0], &parts);
	check_end(in, &whole);
	compare(&whole, &parts);
	if (in.n <= LIMIT / 2 - 2)
		round_trip(in, in.n > 0 ? data[0] % in.n : 0);
	buf_fini(&whole.text);
	buf_fini(&parts.text);
	return 0;
}
