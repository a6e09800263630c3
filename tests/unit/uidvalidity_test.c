/*
 * UIDVALIDITY is never given twice, also where the files that tell the last one
 * are lost and the clock was set back: then what the folders say counts.
 */
#include "store/uidvalidity.h"

#include <sys/stat.h>

#include <fcntl.h>

#include "os/clock.h"
#include "scratch.h"
#include "store/layout.h"

#define AHEAD_S	(10 * 86400)

static struct why why;

static void
make_folder(const char *name)
{
	char path[64];

	T_INT(mkdirat(scratch, name, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/cur", name);
	T_INT(mkdirat(scratch, path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/new", name);
	T_INT(mkdirat(scratch, path, 0700), 0);
}

static void
set_time(const char *name, int64_t at_s)
{
	const struct timespec t[2] = { { .tv_sec = (time_t)at_s },
		{ .tv_sec = (time_t)at_s } };

	T_INT(utimensat(scratch, name, t, 0), 0);
}

static void
test_counts(void **state)
{
	uint32_t first = uidvalidity_next(scratch, &why);

	(void)state;
	T_TRUE(first >= clock_wall_s() - 5 && first <= clock_wall_s());
	T_INT(uidvalidity_next(scratch, &why), first + 1);
	T_INT(uidvalidity_next(scratch, &why), first + 2);
}

/* The list of another folder has a number that is still to come. */
static void
test_other_list(void **state)
{
	uint32_t ahead = (uint32_t)clock_wall_s() + AHEAD_S;
	char text[100];

	(void)state;
	make_folder(".a");
	(void)snprintf(text, sizeof(text), "3 V%u N1 "
	    "G1f05b32a9c1e1e5f8f1a0000c5c1c5c1\n", ahead);
	scratch_put(".a/dovecot-uidlist", text);
	T_TRUE(uidvalidity_next(scratch, &why) == ahead + 1);
}

/* No list at all, but messages have come at a time that is still to come. */
static void
test_times(void **state)
{
	int64_t ahead_s = clock_wall_s() + AHEAD_S;

	(void)state;
	make_folder(".a");
	set_time(".a/new", ahead_s);
	T_TRUE(uidvalidity_next(scratch, &why) == (uint32_t)ahead_s + 1);
}

/* A time that cannot be true is not believed. */
static void
test_absurd_time(void **state)
{
	(void)state;
	make_folder(".a");
	set_time(".a/cur", INT64_C(4200000000));	/* the year 2103 */
	T_TRUE(uidvalidity_next(scratch, &why) <= clock_wall_s() + 1);
}

/* A new first number is not below that of INBOX, either. */
static void
test_inbox(void **state)
{
	uint32_t ahead = (uint32_t)clock_wall_s() + AHEAD_S;
	char text[100];

	(void)state;
	(void)snprintf(text, sizeof(text), "3 V%u N7 "
	    "G1f05b32a9c1e1e5f8f1a0000c5c1c5c1\n3 :x\n", ahead);
	scratch_put("dovecot-uidlist", text);
	T_TRUE(uidvalidity_next(scratch, &why) == ahead + 1);
}

/* Where folders are in each other each counts, however deep. */
static void
test_folders_in_folders(void **state)
{
	uint32_t ahead = (uint32_t)clock_wall_s() + AHEAD_S;
	char text[100];

	(void)state;
	layout_set("fs", "utf-7", "");
	make_folder("a");
	make_folder("a/b");
	(void)snprintf(text, sizeof(text), "3 V%u N1 "
	    "G1f05b32a9c1e1e5f8f1a0000c5c1c5c1\n", ahead);
	scratch_put("a/b/dovecot-uidlist", text);
	T_TRUE(uidvalidity_next(scratch, &why) == ahead + 1);
	layout_set("maildir++", "utf-7", "");
}

#define TEST(t) \
	cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_counts), TEST(test_other_list), TEST(test_times),
		TEST(test_absurd_time), TEST(test_inbox),
		TEST(test_folders_in_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
