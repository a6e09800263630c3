/*
 * trust/dane: the TLSA record of RFC 6698 2.1, and the cases that RFC 7672
 * tells apart.
 */
#include "t.h"

#include <string.h>

#include "trust/dane.h"

#define D32	"01234567890123456789012345678901"
#define D64	D32 D32

static void
records(void **state)
{
	static const struct {
		const char *name, *rdata; size_t n; int rc; bool usable;
	} cases[] = {
		{ "3 1 1", "\3\1\1" D32, 35, 0, true },
		{ "3 0 1", "\3\0\1" D32, 35, 0, true },
		{ "2 0 1", "\2\0\1" D32, 35, 0, true },
		{ "2 1 2", "\2\1\2" D64, 67, 0, true },
		{ "3 1 0", "\3\1\0x", 4, 0, true },
		/* Of no use to SMTP: a known authority as well. */
		{ "0 0 1", "\0\0\1" D32, 35, 0, false },
		{ "1 1 1", "\1\1\1" D32, 35, 0, false },
		/* Numbers of the future, and of private use. */
		{ "4 1 1", "\4\1\1" D32, 35, 0, false },
		{ "255 1 1", "\377\1\1" D32, 35, 0, false },
		{ "3 2 1", "\3\2\1" D32, 35, 0, false },
		{ "3 1 3", "\3\1\3" D32, 35, 0, false },
		{ "3 1 255", "\3\1\377" D32, 35, 0, false },
		/* Digests that are none. */
		{ "3 1 1, 31", "\3\1\1" D32, 34, 0, false },
		{ "3 1 1, 64", "\3\1\1" D64, 67, 0, false },
		{ "3 1 2, 32", "\3\1\2" D32, 35, 0, false },
		{ "empty", "", 0, -1, false },
		{ "no data", "\3\1\1", 3, -1, false },
	};
	struct dane_tlsa r;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		T_INT(dane_tlsa_parse(span_of(cases[i].rdata, cases[i].n), &r),
		    cases[i].rc);
		if (cases[i].rc != 0)
			continue;
		T_TRUE(dane_tlsa_usable(&r) == cases[i].usable);
		T_INT(r.usage, (uint8_t)cases[i].rdata[0]);
		T_INT(r.selector, (uint8_t)cases[i].rdata[1]);
		T_INT(r.matching, (uint8_t)cases[i].rdata[2]);
		T_TRUE(r.data.n == cases[i].n - 3);
	}
}

static void
bases(void **state)
{
	static const struct {
		const char *name; bool secure; const char *canonical;
		bool alias_secure; size_t n; const char *v[2];
	} cases[] = {
		{ "signed", true, "", false, 1, { "mx.example", NULL } },
		{ "not signed", false, "", false, 0, { NULL, NULL } },
		/* The end of the chain first, then its beginning. */
		{ "signed alias", true, "real.example", false, 2,
		    { "real.example", "mx.example" } },
		{ "signed alias, address not", false, "real.example", true, 1,
		    { "mx.example", NULL } },
		{ "nothing signed", false, "real.example", false, 0,
		    { NULL, NULL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct dane_answer a = { .found = true,
			.secure = cases[i].secure };
		const struct dane_answer c = { .found = true,
			.secure = cases[i].alias_secure };
		const char *out[2];

		t_case(cases[i].name);
		T_INT(dane_bases("mx.example", &a, cases[i].canonical, &c,
		    out), cases[i].n);
		for (size_t j = 0; j < cases[i].n; j++)
			T_TRUE(strcmp(out[j], cases[i].v[j]) == 0);
	}
}

static void
verdicts(void **state)
{
	static const struct {
		const char *name; struct dane_answer a; size_t usable;
		enum dane_verdict want;
	} cases[] = {
		{ "secure, usable", { false, true, true }, 1, DANE_PROVE },
		{ "secure, none usable", { false, true, true }, 0,
		    DANE_ENCRYPT },
		{ "secure, no record", { false, false, true }, 0, DANE_NEXT },
		{ "not signed", { false, true, false }, 1, DANE_NEXT },
		{ "not signed, no record", { false, false, false }, 0,
		    DANE_NEXT },
		/* Bogus is SERVFAIL here: never taken for "no record". */
		{ "no answer", { true, false, false }, 0, DANE_AVOID },
		{ "no answer, some records", { true, true, true }, 1,
		    DANE_AVOID },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].name);
		T_TRUE(dane_judge(&cases[i].a, cases[i].usable) ==
		    cases[i].want);
	}
}

static void
names(void **state)
{
	char out[256], longest[256];

	(void)state;
	T_INT(dane_name("mx.example", 25, out, sizeof(out)), 0);
	T_TRUE(strcmp(out, "_25._tcp.mx.example") == 0);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[255] = '\0';
	T_INT(dane_name(longest, 25, out, sizeof(out)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records), cmocka_unit_test(bases),
		cmocka_unit_test(verdicts), cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
