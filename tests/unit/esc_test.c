/* esc: what is a code (RFC 2034 4, RFC 3464 2.3.4) and what only looks so. */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "mail/esc.h"

static const struct { const char *in, *code, *rest; } cases[] = {
	{ "5.1.1 No such user", "5.1.1", "No such user" },
	{ "2.0.0 Ok", "2.0.0", "Ok" },
	{ "4.999.999", "4.999.999", "" },
	{ "5.7.2", "5.7.2", "" },
	{ "5.7.2  x", "5.7.2", " x" },
	/* CVE-2026-43964 */
	{ "5.7.", NULL, NULL }, { "5..1", NULL, NULL }, { "", NULL, NULL },
	{ "550", NULL, NULL }, { "5", NULL, NULL }, { "5.", NULL, NULL },
	{ "5.1", NULL, NULL }, { "5.1.1000", NULL, NULL },
	{ "5.1000.1", NULL, NULL }, { "5.01.1", NULL, NULL },
	{ "5.1.00", NULL, NULL }, { "3.1.1", NULL, NULL },
	{ "1.1.1", NULL, NULL }, { "55.1.1", NULL, NULL },
	{ "5.1.1x", NULL, NULL }, { "5.1.1.", NULL, NULL },
	{ " 5.1.1", NULL, NULL }, { "5.-1.1", NULL, NULL },
	{ "5.1.99999999999999999999", NULL, NULL }, { "5.1.1\t", NULL, NULL },
};

static void
codes(void **state)
{
	char text[WHY_ESC_SIZE];
	struct span rest;
	struct esc e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].in);
		char *exact = malloc(n + 1);	/* no octet behind the end */

		T_TRUE(exact != NULL);
		memcpy(exact, cases[i].in, n);
		exact = realloc(exact, n > 0 ? n : 1);
		t_case(cases[i].in);
		T_INT(esc_take(span_of(exact, n), &e, &rest),
		    cases[i].code != NULL ? 0 : -1);
		if (cases[i].code != NULL) {
			esc_format(&e, text);
			T_STR(span_str(text), cases[i].code);
			T_STR(rest, cases[i].rest);
			T_INT(esc_parse(span_str(text), &e), 0);
			T_INT(esc_parse(span_of(exact, n), &e),
			    n == strlen(text) ? 0 : -1);
		}
		free(exact);
	}
}

static void
texts(void **state)
{
	(void)state;
	T_STR(span_str(esc_text(&(struct esc){ 5, 2, 2 })),
	    "mailbox is full");
	T_STR(span_str(esc_text(&(struct esc){ 4, 99, 99 })),
	    "temporary failure");
	T_STR(span_str(esc_text(&(struct esc){ 5, 99, 99 })),
	    "permanent failure");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes), cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
