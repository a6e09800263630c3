/* base/demand: the words of routes and of smtp_out_tls, there and back. */
#include "t.h"

#include "base/demand.h"

static void
words(void **state)
{
	enum demand d;

	(void)state;
	for (unsigned i = 1; i < DEMANDS; i++) {
		t_case(demand_name((enum demand)i));
		d = DEMAND_DEFAULT;
		T_TRUE(demand_parse(span_str(demand_name((enum demand)i)),
		    &d) == 0);
		T_TRUE(d == (enum demand)i);
	}
	t_case("others");
	T_TRUE(demand_parse(SPAN_LIT("REQUIRE"), &d) == 0);
	T_TRUE(d == DEMAND_REQUIRE);
	/* A word that is misspelt must not pass for "nothing demanded". */
	T_TRUE(demand_parse(SPAN_LIT(""), &d) != 0);
	T_TRUE(demand_parse(SPAN_LIT("required"), &d) != 0);
	T_TRUE(demand_parse(SPAN_LIT("dane-"), &d) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(words) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
