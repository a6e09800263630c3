/* qmgr/verp: list+user=there@here. */
#include "tests/unit/t.h"

#include "qmgr/verp.h"

static const struct { const char *from, *to, *marks, *want; } cases[] = {
	{ "list@here.example", "u@there.example", "+=",
	    "list+u=there.example@here.example" },
	{ "owner-list@h.example", "a+b@c.example", "-=",
	    "owner-list-a+b=c.example@h.example" },
	{ "l@h.example", "u@[192.0.2.1]", "+=", NULL },	/* [] in no dot-atom */
	{ "\"l l\"@h.example", "u@c.example", "+=", NULL },
	{ "l@h.example", "\"u@x\"@c.example", "+=", NULL },
	{ "", "u@c.example", "+=", NULL },
	{ "l@h.example", "postmaster", "+=", NULL },
	{ "l@h.example", "u@c.example", "", NULL },
	/* RFC 5321 4.5.3.1.1: 64 octets, and one more */
	{ "l@h.example", "12345678901234567890123456789012345678901234567890"
	    "@c.example", "+=",
	    "l+12345678901234567890123456789012345678901234567890=c.example"
	    "@h.example" },
	{ "list@h.example", "12345678901234567890123456789012345678901234567890"
	    "@c.example", "+=", NULL },
};

static void
addresses(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].to);
		buf_init(&out, 1000);
		T_INT(verp_put(&out, span_str(cases[i].from),
		    span_str(cases[i].to), span_str(cases[i].marks)),
		    cases[i].want == NULL ? -1 : 0);
		T_STR(buf_span(&out), cases[i].want == NULL ? "" :
		    cases[i].want);
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
