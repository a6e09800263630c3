/*
 * canonical: what stands for an address.  Order of maps, forms of the result
 * and what becomes of the detail are those of canonical(5), generic(5) and
 * propagate_unmatched_extensions of Postfix, whose maps these are.
 */
#include "../t.h"

#include "entries.h"
#include "helpers/lookupd/canonical.h"

static const struct entry entries[] = {
	{ REWRITE_CANONICAL, "alice@ours.example", "A.Lice@ours.example" },
	{ REWRITE_CANONICAL, "bob+x@ours.example", "x@far.example" },
	{ REWRITE_CANONICAL, "bob", " \"b b\"@ours.example " },
	{ REWRITE_CANONICAL, "@old.example", "@NEW.example" },
	{ REWRITE_CANONICAL, "dave@ours.example", "@far.example" },
	{ REWRITE_CANONICAL, "wrong@far.example", "no address" },
	{ REWRITE_CANONICAL, "none@far.example", "" },
	{ REWRITE_CANONICAL, "two@far.example", "a@a.example, b@a.example" },
	{ REWRITE_CANONICAL, "cut@far.example", "a@a.example\r\nb@a.example" },
	{ REWRITE_CANONICAL, "utf8@far.example", "\xc3\xa4@a.example" },
	{ REWRITE_CANONICAL, "at@far.example", "@" },
	{ REWRITE_CANONICAL, "broken@far.example", "!fail" },
	{ REWRITE_CANONICAL, "ring1@far.example", "ring2@far.example" },
	{ REWRITE_CANONICAL, "ring2@far.example", "ring1@far.example" },
	{ REWRITE_CANONICAL, "second@far.example", "third@far.example" },
	{ REWRITE_CANONICAL, "sys@ours.example", "sys@ours.example" },
	{ REWRITE_SENDER_CANONICAL, "first@far.example", "second@far.example" },
	{ REWRITE_SENDER_CANONICAL, "alice@ours.example", "s@ours.example" },
	{ REWRITE_RECIPIENT_CANONICAL, "alice@ours.example", "r@ours.example" },
	{ REWRITE_GENERIC, "alice@ours.example", "alice@isp.example" },
	{ REWRITE_GENERIC, "@ours.example", "@isp.example" },
};

static struct entries maps_of = { .all = entries, .n = COUNT(entries) };

#define LONG60 "123456789012345678901234567890123456789012345678901234567890"

static const struct {
	enum rewrite_use use;
	const char *address, *to;	/* NULL: absent; "!": failed */
} cases[] = {
	{ USE_ENVELOPE_RECIPIENT, "carol@ours.example", NULL },
	{ USE_ENVELOPE_SENDER, "alice@ours.example", "s@ours.example" },
	{ USE_HEADER_SENDER, "alice@ours.example", "s@ours.example" },
	{ USE_ENVELOPE_RECIPIENT, "ALICE@ours.example", "r@ours.example" },
	{ USE_HEADER_RECIPIENT, "alice@ours.example", "r@ours.example" },
	/* that for the side first, then that for both, and no further */
	{ USE_HEADER_SENDER, "first@far.example", "third@far.example" },
	{ USE_HEADER_RECIPIENT, "first@far.example", NULL },
	{ USE_HEADER_SENDER, "ring1@far.example", "ring2@far.example" },
	/* the detail goes on where the key had none, not from @domain */
	{ USE_HEADER_RECIPIENT, "alice+d+e@ours.example",
	    "r+d+e@ours.example" },
	{ USE_HEADER_RECIPIENT, "bob+x@ours.example", "x@far.example" },
	{ USE_HEADER_RECIPIENT, "bob+Y@ours.example",
	    "\"b b+Y\"@ours.example" },
	{ USE_HEADER_RECIPIENT, "Zoe+d@old.example", "Zoe+d@new.example" },
	{ USE_HEADER_RECIPIENT, "\"z z\"@old.example",
	    "\"z z\"@new.example" },
	{ USE_HEADER_RECIPIENT, "dave+q@ours.example", "dave+q@far.example" },
	{ USE_HEADER_RECIPIENT, "bob+" LONG60 "@ours.example",
	    "\"b b\"@ours.example" },	/* 4.5.3.1.1: 64 octets */
	{ USE_HEADER_RECIPIENT, "sys@ours.example", "sys@ours.example" },
	/* a UTF-8 local part stays one */
	{ USE_HEADER_RECIPIENT, "\xc3\xa4@old.example",
	    "\xc3\xa4@new.example" },
	/* the operator's mistakes */
	{ USE_HEADER_RECIPIENT, "wrong@far.example", "!" },
	{ USE_HEADER_RECIPIENT, "none@far.example", "!" },
	{ USE_HEADER_RECIPIENT, "two@far.example", "!" },
	{ USE_HEADER_RECIPIENT, "cut@far.example", "!" },
	{ USE_HEADER_RECIPIENT, "utf8@far.example", "!" },
	{ USE_HEADER_RECIPIENT, "at@far.example", "!" },
	{ USE_HEADER_RECIPIENT, "broken@far.example", "!" },
	/* on the way out: another map, and no detail */
	{ USE_LEAVING, "alice@ours.example", "alice@isp.example" },
	{ USE_LEAVING, "alice+x@ours.example", "alice@isp.example" },
	{ USE_LEAVING, "bob+x@ours.example", "bob+x@isp.example" },
	{ USE_LEAVING, "first@far.example", NULL },
};

static void
check(const struct rewrite_tables *t, size_t i)
{
	const char *want = cases[i].to;
	struct canonical to;
	struct addr a;
	struct why why;
	enum map_got got;

	t_case(cases[i].address);
	T_INT(addr_parse(span_str(cases[i].address), &a, NULL), 0);
	got = canonical_address(t, cases[i].use, &a, &to, &why);
	T_INT(got, want == NULL ? MAP_ABSENT : want[0] == '!' ? MAP_FAILED :
	    MAP_FOUND);
	if (got == MAP_FAILED)
		T_INT(why.kind, WHY_TEMP);
	if (got == MAP_FOUND)
		T_STR(addr_text(&to.address), want);
}

static void
addresses(void **state)
{
	struct rewrite_tables t = { .get = entries_get,
		.domain_is_local = entries_is_local, .ctx = &maps_of,
		.separator = '+', .uses = ~0u };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(&t, i);
}

/* Which entry it was, and what it gave: what an operator is told. */
static void
entries_are_named(void **state)
{
	static const struct {
		enum rewrite_use use;
		const char *address, *keys[CANONICAL_MAPS], *to[CANONICAL_MAPS];
	} found[] = {
		{ USE_HEADER_SENDER, "First@far.example",
		    { "first@far.example", "second@far.example" },
		    { "second@far.example", "third@far.example" } },
		{ USE_HEADER_RECIPIENT, "bob+Y@ours.example", { "bob" },
		    { "\"b b+Y\"@ours.example" } },
		{ USE_HEADER_SENDER, "x+y@old.example", { "@old.example" },
		    { "x+y@new.example" } },
		{ USE_LEAVING, "bob+x@ours.example", { "@ours.example" },
		    { "bob+x@isp.example" } },
		{ USE_LEAVING, "carol@far.example", { NULL }, { NULL } },
	};
	struct rewrite_tables t = { .get = entries_get,
		.domain_is_local = entries_is_local, .ctx = &maps_of,
		.separator = '+', .uses = ~0u };
	struct canonical to;
	struct addr a;
	struct why why;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(found); i++) {
		t_case(found[i].address);
		T_INT(addr_parse(span_str(found[i].address), &a, NULL), 0);
		for (n = 0; n < CANONICAL_MAPS && found[i].keys[n] != NULL;)
			n++;
		T_INT(canonical_address(&t, found[i].use, &a, &to, &why),
		    n > 0 ? MAP_FOUND : MAP_ABSENT);
		T_INT(to.n, n);
		for (size_t j = 0; j < n; j++) {
			T_STR(span_str(to.steps[j].key), found[i].keys[j]);
			T_STR(addr_text(&to.steps[j].address),
			    found[i].to[j]);
		}
	}
}

static void
classes(void **state)
{
	struct rewrite_tables t = { .get = entries_get,
		.domain_is_local = entries_is_local, .ctx = &maps_of,
		.separator = '+' };
	const struct addr none = { .kind = ADDR_NULL };
	enum rewrite_map maps[CANONICAL_MAPS];
	struct canonical to;
	struct why why;

	(void)state;
	T_INT(canonical_uses(SPAN_LIT("header_sender  envelope_recipient")),
	    USE_BIT(USE_HEADER_SENDER) | USE_BIT(USE_ENVELOPE_RECIPIENT));
	T_INT(canonical_uses(SPAN_LIT("")), 0);
	/* What is off is not asked; what leaves has no class. */
	T_INT(canonical_maps(&t, USE_HEADER_SENDER, maps), 0);
	T_INT(canonical_maps(&t, USE_LEAVING, maps), 1);
	T_INT(maps[0], REWRITE_GENERIC);
	t.uses = USE_BIT(USE_HEADER_SENDER);
	T_INT(canonical_maps(&t, USE_HEADER_SENDER, maps), 2);
	T_INT(maps[0], REWRITE_SENDER_CANONICAL);
	T_INT(canonical_maps(&t, USE_HEADER_RECIPIENT, maps), 0);
	/* Nothing stands for the null sender. */
	T_INT(canonical_address(&t, USE_HEADER_SENDER, &none, &to, &why),
	    MAP_ABSENT);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(entries_are_named),
		cmocka_unit_test(classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
