/*
 * rewrite: which entry of a map an address finds.  The order of keys is that
 * of canonical(5) and of sender_bcc_maps of Postfix, whose maps these are.
 */
#include "../t.h"

#include "entries.h"

#define B	REWRITE_SENDER_BCC

static const struct entry entries[] = {
	{ B, "alice+x@ours.example", "1@a.example" },
	{ B, "alice@ours.example", "2@a.example" },
	{ B, "bob+x", "3@a.example" },
	{ B, "bob", "4@a.example" },
	{ B, "@ours.example", "5@a.example" },
	{ B, "@far.example", " 6@a.example " },
	{ B, "wrong@far.example", "no address" },
	{ B, "two@far.example", "a@a.example, b@a.example" },
	{ B, "cut@far.example", "a@a.example\r\nRCPT TO:<b@a.example>" },
	{ B, "<>", "none@a.example" },
	{ B, "broken@far.example", "!fail" },
};

static void
copies(void **state)
{
	static const struct {
		const char *address;
		enum map_got got;
		const char *copy;
	} cases[] = {
		{ "alice+x@ours.example", MAP_FOUND, "1@a.example" },
		{ "Alice+y@ours.example", MAP_FOUND, "2@a.example" },
		{ "bob+x@ours.example",	MAP_FOUND, "3@a.example" },
		{ "bob+y@ours.example",	MAP_FOUND, "4@a.example" },
		{ "carol@ours.example",	MAP_FOUND, "5@a.example" },
		{ "\"a b\"@ours.example", MAP_FOUND, "5@a.example" },
		{ "+@ours.example",	MAP_FOUND, "5@a.example" },
		/* A local part alone is one of our domains. */
		{ "bob@far.example",	MAP_FOUND, "6@a.example" },
		{ "bob@x.example",	MAP_ABSENT, NULL },
		{ "x@[192.0.2.1]",	MAP_ABSENT, NULL },
		/* What is no single address reaches no envelope. */
		{ "wrong@far.example",	MAP_FAILED, NULL },
		{ "two@far.example",	MAP_FAILED, NULL },
		{ "cut@far.example",	MAP_FAILED, NULL },
		{ "broken@far.example",	MAP_FAILED, NULL },
	};
	struct entries e = { .all = entries, .n = COUNT(entries) };
	struct rewrite_tables t = { .get = entries_get,
		.domain_is_local = entries_is_local, .ctx = &e,
		.separator = '+' };
	struct addr a, out;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].address);
		e.asked = 0;
		T_INT(addr_parse(span_str(cases[i].address), &a, NULL), 0);
		T_INT(rewrite_copy(&t, REWRITE_SENDER_BCC, &a, &out, &why),
		    cases[i].got);
		T_TRUE(e.asked <= 5);
		if (cases[i].copy != NULL)
			T_STR(addr_text(&out), cases[i].copy);
		if (cases[i].got == MAP_FAILED)
			T_INT(why.kind, WHY_TEMP);
		T_INT(rewrite_copy(&t, REWRITE_RECIPIENT_BCC, &a, &out, &why),
		    MAP_ABSENT);
	}
}

static void
no_address(void **state)
{
	struct entries e = { .all = entries, .n = COUNT(entries) };
	const struct rewrite_tables t = { .get = entries_get,
		.domain_is_local = entries_is_local, .ctx = &e,
		.separator = '+' };
	const struct addr a = { .kind = ADDR_NULL };
	struct addr out;
	struct why why;

	(void)state;
	T_INT(rewrite_copy(&t, REWRITE_SENDER_BCC, &a, &out, &why), MAP_FOUND);
	T_STR(addr_text(&out), "none@a.example");
	T_INT(e.asked, 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),
		cmocka_unit_test(no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
