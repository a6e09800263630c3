/* Lines of standard input, however they come. */
#include "../t.h"

#include "os/fd.h"
#include "tools/sendmail_input.h"

/* All of it, with a '|' behind each piece. */
static void
gather(struct span text, bool dot_ends, char *out, size_t size)
{
	static struct sendmail_input in;
	struct span piece;
	size_t n = 0;
	int p[2], r;

	T_INT(fd_pipe(p), 0);
	T_INT(fd_write_all(p[1], text.p, text.n), 0);
	fd_close(&p[1]);
	sendmail_input_init(&in, p[0], dot_ends);
	while ((r = sendmail_input_next(&in, &piece)) > 0) {
		T_TRUE(n + piece.n + 2 < size);
		memcpy(out + n, piece.p, piece.n);
		n += piece.n;
		out[n++] = '|';
	}
	out[n] = '\0';
	T_INT(r, 0);
	T_INT(sendmail_input_next(&in, &piece), 0);
	fd_close(&p[0]);
}

static void
lines(void **state)
{
	static const struct {
		const char *in;
		bool dot_ends;
		const char *out;
	} cases[] = {
		{ "", true, "" },
		{ "a\nb\r\nc", true, "a\n|b\r\n|c|" },
		{ "a\n.\nb\n", true, "a\n|" },
		{ "a\n.\r\nb\n", true, "a\n|" },
		{ "a\n.", true, "a\n|" },
		{ ".\n", true, "" },
		{ "a\n.\nb\n", false, "a\n|.\n|b\n|" },
		{ "a\n..\n. \n.b\n", true, "a\n|..\n|. \n|.b\n|" },
		{ "\n\n", true, "\n|\n|" },
	};
	char out[100];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		gather(span_str(cases[i].in), cases[i].dot_ends, out,
		    sizeof(out));
		T_STR(span_str(out), cases[i].out);
	}
}

/* A line longer than the buffer: its second piece is no line of its own. */
static void
long_line(void **state)
{
	static struct sendmail_input in;
	static char text[SENDMAIL_INPUT_SIZE];
	struct span piece;
	int q[2];

	(void)state;
	memset(text, 'x', sizeof(text));
	T_INT(fd_pipe(q), 0);
	sendmail_input_init(&in, q[0], true);
	/* Filled by hand: the buffer is full and has no line end. */
	memcpy(in.text, text, sizeof(text));
	in.end = sizeof(text);
	T_INT(sendmail_input_next(&in, &piece), 1);
	T_INT(piece.n, sizeof(text));
	T_INT(fd_write_all(q[1], ".\ny\n", 4), 0);
	T_INT(sendmail_input_next(&in, &piece), 1);
	T_STR(piece, ".\n");
	T_INT(sendmail_input_next(&in, &piece), 1);
	T_STR(piece, "y\n");
	fd_close(&q[0]);
	fd_close(&q[1]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
