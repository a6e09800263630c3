/*
 * rewrite: which entry of a map an address finds.  The order of keys is that
 * of canonical(5) and of sender_bcc_maps of Postfix, whose maps these are.
 */
#include "../t.h"

#include "helpers/lookupd/rewrite.h"

static const struct { const char *key, *value; } entries[] = {
	{ "alice+x@ours.example", "1@a.example" },
	{ "alice@ours.example",	"2@a.example" },
	{ "bob+x",		"3@a.example" },
	{ "bob",		"4@a.example" },
	{ "@ours.example",	"5@a.example" },
	{ "@far.example",	" 6@a.example " },
	{ "wrong@far.example",	"no address" },
	{ "two@far.example",	"a@a.example, b@a.example" },
	{ "cut@far.example",	"a@a.example\r\nRCPT TO:<b@a.example>" },
	{ "<>",			"none@a.example" },
	{ "broken@far.example",	"!fail" },
};

static enum map_got
get(void *ctx, enum rewrite_map map, struct span key, struct buf *value,
    struct why *why)
{
	unsigned *asked = ctx;

	++*asked;
	buf_clear(value);
	for (size_t i = 0; i < COUNT(entries); i++) {
		if (map != REWRITE_SENDER_BCC ||
		    !span_eq_str(key, entries[i].key))
			continue;
		if (entries[i].value[0] == '!') {
			why_set(why, WHY_TEMP, "4.3.5", "map");
			return MAP_FAILED;
		}
		return buf_add_str(value, entries[i].value) == 0 ?
		    MAP_FOUND : MAP_FAILED;
	}
	return MAP_ABSENT;
}

static bool
is_local(void *ctx, struct span domain)
{
	(void)ctx;
	return span_eq_str(domain, "ours.example");
}

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
	unsigned asked;
	struct rewrite_tables t = { .get = get, .domain_is_local = is_local,
		.ctx = &asked, .separator = '+' };
	struct addr a, out;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].address);
		asked = 0;
		T_INT(addr_parse(span_str(cases[i].address), &a, NULL), 0);
		T_INT(rewrite_copy(&t, REWRITE_SENDER_BCC, &a, &out, &why),
		    cases[i].got);
		T_TRUE(asked <= 5);
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
	unsigned asked = 0;
	const struct rewrite_tables t = { .get = get,
		.domain_is_local = is_local, .ctx = &asked, .separator = '+' };
	const struct addr a = { .kind = ADDR_NULL };
	struct addr out;
	struct why why;

	(void)state;
	T_INT(rewrite_copy(&t, REWRITE_SENDER_BCC, &a, &out, &why), MAP_FOUND);
	T_STR(addr_text(&out), "none@a.example");
	T_INT(asked, 1);
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
