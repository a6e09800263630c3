/* quota: the maildirsize of Maildir++. */
#include "store/quota.h"

#include "os/fs.h"
#include "scratch.h"
#include "store/maildir.h"

static const struct {
	const char *in;
	bool ok;
	uint64_t s, c;
	int64_t octets, messages;
} files[] = {
	/* inter7.com/courierimap/README.maildirquota.html */
	{ "1000S,50C\n100 2\n-30 -1\n", true, 1000, 50, 70, 1 },
	{ "1000S\n", true, 1000, 0, 0, 0 },
	{ "50C\n       100            2\n", true, 0, 50, 100, 2 },
	{ "0S\n1 1\n\n", true, 0, 0, 1, 1 },
	{ "", false, 0, 0, 0, 0 },
	{ "1000\n1 1\n", true, 0, 0, 1, 1 },
	{ "xS\n1 1\n", false, 0, 0, 0, 0 },
	{ "10S\n1\n", false, 0, 0, 0, 0 },
	{ "10S\n1 x\n", false, 0, 0, 0, 0 },
	{ "10S\n9223372036854775807 1\n1 1\n", false, 0, 0, 0, 0 },
};

static void
test_parse(void **state)
{
	struct quota q;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		t_case(files[i].in);
		T_TRUE(quota_parse(t_exact(span_str(files[i].in)), &q) ==
		    files[i].ok);
		if (!files[i].ok)
			continue;
		T_INT(q.octets_max, files[i].s);
		T_INT(q.messages_max, files[i].c);
		T_INT(q.octets, files[i].octets);
		T_INT(q.messages, files[i].messages);
	}
}

static void
test_limit(void **state)
{
	struct why why;
	struct quota q;

	(void)state;
	T_TRUE(maildir_make(scratch, &why) == 0);
	scratch_put("new/1.x,S=70", "y");
	T_TRUE(quota_limit(scratch, true, 0, 0, &why) == 0);
	T_TRUE(!scratch_has(QUOTA_NAME));
	T_TRUE(quota_limit(scratch, false, 100, 0, &why) == 0);
	T_STR(span_str(scratch_get(QUOTA_NAME)), "100S\n70 1\n");
	/* Who comes later does not change it, unless he may. */
	quota_add(scratch, 5, 1);
	T_TRUE(quota_limit(scratch, false, 9, 9, &why) == 0);
	T_TRUE(quota_limit(scratch, true, 100, 0, &why) == 0);
	T_STR(span_str(scratch_get(QUOTA_NAME)), "100S\n70 1\n5 1\n");
	T_TRUE(quota_limit(scratch, true, 100, 10, &why) == 0);
	T_STR(span_str(scratch_get(QUOTA_NAME)), "100S,10C\n70 1\n");
	T_TRUE(quota_read(scratch, &q, &why) == 0);
	T_INT(quota_used(&q), 70);
	q.messages = 8;
	T_INT(quota_used(&q), 80);
	q.messages = -1;
	q.octets = INT64_MAX;
	T_INT(quota_used(&q), 1000);
	T_TRUE(fs_unlink(scratch, QUOTA_NAME) == 0);
	T_TRUE(fs_remove_tree(scratch, "new", 10) == 0);
}

static void
test_room(void **state)
{
	struct why why;
	struct quota q;

	(void)state;
	T_TRUE(quota_room(scratch, 1000000, 1, &why) == 0);	/* no file */
	quota_add(scratch, 5, 1);
	T_TRUE(!scratch_has(QUOTA_NAME));	/* none is made */
	scratch_put(QUOTA_NAME, "100S,3C\n90 1\n");
	T_TRUE(quota_room(scratch, 10, 1, &why) == 0);
	T_TRUE(quota_room(scratch, 11, 1, &why) != 0);
	T_TRUE(why.kind == WHY_PERM);
	T_STR(span_str(why.esc), "5.2.2");	/* RFC 3463 3.3: X.2.2 */
	T_TRUE(quota_room(scratch, 1, 3, &why) != 0);
	quota_add(scratch, -50, -1);
	T_TRUE(quota_room(scratch, 60, 1, &why) == 0);
	T_TRUE(quota_read(scratch, &q, &why) == 0 && q.active);
	T_INT(q.octets, 40);
	T_INT(q.messages, 0);
}

/* A sum that makes no sense, or a file that has grown: counted afresh. */
static void
test_recount(void **state)
{
	struct why why;
	struct quota q;
	int dir;

	(void)state;
	T_TRUE(maildir_make(scratch, &why) == 0);
	T_TRUE(fs_mkdir(scratch, ".a") == 0);
	dir = fs_open_dir(scratch, ".a");
	T_TRUE(maildir_make(dir, &why) == 0);
	fd_close(&dir);
	scratch_put("cur/1.h,S=30:2,S", "not thirty");
	scratch_put("new/2.h", "12345");
	scratch_put(".a/cur/3.h:2,", "123");
	scratch_put(".a/tmp/4.h", "not counted");
	scratch_put(QUOTA_NAME, "100S\n-5 0\n");
	T_TRUE(quota_read(scratch, &q, &why) == 0);
	T_INT(q.octets, 38);
	T_INT(q.messages, 3);
	T_STR(span_str(scratch_get(QUOTA_NAME)), "100S\n38 3\n");
	quota_forget(scratch, ".a");
	T_STR(span_str(scratch_get(QUOTA_NAME)), "100S\n38 3\n-3 -1\n");
	scratch_put(QUOTA_NAME, "garbage");
	T_TRUE(quota_read(scratch, &q, &why) == 0);
	T_INT(q.octets, 38);
	/* Names that state any size: not less than nothing in all. */
	scratch_put(".a/cur/5.h,S=9223372036854775807:2,", "1");
	scratch_put(".a/cur/6.h,S=9223372036854775807:2,", "1");
	scratch_put(QUOTA_NAME, "100S\n-5 0\n");
	T_TRUE(quota_read(scratch, &q, &why) == 0);
	T_TRUE(q.octets == INT64_MAX && q.messages == 5);
	T_TRUE(quota_room(scratch, 10, 1, &why) == -1);
	T_STR(span_str(why.esc), "5.2.2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_recount),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
