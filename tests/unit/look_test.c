/*
 * What a look at a folder lists: as much as has changed.  Who reads the name of
 * message 9 has listed cur/; readdir(3) tells.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>

#include "inbox.h"
#include "os/clock.h"
#include "os/fs.h"
#include "store/index_format.h"

#define G	"G1f05b32a9c1e1e5f8f1a0000c5c1c5c1"

static void
set_old(const char *name)
{
	const struct timespec t[2] = { { .tv_sec = 1600000000 },
		{ .tv_sec = 1600000000 } };

	T_INT(utimensat(scratch, name, t, 0), 0);
}

static int
fresh(void **state)
{
	if (scratch_setup(state) != 0 || maildir_make(scratch, &why) != 0)
		return -1;
	scratch_put("cur/1.a:2,S", "one\n");
	scratch_put("cur/2.b:2,", "two\n");
	scratch_put("cur/3.c:2,", "three\n");
	scratch_put("cur/4.d:2,", "four\n");
	scratch_put("dovecot-uidlist", "3 V77 N30 " G "\n3 :1.a\n4 :2.b\n"
	    "9 :3.c\n10 :4.d\n");
	set_old("new");
	set_old("cur");
	clock_sleep_ms(200);	/* this was a change, too: ctime tells */
	return 0;
}

static unsigned listed;	/* so often was the name of message 9 read */

/* In place of the C library's, which it calls. */
struct dirent *
readdir(DIR *d)
{
	static struct dirent *(*next)(DIR *);
	struct dirent *e;

	if (next == NULL) {
		void *found = dlsym(RTLD_NEXT, "readdir");

		memcpy(&next, &found, sizeof(next));
	}
	e = next(d);
	listed += e != NULL && strncmp(e->d_name, "3.c:2,", 6) == 0;
	return e;
}

/* What another program does right before our stamp. */
static char moved[300], moved_to[300];

int
futimens(int fd, const struct timespec t[2])
{
	if (moved[0] != '\0')
		T_INT(renameat(scratch, moved, scratch, moved_to), 0);
	moved[0] = '\0';
	return utimensat(fd, "", t, AT_EMPTY_PATH);
}

static const char *
sync_it(struct folder *f)
{
	static struct told told;
	struct folder_changes c;

	folder_changes_init(&c);
	T_TRUE(folder_sync(f, &c, &why) == 0);
	told = (struct told){ .n = 0 };
	told_add(&told, '+', &c.added);
	told_add(&told, '-', &c.expunged);
	told_add(&told, '~', &c.flagged);
	folder_changes_fini(&c);
	return told.text;
}

#define SYNC(f, want)	T_STR(span_str(sync_it(f)), (want))

static void
change(struct folder *f, enum folder_change_kind kind, uint32_t uid,
    uint8_t flags)
{
	struct folder_change c = { .kind = kind, .uids = &uid, .uids_n = 1,
		.flags = flags };

	T_TRUE(folder_commit(f, &c, 1, NULL, &why) == 0);
}

static void
append(struct folder *f, enum folder_change_kind kind, uint8_t flags)
{
	struct folder_append *a = folder_append_begin(f, 1000, &why);
	struct folder_change c = { .kind = kind, .append = &a,
		.flags = flags };

	T_TRUE(a != NULL && folder_append_write(a, "x\r\n", 3, &why) == 0);
	T_TRUE(folder_commit(f, &c, 1, NULL, &why) == 0);
}

/* In new/ by another program, which gives no UIDs. */
static void
put_new(const char *rest)
{
	char name[100];

	(void)snprintf(name, sizeof(name), "new/%lld.%s",
	    (long long)clock_wall_s(), rest);
	scratch_put(name, "x\n");
}

static void
test_arrivals(void **state)
{
	struct folder *f, *other;

	(void)state;
	f = inbox_open(false);
	SYNC(f, "");
	listed = 0;
	other = folder_open(scratch, "INBOX", false, &why);
	T_TRUE(other != NULL);
	append(other, CHANGE_DELIVER, 0);
	SYNC(f, "+30");
	clock_sleep_ms(20);	/* behind the stamp of the claim, by a tick */
	put_new("foreign");
	SYNC(f, "+31");
	append(other, CHANGE_APPEND, 0);
	SYNC(f, "+32");
	clock_sleep_ms(20);
	put_new("another");
	SYNC(f, "+33");
	SYNC(f, "");
	T_INT(folder_count(f), 8);
	/* All were claimed, and are where the view says. */
	for (uint32_t uid = 30; uid < 34; uid++) {
		int fd = folder_open_message(f, uid, &why);

		T_TRUE(fd >= 0);
		fd_close(&fd);
		T_TRUE(!folder_find(f, uid)->in_new);
	}
	T_INT(listed, 0);
	scratch_put("cur/5.e:2,", "x\n");
	SYNC(f, "+34");
	T_TRUE(listed > 0);
	folder_close(&other);
	folder_close(&f);
}

/* What lies in new/ and stays there, for who may change nothing. */
static void
test_read_only(void **state)
{
	struct folder *f;
	char name[300];

	(void)state;
	put_new("before");
	f = inbox_open(true);
	SYNC(f, "");
	listed = 0;
	put_new("after");
	SYNC(f, "+31");
	T_INT(listed, 0);
	T_TRUE(folder_find(f, 30)->in_new);
	/* One of them goes: that is looked for everywhere. */
	(void)snprintf(name, sizeof(name), "new/%s",
	    folder_need(f, 30, 0, &why)->name);
	T_INT(unlinkat(scratch, name, 0), 0);
	SYNC(f, "-30");
	T_TRUE(listed > 0);
	folder_close(&f);
}

/* An old name is a message that somebody put back: it may be known. */
static void
test_restored(void **state)
{
	struct folder *f;

	(void)state;
	f = inbox_open(false);
	scratch_put("new/2.b", "put back\n");
	SYNC(f, "+30");
	T_INT(folder_count(f), 5);
	T_TRUE(scratch_has("cur/2.b:2,"));
	T_STR(span_str(folder_need(f, 4, 0, &why)->name), "2.b:2,");
	folder_close(&f);
}

/* Changes of our own list nothing, and hide nothing that comes after them. */
static void
test_own_changes(void **state)
{
	struct folder *f;

	(void)state;
	f = inbox_open(false);
	SYNC(f, "");
	listed = 0;
	change(f, CHANGE_FLAGS_ADD, 3, MESSAGE_FLAGGED);
	SYNC(f, "");
	change(f, CHANGE_FLAGS_ADD, 4, MESSAGE_DELETED);
	SYNC(f, "");
	change(f, CHANGE_EXPUNGE, 4, 0);
	SYNC(f, "");
	T_INT(listed, 0);
	T_INT(folder_count(f), 3);
	T_TRUE(folder_due_ms(f) >= 0);
	change(f, CHANGE_FLAGS_ADD, 10, MESSAGE_SEEN);
	T_INT(renameat(scratch, "cur/4.d:2,S", scratch, "cur/4.d:2,RS"), 0);
	SYNC(f, "~10");
	T_TRUE(listed > 0);
	folder_close(&f);
}

/* What came at the very moment of a change of ours is found in the end. */
static void
test_doubt_ends(void **state)
{
	struct folder *f;

	(void)state;
	f = inbox_open(false);
	SYNC(f, "");
	T_INT(folder_due_ms(f), -1);
	listed = 0;
	change(f, CHANGE_FLAGS_ADD, 3, MESSAGE_FLAGGED);
	SYNC(f, "");
	T_INT(listed, 0);
	for (int i = 0; i < 300 && listed == 0; i++) {
		clock_sleep_ms(100);
		SYNC(f, "");
	}
	T_TRUE(listed > 0);
	T_INT(folder_due_ms(f), -1);
	folder_close(&f);
}

/* What was moved from cur/ to new/ at that moment is no second message. */
static void
test_moved_back(void **state)
{
	struct folder *f;
	char name[200];

	(void)state;
	f = inbox_open(false);
	append(f, CHANGE_APPEND, MESSAGE_SEEN);
	SYNC(f, "+30");
	clock_sleep_ms(2500);
	SYNC(f, "");
	(void)snprintf(name, sizeof(name), "%s",
	    folder_need(f, 30, 0, &why)->name);
	(void)snprintf(moved, sizeof(moved), "cur/%s", name);
	(void)snprintf(moved_to, sizeof(moved_to), "new/%.*s",
	    (int)strcspn(name, ":"), name);
	change(f, CHANGE_FLAGS_ADD, 3, MESSAGE_FLAGGED);
	T_TRUE(moved[0] == '\0');
	SYNC(f, "~30");
	T_INT(folder_count(f), 5);
	folder_close(&f);
}

/* A session reads what another has noted, and lists nothing either. */
static void
test_two_sessions(void **state)
{
	struct folder *a, *b;

	(void)state;
	a = inbox_open(false);
	b = inbox_open(false);
	SYNC(a, "");
	SYNC(b, "");
	listed = 0;
	change(a, CHANGE_FLAGS_ADD, 3, MESSAGE_FLAGGED);
	SYNC(a, "");
	SYNC(b, "~3");
	append(b, CHANGE_DELIVER, 0);
	SYNC(a, "+30");
	SYNC(b, "+30");
	change(b, CHANGE_EXPUNGE, 10, 0);
	SYNC(b, "");
	SYNC(a, "-10");
	append(b, CHANGE_DELIVER, 0);
	SYNC(b, "+31");
	SYNC(a, "+31");
	folder_close(&b);
	/* And so does who comes later. */
	b = inbox_open(false);
	T_INT(folder_count(b), 5);
	T_INT(listed, 0);
	folder_close(&b);
	folder_close(&a);
}

/* Without the index nothing can be believed but what was seen. */
static void
test_no_index(void **state)
{
	struct folder *a, *b;

	(void)state;
	a = inbox_open(false);
	change(a, CHANGE_FLAGS_ADD, 3, MESSAGE_FLAGGED);
	SYNC(a, "");
	listed = 0;
	T_INT(unlinkat(scratch, INDEX_NAME, 0), 0);
	T_INT(unlinkat(scratch, INDEX_LOG_NAME, 0), 0);
	b = inbox_open(false);
	T_TRUE(listed > 0);
	folder_close(&b);
	folder_close(&a);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, fresh, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_arrivals), TEST(test_read_only),
		TEST(test_restored), TEST(test_own_changes),
		TEST(test_doubt_ends), TEST(test_moved_back),
		TEST(test_two_sessions), TEST(test_no_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
