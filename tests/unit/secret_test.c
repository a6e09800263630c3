/* secret: nothing is left behind. */
#include "t.h"

#include <string.h>

#include "base/secret.h"

static bool
all_zero(const void *p, size_t n)
{
	const unsigned char *octets = p;

	for (size_t i = 0; i < n; i++) {
		if (octets[i] != 0)
			return false;
	}
	return true;
}

static void
setting(void **state)
{
	static char large[SECRET_MAX + 1];
	struct secret s;

	(void)state;
	memset(large, 'x', sizeof(large));
	secret_init(&s);
	T_INT(secret_set(&s, span_of(large, SECRET_MAX)), 0);
	T_INT(s.n, SECRET_MAX);
	T_INT(strlen(s.p), SECRET_MAX);
	T_INT(secret_set(&s, SPAN_LIT("a\0b")), 0);
	T_TRUE(all_zero(s.p + 3, sizeof(s.p) - 3));
	T_SPAN(span_of(s.p, s.n), SPAN_LIT("a\0b"));
	T_INT(secret_set(&s, span_of(large, sizeof(large))), -1);
	T_TRUE(all_zero(&s, sizeof(s)));
	T_INT(secret_set(&s, SPAN_NONE), 0);
	T_INT(secret_set(&s, SPAN_LIT("pw")), 0);
	secret_fini(&s);
	T_TRUE(all_zero(&s, sizeof(s)));
	wipe(large, sizeof(large) - 1);
	T_TRUE(all_zero(large, sizeof(large) - 1));
	T_INT(large[sizeof(large) - 1], 'x');
	wipe(NULL, 0);
}

static void
comparing(void **state)
{
	(void)state;
	T_TRUE(secret_eq(SPAN_LIT("abc"), SPAN_LIT("abc")));
	T_TRUE(!secret_eq(SPAN_LIT("abc"), SPAN_LIT("abd")));
	T_TRUE(!secret_eq(SPAN_LIT("abc"), SPAN_LIT("xbc")));
	T_TRUE(!secret_eq(SPAN_LIT("abc"), SPAN_LIT("ab")));
	T_TRUE(!secret_eq(SPAN_LIT("a\0b"), SPAN_LIT("a\0c")));
	T_TRUE(!secret_eq(SPAN_LIT("\x80"), SPAN_LIT("\0")));
	T_TRUE(secret_eq(SPAN_NONE, SPAN_LIT("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting),
		cmocka_unit_test(comparing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
