/*
 * former: pairs that were replaced; how many, which goes first, and that the
 * same one takes no place twice.
 */
#include "helpers/keyd/former.h"

#include <stdlib.h>

#include "base/bug.h"
#include "../t.h"

/* One whose id and chain are that number, of item. */
static void
keep(struct former *f, uint32_t number, const char *item)
{
	struct key k = { .roles = KEY_ROLES_ALL, .sum = number,
		.item = xstrdup(item) };

	memcpy(k.id, &number, sizeof(number));
	k.names.v = xcalloc(1, sizeof(k.names.v[0]));
	k.names.n = 1;
	memcpy(k.names.v[0], "a.example", sizeof("a.example"));
	former_keep(f, &k);
	T_TRUE(k.item == NULL && k.names.v == NULL);
}

static bool
has(const struct former *f, uint32_t number)
{
	struct sign_req req = { .host = "a.example" };

	memcpy(req.key_id, &number, sizeof(number));
	return former_find(f, ROLE_SMTPD_SESSION, &req) != NULL;
}

static void
bounded(void **state)
{
	struct former *f = former_new();

	(void)state;
	for (uint32_t i = 0; i < FORMER_MAX; i++)
		keep(f, i, "a");
	keep(f, 7, "a");		/* once more: the youngest now */
	T_TRUE(has(f, 0) && has(f, 7) && has(f, FORMER_MAX - 1));
	keep(f, FORMER_MAX, "a");
	T_TRUE(!has(f, 0) && has(f, 1) && has(f, 7));
	for (uint32_t i = 0; i < 7; i++)
		keep(f, FORMER_MAX + 1 + i, "a");
	T_TRUE(!has(f, 6) && has(f, 7) && !has(f, 8));
	former_expire(f);		/* none is that old */
	T_TRUE(has(f, 7));
	former_free(&f);
}

static void
back_again(void **state)
{
	struct former *f = former_new();
	struct key k;

	(void)state;
	keep(f, 1, "a");
	keep(f, 2, "b");
	keep(f, 3, "a");
	T_TRUE(!former_take(f, "c", &k));
	T_TRUE(former_take(f, "a", &k));
	T_INT(k.sum, 3);
	T_TRUE(has(f, 1) && has(f, 2) && !has(f, 3));
	key_fini(&k);
	former_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded), cmocka_unit_test(back_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
