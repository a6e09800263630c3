/*
 * dot: the end of data is CRLF.CRLF (RFC 5321 4.1.1.4) and nothing else, for
 * every way to cut the octets into segments; dots are doubled and halved (RFC
 * 5321 4.5.2); what leaves holds no bare CR or LF.
 */
#include "net/dot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/fd.h"
#include "t.h"

enum { CR = 1, LF = 2, NUL = 4, BIG = 8, OPEN = 16 };

/* flags; OPEN: the block does not end.  rest: what follows the block. */
static const struct {
	struct span in, text;
	unsigned flags;
	const char *rest;
} reads[] = {
	{ SPAN_LIT(".\r\n"), SPAN_LIT(""), 0, "" },
	{ SPAN_LIT("a\r\n.\r\nQUIT\r\n"), SPAN_LIT("a\r\n"), 0, "QUIT\r\n" },
	{ SPAN_LIT("..\r\n.\r\n"), SPAN_LIT(".\r\n"), 0, "" },
	{ SPAN_LIT("...\r\n.\r\n"), SPAN_LIT("..\r\n"), 0, "" },
	/* "and there are other characters on the line": deleted, too */
	{ SPAN_LIT(".a\r\n.\r\n"), SPAN_LIT("a\r\n"), 0, "" },
	{ SPAN_LIT("a.\r\n.\r\n"), SPAN_LIT("a.\r\n"), 0, "" },
	{ SPAN_LIT("\r\n\r\n.\r\n"), SPAN_LIT("\r\n\r\n"), 0, "" },
	/* SMTP smuggling, CVE-2023-51764, -51765, -51766 */
	{ SPAN_LIT("a\n.\nMAIL\r\n.\r\nR"), SPAN_LIT("a\n.\nMAIL\r\n"), LF,
	    "R" },
	{ SPAN_LIT("a\n.\r\nMAIL\r\n.\r\nR"), SPAN_LIT("a\n.\r\nMAIL\r\n"),
	    LF, "R" },
	{ SPAN_LIT("a\r.\rMAIL\r\n.\r\nR"), SPAN_LIT("a\r.\rMAIL\r\n"), CR,
	    "R" },
	{ SPAN_LIT("a\r\n.\rMAIL\r\n.\r\nR"), SPAN_LIT("a\r\n\rMAIL\r\n"),
	    CR, "R" },
	{ SPAN_LIT("a\r\n.\nMAIL\r\n.\r\nR"), SPAN_LIT("a\r\n\nMAIL\r\n"),
	    LF, "R" },
	{ SPAN_LIT("a\r.\r\nMAIL\r\n.\r\nR"), SPAN_LIT("a\r.\r\nMAIL\r\n"),
	    CR, "R" },
	{ SPAN_LIT("a\r\n.\r\r\nMAIL\r\n.\r\nR"),
	    SPAN_LIT("a\r\n\r\r\nMAIL\r\n"), CR, "R" },
	{ SPAN_LIT("a\r\n\0.\r\nMAIL\r\n.\r\nR"),
	    SPAN_LIT("a\r\n\0.\r\nMAIL\r\n"), NUL, "R" },
	{ SPAN_LIT("a\r\n.\0\r\nMAIL\r\n.\r\nR"),
	    SPAN_LIT("a\r\n\0\r\nMAIL\r\n"), NUL, "R" },
	{ SPAN_LIT("\n.\r\n.\r\nR"), SPAN_LIT("\n.\r\n"), LF, "R" },
	{ SPAN_LIT("\r.\r\n.\r\nR"), SPAN_LIT("\r.\r\n"), CR, "R" },
	/* CR CR LF is a bare CR and then a line end. */
	{ SPAN_LIT("a\r\r\n.\r\nR"), SPAN_LIT("a\r\r\n"), CR, "R" },
	{ SPAN_LIT("a\n\r\n.\r\nR"), SPAN_LIT("a\n\r\n"), LF, "R" },
	/* Not finished. */
	{ SPAN_LIT("a\r\n.\r"), SPAN_LIT("a\r\n"), OPEN, "" },
	{ SPAN_LIT("a\r\n."), SPAN_LIT("a\r\n"), OPEN, "" },
	{ SPAN_LIT("a"), SPAN_LIT("a"), OPEN, "" },
	{ SPAN_LIT(""), SPAN_LIT(""), OPEN, "" },
	/* 40 octets are the limit here; the rest is read and dropped. */
	{ SPAN_LIT("0123456789012345678901234567890123456\r\n\r\n.\r\nR"),
	    SPAN_LIT("0123456789012345678901234567890123456\r\n\r"), BIG,
	    "R" },
	{ SPAN_LIT("01234567890123456789012345678901234567\r\n.\r\nR"),
	    SPAN_LIT("01234567890123456789012345678901234567\r\n"), 0, "R" },
	{ SPAN_LIT("..\r\n01234567890123456789012345678901234567\r\n.\r\nR"),
	    SPAN_LIT(".\r\n0123456789012345678901234567890123456"), BIG,
	    "R" },
};

static unsigned
flags_of(const struct dot_in *d, enum dot_result r)
{
	return (d->bare_cr ? CR : 0u) | (d->bare_lf ? LF : 0u) |
	    (d->nul ? NUL : 0u) | (d->too_big ? BIG : 0u) |
	    (r == DOT_END ? 0u : OPEN);
}

/* All of it, sent in three pieces; returns the result of the last read. */
static enum dot_result
read_pieces(struct span in, size_t a, size_t b, struct dot_in *d,
    struct buf *text, struct buf *rest)
{
	enum dot_result r;
	struct span chunk;
	struct stream s;
	int pair[2];

	T_TRUE(fd_stream_pair(pair) == 0 && fd_nonblock(pair[0], true) == 0);
	stream_init(&s, pair[0], 64, 64);
	stream_deadline(&s, 5000);
	dot_in_init(d, &s, 40, 1000);
	buf_clear(text);
	buf_clear(rest);
	T_TRUE(fd_write_all(pair[1], in.p, a) == 0);
	if (a > 0)
		T_TRUE(stream_fill(&s) == STREAM_OK);
	if (b > a) {
		/* The first piece is worked on before the second is there. */
		while (!stream_idle(&s) && stream_peek(&s).p[0] != '.' &&
		    dot_read(d, &chunk) == DOT_CHUNK)
			(void)buf_add_span(text, chunk);
		T_TRUE(fd_write_all(pair[1], in.p + a, b - a) == 0);
		if (d->at != DOT_DONE)
			T_TRUE(stream_fill(&s) == STREAM_OK);
	}
	T_TRUE(fd_write_all(pair[1], in.p + b, in.n - b) == 0);
	fd_close(&pair[1]);
	while ((r = dot_read(d, &chunk)) == DOT_CHUNK) {
		T_TRUE(chunk.n > 0);
		(void)buf_add_span(text, chunk);
	}
	do
		(void)buf_add_span(rest, stream_peek(&s));
	while (stream_consume(&s, stream_peek(&s).n),
	    stream_fill(&s) == STREAM_OK);
	stream_fini(&s);
	d->s = NULL;
	return r;
}

static void
test_every_split(void **state)
{
	struct buf text, rest;
	struct dot_in d;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&rest, 4096);
	for (size_t i = 0; i < COUNT(reads); i++) {
		struct span in = reads[i].in;

		t_case(in.p);
		for (size_t a = 0; a <= in.n; a++)
			for (size_t b = a; b <= in.n; b++) {
				enum dot_result r = read_pieces(in, a, b, &d,
				    &text, &rest);
				T_TRUE(flags_of(&d, r) == reads[i].flags);
				T_TRUE(r == DOT_END || r == DOT_EOF);
				T_SPAN(buf_span(&text), reads[i].text);
				if (r == DOT_END)
					T_STR(buf_span(&rest), reads[i].rest);
			}
	}
	buf_fini(&text);
	buf_fini(&rest);
}

static void
test_counts(void **state)
{
	struct span in = SPAN_LIT("12345\r\n\r\n..3\r\na\rb\xff\r\n.\r\n");
	struct buf text, rest;
	struct dot_in d;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&rest, 4096);
	for (size_t a = 0; a <= in.n; a++) {
		T_TRUE(read_pieces(in, a, a, &d, &text, &rest) == DOT_END);
		T_INT(d.octets, 19);	/* without one dot and the end */
		T_INT(d.lines, 4);
		T_INT(d.longest, 5);
		T_TRUE(d.eight_bit && d.bare_cr && !d.bare_lf);
	}
	buf_fini(&text);
	buf_fini(&rest);
}

static void
test_flood(void **state)
{
	char junk[2048];
	struct buf text, rest;
	struct dot_in d;

	(void)state;
	memset(junk, 'x', sizeof(junk));
	buf_init(&text, 4096);
	buf_init(&rest, 4096);
	T_TRUE(read_pieces(span_of(junk, sizeof(junk)), 0, 0, &d, &text,
	    &rest) == DOT_FLOOD);
	T_TRUE(text.n == 40 && d.too_big);
	buf_fini(&text);
	buf_fini(&rest);
}

static const struct {
	struct span in, out;
	enum dot_cr cr;
} writes[] = {
	{ SPAN_LIT(""), SPAN_LIT(".\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("a\r\nb\r\n"), SPAN_LIT("a\r\nb\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("a\nb\n"), SPAN_LIT("a\r\nb\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("no end"), SPAN_LIT("no end\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("."), SPAN_LIT("..\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT(".\n..\n.a\na.\n"),
	    SPAN_LIT("..\r\n...\r\n..a\r\na.\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("\n.\n"), SPAN_LIT("\r\n..\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("\r\n.\r\n"), SPAN_LIT("\r\n..\r\n.\r\n"), DOT_CR_SPACE },
	/* threats: no bare CR leaves towards another mail server */
	{ SPAN_LIT("a\rb\n"), SPAN_LIT("a b\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("a\r"), SPAN_LIT("a \r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("a\r\r\n"), SPAN_LIT("a \r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("\r.\r\nb\n"), SPAN_LIT(" .\r\nb\r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT("\r\r\r"), SPAN_LIT("   \r\n.\r\n"), DOT_CR_SPACE },
	{ SPAN_LIT(".\r.\r"), SPAN_LIT("..\r.\r\r\n.\r\n"), DOT_CR_KEEP },
	{ SPAN_LIT("a\rb\n"), SPAN_LIT("a\rb\r\n.\r\n"), DOT_CR_KEEP },
	{ SPAN_LIT("a\0b\n"), SPAN_LIT("a\0b\r\n.\r\n"), DOT_CR_SPACE },
};

static void
write_pieces(size_t i, size_t a, size_t b, char *out, size_t *n)
{
	struct span in = writes[i].in;
	struct dot_out d;
	struct stream s;
	int pair[2];
	ssize_t got;

	T_TRUE(fd_stream_pair(pair) == 0 && fd_nonblock(pair[0], true) == 0);
	stream_init(&s, pair[0], 64, 64);
	stream_deadline(&s, 5000);
	dot_out_init(&d, &s, writes[i].cr);
	T_TRUE(dot_write(&d, in.p, a) == STREAM_OK);
	T_TRUE(dot_write(&d, in.p + a, b - a) == STREAM_OK);
	T_TRUE(dot_write(&d, in.p + b, in.n - b) == STREAM_OK);
	T_TRUE(dot_end(&d) == STREAM_OK && stream_flush(&s) == STREAM_OK);
	stream_fini(&s);
	for (*n = 0; (got = fd_read(pair[1], out + *n, 256 - *n)) > 0;)
		*n += (size_t)got;
	fd_close(&pair[1]);
}

static void
test_write(void **state)
{
	char out[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(writes); i++) {
		t_case(writes[i].in.p);
		for (size_t a = 0; a <= writes[i].in.n; a++)
			for (size_t b = a; b <= writes[i].in.n; b++) {
				write_pieces(i, a, b, out, &n);
				T_SPAN(span_of(out, n), writes[i].out);
			}
	}
}

/* What was written reads back as what was meant: LF text as CRLF text. */
static void
test_round_trip(void **state)
{
	static const char alphabet[] = ".\nab.\r\n";
	char in[48];
	struct buf want, text, rest;
	struct dot_in d;

	(void)state;
	buf_init(&want, 4096);
	buf_init(&text, 4096);
	buf_init(&rest, 4096);
	srandom(7);
	for (int round = 0; round < 3000; round++) {
		size_t n = (size_t)random() % 20, m = 0;
		struct stream s;
		struct dot_out o;
		char wire[256];
		ssize_t got;
		int pair[2];

		buf_clear(&want);
		for (size_t i = 0; i < n; i++) {
			char c = alphabet[(size_t)random() % 5];
			in[m++] = c;
			(void)buf_add_str(&want, c == '\n' ? "\r\n" :
			    (char[2]){ c, '\0' });
		}
		if (m > 0 && in[m - 1] != '\n')
			(void)buf_add_str(&want, "\r\n");
		T_TRUE(fd_stream_pair(pair) == 0 &&
		    fd_nonblock(pair[0], true) == 0);
		stream_init(&s, pair[0], 64, 64);
		stream_deadline(&s, 5000);
		dot_out_init(&o, &s, DOT_CR_SPACE);
		T_TRUE(dot_write(&o, in, m) == STREAM_OK);
		T_TRUE(dot_end(&o) == STREAM_OK);
		T_TRUE(stream_flush(&s) == STREAM_OK);
		got = fd_read(pair[1], wire, sizeof(wire));
		T_TRUE(got > 0);
		stream_fini(&s);
		fd_close(&pair[1]);
		T_TRUE(read_pieces(span_of(wire, (size_t)got), 0, 0, &d,
		    &text, &rest) == DOT_END);
		T_SPAN(buf_span(&text), buf_span(&want));
		T_TRUE(rest.n == 0 && !d.bare_cr && !d.bare_lf);
	}
	buf_fini(&want);
	buf_fini(&text);
	buf_fini(&rest);
}

/* RFC 3030 2: counted octets, whatever they are; state goes on. */
static void
test_chunks(void **state)
{
	static const struct { const char *in; unsigned flags; bool open; }
	cases[] = {
		{ "a\r\n.\r\n..b\r\n", OPEN, false },
		{ ".\r\n", OPEN, false },
		{ "a", OPEN, true },
		{ "a\r", OPEN | CR, true },
		{ "a\nb\r\n", OPEN | LF, false },
		{ "a\rb\r\n", OPEN | CR, false },
		{ "a\r\r\n", OPEN | CR, false },
		{ "", OPEN, false },
	};
	struct buf text;

	(void)state;
	buf_init(&text, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span in = span_str(cases[i].in);

		for (size_t cut = 0; cut <= in.n; cut++) {
			struct dot_in d;
			struct stream s;
			int pair[2];

			t_case(cases[i].in);
			T_TRUE(fd_stream_pair(pair) == 0 &&
			    fd_nonblock(pair[0], true) == 0);
			stream_init(&s, pair[0], 64, 64);
			stream_deadline(&s, 5000);
			dot_in_init(&d, &s, 40, 1000);
			T_TRUE(fd_write_all(pair[1], in.p, in.n) == 0 &&
			    fd_write_all(pair[1], "REST", 4) == 0);
			buf_clear(&text);
			for (int k = 0; k < 2; k++) {
				struct span chunk;

				dot_in_chunk(&d, k == 0 ? cut : in.n - cut);
				while (dot_read(&d, &chunk) == DOT_CHUNK)
					(void)buf_add_span(&text, chunk);
			}
			T_TRUE(dot_in_finish(&d) == cases[i].open);
			T_TRUE((flags_of(&d, DOT_CHUNK)) == cases[i].flags);
			T_STR(buf_span(&text), cases[i].in);
			while (stream_peek(&s).n < 4)
				T_TRUE(stream_fill(&s) == STREAM_OK);
			T_STR(stream_peek(&s), "REST");
			fd_close(&pair[1]);
			stream_fini(&s);
		}
	}
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_round_trip),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("dot", tests, NULL, NULL);
}
