/* uidl: the formats that Dovecot's documentation of pop3_uidl_format names. */
#include "pop3d/uidl.h"

#include "../t.h"

static void
test_formats(void **state)
{
	static const struct { const char *format, *id; } cases[] = {
		{ "%08Xu%08Xv", "000000ab3ade68b1" },	/* Dovecot */
		{ "%u", "171" },			/* old Courier */
		{ "UID%u-%v", "UID171-987654321" },	/* Courier */
		{ "%v.%u", "987654321.171" },		/* Cyrus */
		{ "%g", "00ff" },
		{ "%f", "1.M2P3.host,S=4" },
		{ "%Xu%%", "ab%" },
		{ "%9999999999u", NULL },	/* spaces */
		{ "%070u%u", NULL },		/* 73 octets */
		{ "%05u%", "00171" },
		{ "", NULL },
		{ "a b", NULL },
	};
	const struct uidl_facts f = { .uid = 171, .uidvalidity = 987654321,
		.file = SPAN_LIT("1.M2P3.host,S=4"), .guid = SPAN_LIT("00ff") };
	char out[UIDL_MAX + 1];
	int rc;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].format);
		rc = uidl_make(span_str(cases[i].format), &f, out);
		T_INT(rc, cases[i].id == NULL ? -1 : 0);
		if (rc == 0)
			T_STR(span_str(out), cases[i].id);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
