/* uidl: the formats that Dovecot's documentation of pop3_uidl_format names. */
#include "pop3d/uidl.h"

#include <string.h>

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

static void
test_long_duplicates(void **state)
{
	static const uint8_t seed[16];
	struct uidl_table *t = uidl_table_new(4, seed);
	char first[UIDL_MAX + 1], second[UIDL_MAX + 1], out[UIDL_MAX + 1];

	(void)state;
	memset(first, 'x', UIDL_MAX);
	first[UIDL_MAX] = '\0';
	memcpy(second, first, sizeof(first));
	second[UIDL_MAX - 1] = 'y';
	uidl_table_add(t, first);
	uidl_table_add(t, second);
	uidl_table_add(t, first);
	uidl_table_add(t, second);
	memcpy(out, second, sizeof(out));
	uidl_table_rename(t, 1, out);
	T_STR(span_str(out), second);
	memcpy(out, first, sizeof(out));
	uidl_table_rename(t, 2, out);
	T_TRUE(uidl_is_good(span_str(out)));
	T_TRUE(span_ends(span_str(out), SPAN_LIT("x-2")));
	memcpy(out, second, sizeof(out));
	uidl_table_rename(t, 3, out);
	T_TRUE(uidl_is_good(span_str(out)));
	T_TRUE(span_ends(span_str(out), SPAN_LIT("x-3")));
	uidl_table_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_long_duplicates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
