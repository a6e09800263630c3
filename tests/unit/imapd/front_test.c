/* front: where a command before log-in ends; what is refused at once. */
#include "../t.h"

#include "base/bug.h"
#include "imapd/front.h"

static const struct {
	const char *in;
	unsigned asked;
	enum front_cut want;
	const char *command;
} cases[] = {
	{ "a NOOP\r\nb", 0, FRONT_COMMAND, "a NOOP" },
	{ "a NOOP", 0, FRONT_MORE, NULL },
	{ "a NOOP\r", 0, FRONT_MORE, NULL },
	{ "", 0, FRONT_MORE, NULL },
	/* RFC 3501 6.2.3 with literals */
	{ "a LOGIN {4}\r\n", 0, FRONT_GO_ON, NULL },
	{ "a LOGIN {4}\r\n", 1, FRONT_MORE, NULL },
	{ "a LOGIN {4}\r\nuser {2}\r\n", 1, FRONT_GO_ON, NULL },
	{ "a LOGIN {4}\r\nuser {2}\r\npw\r\n", 2, FRONT_COMMAND,
	    "a LOGIN {4}\r\nuser {2}\r\npw" },
	/* RFC 7888 */
	{ "a LOGIN {4+}\r\nuser {2+}\r\npw\r\nx", 0, FRONT_COMMAND,
	    "a LOGIN {4+}\r\nuser {2+}\r\npw" },
	{ "a LOGIN {4+}\r\nus", 0, FRONT_MORE, NULL },
	{ "a LOGIN {2+}\r\n\r\n {0+}\r\n\r\n", 0, FRONT_COMMAND,
	    "a LOGIN {2+}\r\n\r\n {0+}\r\n" },
	/* announced sizes cost nothing */
	{ "a LOGIN {99999999}\r\n", 0, FRONT_REFUSE, NULL },
	{ "a LOGIN {4294967297}\r\n", 0, FRONT_REFUSE, NULL },
	{ "a LOGIN {18446744073709551615}\r\n", 0, FRONT_REFUSE, NULL },
	{ "a LOGIN {18446744073709551617}\r\n", 0, FRONT_REFUSE, NULL },
	{ "a LOGIN {-1}\r\n", 0, FRONT_REFUSE, NULL },
	{ "a LOGIN {99999999+}\r\n", 0, FRONT_CLOSE, NULL },
	/* RFC 7888 3: what it announces is part of the bad command */
	{ "a \x01 {9+}\r\nb LOGOUT\r\n", 0, FRONT_CLOSE, NULL },
	{ "a LOGIN {18446744073709551615+}\r\n", 0, FRONT_CLOSE, NULL },
	/* bare LF, NUL: no line */
	{ "a NOOP\nb NOOP\r\n", 0, FRONT_REFUSE, NULL },
	{ "a LOGIN \"u\\\r\n", 0, FRONT_REFUSE, NULL },
};

static void
cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span command;
		size_t used;

		t_case(cases[i].in);
		T_INT(front_cut(t_exact(span_str(cases[i].in)),
		    cases[i].asked, UINT64_MAX, &command, &used), cases[i].want);
		if (cases[i].command != NULL) {
			T_STR(command, cases[i].command);
			T_INT(used, command.n + 2);
		}
	}
}

/* B7: a row of small literals is refused when the items are used up. */
static void
many_literals(void **state)
{
	struct buf b;
	struct span command;
	size_t used;

	(void)state;
	buf_init(&b, MIB);
	for (int i = 0; i < 2000; i++)
		buf_add_str(&b, "{1+}\r\nx");
	T_INT(front_cut(buf_span(&b), 0, UINT64_MAX, &command, &used),
	    FRONT_CLOSE);
	buf_clear(&b);
	for (size_t i = 0; i < FRONT_INPUT_MAX; i++)
		buf_add_char(&b, '(');
	buf_add_str(&b, "\r\n");
	T_TRUE(front_cut(buf_span(&b), 0, UINT64_MAX, &command, &used) !=
	    FRONT_COMMAND);
	/* RFC 7888 5: LITERAL- */
	T_INT(front_cut(SPAN_LIT("a LOGIN {4096+}\r\n"), 0, 4096, &command,
	    &used), FRONT_MORE);
	T_INT(front_cut(SPAN_LIT("a LOGIN {4097+}\r\n"), 0, 4096, &command,
	    &used), FRONT_CLOSE);
	T_INT(front_cut(SPAN_LIT("a LOGIN {4097}\r\n"), 0, 4096, &command,
	    &used), FRONT_GO_ON);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts),
		cmocka_unit_test(many_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
