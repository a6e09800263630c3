/* memory: what a heap full of holes and a deep stack leave to others. */
#include "t.h"

#include <sys/mman.h>

#include <unistd.h>

#include "os/memory.h"

#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define ELSEWHERE true	/* the allocator is another */
#else
#define ELSEWHERE false
#endif

#define HOLES	4000
#define PIECES	200

/* As after a reading of settings: every second piece is free again. */
static void
make_holes(void *kept[HOLES])
{
	for (size_t i = 0; i < HOLES; i++)
		kept[i] = malloc(16 + i % 100 * 16);
	for (size_t i = 0; i < HOLES; i += 2) {
		free(kept[i]);
		kept[i] = NULL;
	}
}

/* Of PIECES pieces that are then made: from the first octet to the last. */
static size_t
spread(void)
{
	char *pieces[PIECES], *low, *high;

	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = malloc(16 + i % 60 * 16);
		assert_non_null(pieces[i]);
	}
	low = high = pieces[0];
	for (size_t i = 0; i < PIECES; i++) {
		low = pieces[i] < low ? pieces[i] : low;
		high = pieces[i] > high ? pieces[i] : high;
	}
	for (size_t i = 0; i < PIECES; i++)
		free(pieces[i]);
	return (size_t)(high - low);
}

static void
settled(void **state)
{
	static void *kept[HOLES];

	(void)state;
	if (ELSEWHERE) {
		print_message("not glibc's allocator: holes are not filled\n");
		skip();
	}
	make_holes(kept);
	T_TRUE(spread() > (size_t)1000 * 1000);
	for (int i = 0; i < 3; i++) {
		memory_settle();	/* again: the holes of before it */
		T_TRUE(spread() < (size_t)200 * 1000);
		memory_unsettle();
		T_TRUE(spread() > (size_t)1000 * 1000);
	}
	for (size_t i = 0; i < HOLES; i++)
		free(kept[i]);
}

/* Is the page with that octet there? */
static bool
is_there(uintptr_t at)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned char there = 0;

	if (mincore((void *)(at / page * page), 1, &there) != 0)
		return false;
	return (there & 1) != 0;
}

/* Where a call of 128 KiB was. */
static __attribute__((noinline)) uintptr_t
deep(void)
{
	volatile char much[128 * 1024];

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = 1;
	return (uintptr_t)&much[0];
}

static void
rest(void **state)
{
	char here[100] = "what lives stays";
	uintptr_t at = deep();

	(void)state;
	T_TRUE(is_there(at));
	memory_rest();
	T_TRUE(strcmp(here, "what lives stays") == 0);
	if (ELSEWHERE) {
		print_message("the stack may be elsewhere here\n");
		skip();
	}
	T_TRUE(!is_there(at));
	T_TRUE(is_there(deep()));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settled),
		cmocka_unit_test(rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
