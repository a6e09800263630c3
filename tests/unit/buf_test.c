/* buf: the cap holds for every way of adding; a NUL stands behind always. */
#include "t.h"

#include <string.h>

#include "base/buf.h"

static void
empty(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	T_TRUE(strcmp(buf_cstr(&b), "") == 0);
	T_INT(buf_span(&b).n, 0);
	buf_clear(&b);
	buf_cut(&b, 0);
	buf_drop(&b, 0);
	T_INT(buf_add(&b, NULL, 0), 0);
	T_INT(buf_add_span(&b, SPAN_NONE), 0);
	T_TRUE(!b.full);
	buf_fini(&b);
	buf_fini(&b);
}

static void
cap_is_kept(void **state)
{
	struct buf b;

	(void)state;
	for (size_t cap = 0; cap < 300; cap++) {
		buf_init(&b, cap);
		for (size_t i = 0; i < cap; i++)
			T_INT(buf_add_char(&b, (char)('a' + i % 26)), 0);
		T_TRUE(!b.full);
		T_INT(buf_add_char(&b, '!'), -1);
		T_TRUE(b.full);
		T_INT(b.n, cap);
		T_INT(strlen(buf_cstr(&b)), cap);
		buf_fini(&b);
		T_INT(b.cap, cap);
	}
}

static void
refused_whole(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	T_INT(buf_add_str(&b, "abc"), 0);
	T_TRUE(buf_room(&b, 2) != NULL);
	T_INT(buf_add_str(&b, "def"), -1);
	T_INT(buf_addf(&b, "%s", "ghi"), -1);
	T_INT(buf_add_u64(&b, 123), -1);
	T_TRUE(buf_room(&b, 3) == NULL);
	T_TRUE(buf_room(&b, SIZE_MAX) == NULL);
	T_STR(buf_span(&b), "abc");
	T_TRUE(b.full);
	T_INT(buf_add_str(&b, "de"), 0);	/* what fits still goes in */
	T_TRUE(b.full);
	buf_clear(&b);
	T_TRUE(!b.full);
	T_STR(buf_span(&b), "");
	buf_fini(&b);
}

static void
kinds(void **state)
{
	struct buf b;
	char *room;

	(void)state;
	buf_init(&b, 1000);
	buf_add_u64(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	buf_addf(&b, " %d-%s", 7, "x");
	T_STR(buf_span(&b), "0 18446744073709551615 7-x");
	room = buf_room(&b, 2);
	memcpy(room, "yz", 2);
	buf_grown(&b, 2);
	buf_drop(&b, 23);
	T_STR(buf_span(&b), "7-xyz");
	T_TRUE(strcmp(buf_cstr(&b), "7-xyz") == 0);
	buf_cut(&b, 3);
	T_TRUE(strcmp(buf_cstr(&b), "7-x") == 0);
	buf_add(&b, "\0q", 2);
	T_SPAN(buf_span(&b), SPAN_LIT("7-x\0q"));
	buf_fini(&b);
}

static void
long_format(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	T_INT(buf_addf(&b, "%4000d", 5), 0);
	T_INT(b.n, 4000);
	T_INT(b.p[3999], '5');
	T_INT(buf_add_str(&b, "!"), 0);
	T_INT(strlen(b.p), 4001);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(cap_is_kept),
		cmocka_unit_test(refused_whole),
		cmocka_unit_test(kinds),
		cmocka_unit_test(long_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
