/* answerable: no answer to machines, lists, reports, nobody. */
#include "t.h"

#include "mail/answerable.h"

static const struct { const char *sender, *header; bool want; } cases[] = {
	{ "<a@b.test>", "Subject: hi\n\n", true },
	{ "<a@b.test>", "Auto-Submitted: no\n\n", true },
	{ "<a@b.test>", "Precedence: normal\n\n", true },
	{ "<a@b.test>", "Subject: x\n\nList-Id: in the body\n", true },
	{ "<>", "Subject: hi\n\n", false },		/* RFC 5321 4.5.5 */
	{ "<a@b.test>", "Auto-Submitted: auto-replied\n\n", false },
	{ "<a@b.test>", "auto-submitted: auto-generated (x)\n\n", false },
	{ "<a@b.test>", "Precedence: bulk\n\n", false },
	{ "<a@b.test>", "Precedence: LIST\n\n", false },
	{ "<a@b.test>", "List-Id: <x.y>\n\n", false },	/* RFC 2919 3 */
	{ "<a@b.test>", "List-Unsubscribe: <mailto:x@y>\n\n", false },
	{ "<owner-x@b.test>", "\n", false },
	{ "<x-request@b.test>", "\n", false },
	{ "<MAILER-DAEMON@b.test>", "\n", false },
	{ "<a@b.test>", "Content-Type: multipart/report; boundary=x\n\n",
	    false },
};

static void
answers(void **state)
{
	struct addr a;
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].header);
		T_INT(addr_parse_path(span_str(cases[i].sender),
		    ADDR_REVERSE, &a, NULL), 0);
		T_TRUE(answerable(&a, span_str(cases[i].header), &why) ==
		    cases[i].want);
		T_TRUE((why == NULL) == cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
