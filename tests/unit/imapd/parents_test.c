/* parents: the folders above others, each once and in order. */
#include "../t.h"

#include "imapd/parents.h"

static void
above(void **state)
{
	struct parents p;

	(void)state;
	parents_init(&p);
	parents_sort(&p);
	T_INT(p.n, 0);
	T_TRUE(!parents_has(&p, "a"));
	parents_add(&p, "b.c.d");
	parents_add(&p, "INBOX");
	parents_add(&p, "a.x");
	parents_add(&p, "b.c.e");
	parents_sort(&p);
	T_INT(p.n, 3);
	T_TRUE(strcmp(p.v[0], "a") == 0);
	T_TRUE(strcmp(p.v[1], "b") == 0);
	T_TRUE(strcmp(p.v[2], "b.c") == 0);
	T_TRUE(parents_has(&p, "b.c") && parents_has(&p, "a"));
	T_TRUE(!parents_has(&p, "b.c.d") && !parents_has(&p, "INBOX"));
	parents_fini(&p);
	T_INT(p.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
