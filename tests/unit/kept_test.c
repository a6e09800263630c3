/*
 * kept: what is expunged is there to be brought back, whatever the folder or the
 * file is named, and comes back as it was.
 */
#include "store/kept.h"

#include <sys/resource.h>

#include "os/clock.h"
#include "scratch.h"
#include "store/maildir.h"

static struct why why;

static int
setup(void **state)
{
	int rc = scratch_setup(state);

	T_INT(mkdirat(scratch, "cur", 0700), 0);
	T_INT(mkdirat(scratch, "new", 0700), 0);
	T_INT(mkdirat(scratch, "tmp", 0700), 0);
	T_INT(kept_begin(scratch, 3, 0, &why), 0);
	return rc;
}

static size_t
restored(void)
{
	struct kept_choice all = { .since_s = INT64_MIN };
	size_t n;

	T_INT(kept_restore(scratch, &all, &n, &why), 0);
	return n;
}

struct seen {
	size_t n;
	uint8_t flags;
	uint32_t keywords;
};

static int
see(const char *name, enum fs_kind kind, void *ctx)
{
	struct seen *s = ctx;
	struct maildir_name parts;

	if (kind != FS_FILE || !maildir_name_parse(span_str(name), &parts))
		return 0;
	s->n++;
	s->flags = parts.flags;
	s->keywords = parts.keywords;
	return 0;
}

static struct seen
in_cur(void)
{
	struct seen s = { .n = 0 };
	int dir = fs_open_dir(scratch, "cur");

	T_TRUE(dir >= 0 && fs_list(dir, see, &s) == 0);
	fd_close(&dir);
	return s;
}

static void
take(const char *folder, const char *name)
{
	int kept = kept_open(scratch, folder);
	int dir = fs_open_dir(scratch, "cur");
	char path[300];

	(void)snprintf(path, sizeof(path), "cur/%s", name);
	scratch_put(path, "a: b\n\nc\n");
	T_TRUE(kept >= 0);
	T_INT(kept_take(kept, dir, name, 1), 0);
	T_TRUE(!scratch_has(path));
	fd_close(&dir);
	fd_close(&kept);
}

/* No name of a folder is one of our own files there. */
static void
test_any_folder(void **state)
{
	(void)state;
	take("swept", "1.M1P1.h:2,S");
	T_INT(kept_begin(scratch, 3, 0, &why), 0);
	T_INT(restored(), 1);
	T_TRUE(scratch_has(".swept/cur"));
}

/* Names of 255 octets are allowed; what stands before them needs room. */
static void
test_long_name(void **state)
{
	static const char head[] = "1.M1P1.", tail[] = ",S=8,W=11:2,FS";
	char name[MAILDIR_NAME_SIZE];

	(void)state;
	memset(name, 'h', sizeof(name));
	memcpy(name, head, sizeof(head) - 1);
	memcpy(name + sizeof(name) - sizeof(tail), tail, sizeof(tail));
	T_INT(strlen(name), MAILDIR_NAME_MAX);
	take("INBOX", name);
	T_INT(restored(), 1);
	T_INT(in_cur().n, 1);
	T_INT(in_cur().flags, MESSAGE_FLAGGED | MESSAGE_SEEN);
}

/* What is no message stays, and is in nobody's way. */
static void
test_strange_files(void **state)
{
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };
	char name[64];

	(void)state;
	take("INBOX", "1.M1P1.h:2,");
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), KEPT_DIR "/INBOX/%d.1,.", i);
		scratch_put(name, "");
	}
	T_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	T_INT(restored(), 1);
	T_TRUE(scratch_has(KEPT_DIR "/INBOX/0.1,."));
}

static void
test_keywords(void **state)
{
	(void)state;
	scratch_put("dovecot-keywords", "0 $Forwarded\n");
	take("INBOX", "1.M1P1.h:2,Fa");
	T_INT(restored(), 1);
	T_INT(in_cur().keywords, 1);
}

/*
 * A letter is the keyword that it was: once the folder has other names for
 * its letters, nobody can tell.
 */
static void
test_other_keywords(void **state)
{
	struct timespec later[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)clock_wall_s() + 100 } };

	(void)state;
	scratch_put("dovecot-keywords", "0 $Forwarded\n");
	take("INBOX", "1.M1P1.h:2,Fa");
	scratch_put("dovecot-keywords", "0 $Junk\n");
	T_INT(utimensat(scratch, "dovecot-keywords", later, 0), 0);
	T_INT(restored(), 1);
	T_INT(in_cur().keywords, 0);
	T_INT(in_cur().flags, MESSAGE_FLAGGED);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_any_folder), TEST(test_long_name),
		TEST(test_strange_files), TEST(test_keywords),
		TEST(test_other_keywords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
