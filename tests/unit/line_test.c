/*
 * line: what a line is (RFC 5321 2.3.8), limits, and that no way to cut the
 * octets into segments changes the result.
 */
#include "net/line.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/spawn.h"
#include "t.h"

#define LIMIT	16	/* with CRLF */

/* want: for each line a letter (see letter()), ':' and the text, or none. */
static const struct {
	const char *in;
	enum line_ends ends;
	const char *want;
} cases[] = {
	{ "NOOP\r\nQUIT\r\n", LINE_CRLF, "o:NOOP o:QUIT e" },
	{ "\r\n", LINE_CRLF, "o: e" },
	{ "14octets567890\r\n", LINE_CRLF, "o:14octets567890 e" },
	{ "15octets5678901\r\nA\r\n", LINE_CRLF, "l o:A e" },
	{ "16octets56789012\r\nA\r\n", LINE_CRLF, "l o:A e" },
	{ "much longer than any line may be, by far\r\nA\r\n", LINE_CRLF,
	    "l o:A e" },
	/* Bare LF and bare CR end no line (SMTP smuggling). */
	{ "a\nb\r\nA\r\n", LINE_CRLF, "b:a\nb o:A e" },
	{ "a\rb\r\nA\r\n", LINE_CRLF, "b:a\rb o:A e" },
	{ "a\r\r\nA\r\n", LINE_CRLF, "b:a\r o:A e" },
	{ "\n\r\nA\r\n", LINE_CRLF, "b:\n o:A e" },
	{ "\r\r\n", LINE_CRLF, "b:\r e" },
	{ "a\n\nb\r\n", LINE_CRLF, "b:a\n\nb e" },
	/* A line over the limit, with a bare LF in the part that is skipped. */
	{ "0123456789abcdef\n012345\r\nA\r\n", LINE_CRLF, "l o:A e" },
	{ "0123456789abcde\rf012345\r\nA\r\n", LINE_CRLF, "l o:A e" },
	{ "unfinished", LINE_CRLF, "e" },
	{ "unfinished\r", LINE_CRLF, "e" },
	{ "0123456789abcdefghijklmnop\r", LINE_CRLF, "e" },
	/* Lenient, if asked. */
	{ "a\nb\r\nA\n", LINE_CRLF_OR_LF, "o:a o:b o:A e" },
	{ "a\rb\n", LINE_CRLF_OR_LF, "b:a\rb e" },
	{ "a\r\r\n", LINE_CRLF_OR_LF, "b:a\r e" },
	{ "\n\n", LINE_CRLF_OR_LF, "o: o: e" },
	{ "15octets5678901\nA\n", LINE_CRLF_OR_LF, "o:15octets5678901 o:A e" },
	{ "16octets56789012\nA\n", LINE_CRLF_OR_LF, "l o:A e" },
};

static char
letter(enum line_result r)
{
	static const char letters[] = {
		[LINE_OK] = 'o', [LINE_MORE] = '?', [LINE_TOO_LONG] = 'l',
		[LINE_BAD] = 'b', [LINE_CLOSE] = 'c', [LINE_EOF] = 'e',
		[LINE_TIMEOUT] = 't', [LINE_ERROR] = 'x',
	};

	return letters[r];
}

/* in is sent in two pieces; the second only when the first was read. */
static void
read_split(struct span in, size_t split, enum line_ends ends, struct buf *out)
{
	enum line_result r = LINE_OK;
	struct span line;
	struct stream s;
	int pair[2];

	T_TRUE(fd_stream_pair(pair) == 0 && fd_nonblock(pair[0], true) == 0);
	stream_init(&s, pair[0], 64, 64);
	stream_deadline(&s, 5000);
	T_TRUE(fd_write_all(pair[1], in.p, split) == 0);
	if (split > 0)
		T_TRUE(stream_fill(&s) == STREAM_OK);
	T_TRUE(fd_write_all(pair[1], in.p + split, in.n - split) == 0);
	fd_close(&pair[1]);
	buf_clear(out);
	while (r == LINE_OK || r == LINE_BAD || r == LINE_TOO_LONG) {
		r = line_read(&s, LIMIT, ends, &line);
		if (out->n > 0)
			(void)buf_add_char(out, ' ');
		(void)buf_add_char(out, letter(r));
		if (r == LINE_OK || r == LINE_BAD) {
			(void)buf_add_char(out, ':');
			(void)buf_add_span(out, line);
		}
	}
	stream_fini(&s);
}

static void
test_every_split(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span in = span_str(cases[i].in);

		t_case(cases[i].in);
		for (size_t at = 0; at <= in.n; at++) {
			read_split(in, at, cases[i].ends, &out);
			T_STR(buf_span(&out), cases[i].want);
		}
	}
	buf_fini(&out);
}

static void
test_nul(void **state)
{
	struct span in = SPAN_LIT("NOOP\0\r\nA\r\n");
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t at = 0; at <= in.n; at++) {
		read_split(in, at, LINE_CRLF, &out);
		T_SPAN(buf_span(&out), SPAN_LIT("b:NOOP\0 o:A e"));
	}
	buf_fini(&out);
}

/* The same table without I/O. */
static void
test_cut(void **state)
{
	struct span line, text;
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		text = span_str(cases[i].in);
		enum line_result r = line_cut(text, LIMIT, cases[i].ends,
		    &line, &used);
		/* What is unfinished asks for more, until the limit. */
		char want = cases[i].want[0];
		if (want == 'e')
			want = text.n >= LIMIT ? 'l' : '?';
		T_TRUE(letter(r) == want);
		if (r == LINE_OK || r == LINE_BAD)
			T_SPAN(line, span_head(span_str(cases[i].want + 2),
			    line.n));
	}
	T_TRUE(line_cut(SPAN_LIT("0123456789abcde"), LIMIT, LINE_CRLF, &line,
	    &used) == LINE_MORE);
	T_TRUE(line_cut(SPAN_LIT("0123456789abcdef"), LIMIT, LINE_CRLF, &line,
	    &used) == LINE_TOO_LONG);
	T_TRUE(line_cut(SPAN_LIT("ab\r\nc"), LIMIT, LINE_CRLF, &line,
	    &used) == LINE_OK && used == 4);
}

/* n octets 'x' and CRLF; then NOOP. */
static enum line_result
long_line(size_t n)
{
	enum line_result r;
	struct span line;
	struct stream s;
	struct spawn_end end;
	int pair[2];
	pid_t pid;

	T_TRUE(fd_stream_pair(pair) == 0 && fd_nonblock(pair[0], true) == 0);
	if ((pid = spawn_fork()) == 0) {
		char *x = malloc(n);

		if (x == NULL)
			_exit(1);
		memset(x, 'x', n);
		fd_close(&pair[0]);
		if (fd_write_all(pair[1], x, n) == 0)
			(void)!fd_write_all(pair[1], "\r\nNOOP\r\n", 8);
		_exit(0);
	}
	fd_close(&pair[1]);
	stream_init(&s, pair[0], 512, 64);
	stream_deadline(&s, 5000);
	r = line_read(&s, 512, LINE_CRLF, &line);
	if (r == LINE_TOO_LONG) {
		T_TRUE(line_read(&s, 512, LINE_CRLF, &line) == LINE_OK);
		T_STR(line, "NOOP");
	}
	stream_fini(&s);
	T_TRUE(spawn_wait(pid, clock_deadline(5000), &end) == 0);
	return r;
}

/* LINE_SKIP_MAX counts the octets of the line with its end. */
static void
test_long(void **state)
{
	(void)state;
	T_TRUE(long_line(511) == LINE_TOO_LONG);
	T_TRUE(long_line(LINE_SKIP_MAX - 2) == LINE_TOO_LONG);
	T_TRUE(long_line(LINE_SKIP_MAX - 1) == LINE_CLOSE);
	T_TRUE(long_line(20 * MIB) == LINE_CLOSE);
}

static void
test_timeout(void **state)
{
	struct span line;
	struct stream s;
	int pair[2];

	(void)state;
	T_TRUE(fd_stream_pair(pair) == 0 && fd_nonblock(pair[0], true) == 0);
	stream_init(&s, pair[0], 64, 64);
	stream_deadline(&s, 50);
	T_TRUE(fd_write_all(pair[1], "NOOP", 4) == 0);
	T_TRUE(line_read(&s, 64, LINE_CRLF, &line) == LINE_TIMEOUT);
	stream_fini(&s);
	fd_close(&pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_timeout),
	};

	fd_no_sigpipe();
	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
