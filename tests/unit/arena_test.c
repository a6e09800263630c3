/* arena: pieces are aligned, zero, apart from each other, and capped. */
#include "t.h"

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

static void
pieces(void **state)
{
	struct arena *a = arena_new(4 * MIB);
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 2047, 2048, 2049,
		8191, 8192, 8193, 100000 };
	char *p[10 * COUNT(sizes)];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT(p); i++) {
			size_t n = sizes[i % COUNT(sizes)];

			p[i] = arena_alloc(a, n);
			T_TRUE(p[i] != NULL);
			T_INT((uintptr_t)p[i] % alignof(max_align_t), 0);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], (int)i + 1, n);
		}
		for (size_t i = 0; i < COUNT(p); i++) {
			for (size_t k = 0; k < sizes[i % COUNT(sizes)]; k++)
				assert_int_equal(p[i][k], (char)(i + 1));
		}
		T_TRUE(arena_used(a) >= 10 * 130000);
		arena_clear(a);
		T_INT(arena_used(a), 0);
	}
	arena_free(&a);
	T_TRUE(a == NULL);
	arena_free(&a);
}

static void
cap(void **state)
{
	struct arena *a = arena_new(1024);
	size_t n = 0;

	(void)state;
	T_TRUE(arena_alloc(a, 1025) == NULL);
	T_TRUE(arena_alloc(a, SIZE_MAX) == NULL);
	T_TRUE(arena_alloc(a, SIZE_MAX - 8) == NULL);
	T_TRUE(arena_array(a, SIZE_MAX / 2, 4) == NULL);
	T_TRUE(arena_array(a, SIZE_MAX / 2 + 2, 2) == NULL);	/* wraps to 2 */
	T_INT(arena_used(a), 0);
	while (arena_alloc(a, 1) != NULL)
		n++;
	T_INT(n, 1024 / alignof(max_align_t));
	T_TRUE(arena_span(a, SPAN_LIT("x")).p == NULL);
	T_TRUE(arena_str(a, SPAN_LIT("x")) == NULL);
	arena_clear(a);
	T_TRUE(arena_alloc(a, 1024) != NULL);
	T_TRUE(arena_alloc(a, 1) == NULL);
	arena_free(&a);
}

static void
copies(void **state)
{
	struct arena *a = arena_new(1000);
	char text[] = "a\0b";
	struct span s = arena_span(a, span_of(text, 3));

	(void)state;
	text[0] = 'z';
	T_SPAN(s, SPAN_LIT("a\0b"));
	T_INT(s.p[3], '\0');
	T_TRUE(strcmp(arena_str(a, SPAN_LIT("xyz")), "xyz") == 0);
	s = arena_span(a, SPAN_NONE);
	T_TRUE(s.p != NULL && s.n == 0);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),
		cmocka_unit_test(cap),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
