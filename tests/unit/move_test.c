/*
 * MOVE and COPY of files that others rename and remove in the middle of it: a
 * renamed one goes along with the flags that it has by then, one that is gone
 * is left out.
 */
#include "store/folder.h"

#include <sys/wait.h>

#include "scratch.h"
#include "store/folders.h"

#define FILES	5

static struct why why;
static struct folder *from, *to;

/* What others do while message `at` is looked at, once. */
static struct {
	uint64_t    at;
	const char *name;	/* of the file */
	const char *as;		/* NULL: it goes */
	unsigned    done, often;
} other;

static void
meddle(void *ctx, uint64_t done)
{
	int cur = fs_open_dir(scratch, "cur");

	(void)ctx;
	if (done == other.at && other.done < other.often) {
		if (other.as == NULL)
			T_INT(unlinkat(cur, other.name, 0), 0);
		else
			T_INT(renameat(cur, other.name, cur, other.as), 0);
		other.done++;
	}
	fd_close(&cur);
}

static int
setup(void **state)
{
	struct folder_changes c;
	char name[64];

	if (scratch_setup(state) != 0 || maildir_make(scratch, &why) != 0)
		return -1;
	for (int i = 1; i <= FILES; i++) {
		(void)snprintf(name, sizeof(name), "cur/1.M%dP1.h:2,", i);
		scratch_put(name, "a: b\n\nc\n");
	}
	T_INT(folders_create(scratch, "A", &why), 0);
	from = folder_open(scratch, "INBOX", false, &why);
	to = folder_open(scratch, "A", false, &why);
	T_TRUE(from != NULL && to != NULL);
	folder_changes_init(&c);
	T_INT(folder_sync(from, &c, &why), 0);
	T_INT(c.added.n, FILES);
	folder_changes_fini(&c);
	memset(&other, 0, sizeof(other));
	other.often = 1;
	return 0;
}

static int
teardown(void **state)
{
	folder_close(&to);
	folder_close(&from);
	return scratch_teardown(state);
}

static void
carry(enum folder_change_kind kind, int rc, struct folder_result *r)
{
	static const uint32_t all[FILES] = { 1, 2, 3, 4, 5 };
	const struct folder_change c = { .kind = kind, .uids = all,
	    .uids_n = FILES, .to = to, .tick = meddle };

	folder_result_init(r);
	T_INT(folder_commit(from, &c, 1, r, &why), rc);
	T_INT(other.done, other.often);
	T_INT(folder_sync(to, NULL, &why), 0);
	T_INT(folder_sync(from, NULL, &why), 0);
}

static void
test_renamed(void **state)
{
	struct folder_result r;

	(void)state;
	other.at = 3;
	other.name = "1.M2P1.h:2,";
	other.as = "1.M2P1.h:2,FS";
	carry(CHANGE_MOVE, 0, &r);
	T_INT(r.done.n, FILES);
	for (uint32_t i = 0; i < FILES; i++) {
		T_INT(r.done.v[i], i + 1);
		T_INT(r.made.v[i], i + 1);
		T_INT(folder_find(to, i + 1)->flags &
		    (uint8_t)~MESSAGE_RECENT, i + 1 == 2 ?
		    MESSAGE_FLAGGED | MESSAGE_SEEN : 0);
	}
	T_INT(folder_count(from), 0);
	folder_result_fini(&r);
}

static void
test_gone(void **state)
{
	static const uint32_t left[] = { 1, 3, 4, 5 };
	struct folder_result r;

	(void)state;
	other.at = 3;
	other.name = "1.M2P1.h:2,";
	carry(CHANGE_MOVE, 0, &r);
	T_INT(r.done.n, COUNT(left));
	for (uint32_t i = 0; i < COUNT(left); i++) {
		T_INT(r.done.v[i], left[i]);
		T_INT(r.made.v[i], i + 1);
	}
	T_INT(folder_count(to), COUNT(left));
	T_INT(folder_count(from), 0);
	folder_result_fini(&r);
}

/* All or none (RFC 3501 6.4.7). */
static void
test_copy_gone(void **state)
{
	struct folder_result r;

	(void)state;
	other.at = 3;
	other.name = "1.M5P1.h:2,";
	carry(CHANGE_COPY, -1, &r);
	T_INT(r.done.n, 0);
	T_INT(folder_count(to), 0);
	T_INT(folder_count(from), FILES - 1);
	folder_result_fini(&r);
}

/* The same where the search for a renamed one tells that another is gone. */
static void
test_copy_renamed_and_gone(void **state)
{
	int cur = fs_open_dir(scratch, "cur");
	struct folder_result r;

	(void)state;
	T_INT(renameat(cur, "1.M1P1.h:2,", cur, "1.M1P1.h:2,F"), 0);
	T_INT(unlinkat(cur, "1.M5P1.h:2,", 0), 0);
	fd_close(&cur);
	other.often = 0;
	carry(CHANGE_COPY, -1, &r);
	T_INT(why.kind, WHY_PERM);
	T_INT(r.done.n, 0);
	T_INT(folder_count(to), 0);
	T_INT(folder_count(from), FILES - 1);
	folder_result_fini(&r);
}

static int
open_up(const char *name, enum fs_kind kind, void *ctx)
{
	int dir = *(const int *)ctx;

	return fchmodat(dir, name, kind == FS_DIR ? 0777 : 0666, 0);
}

/*
 * Within a folder a move is a copy first.  In a directory whose files only their
 * owners remove the copies are made, and then nobody may tell that the others
 * had gone.
 */
static void
test_not_removed(void **state)
{
	static const uint32_t all[FILES] = { 1, 2, 3, 4, 5 };
	const struct folder_change c = { .kind = CHANGE_MOVE, .uids = all,
	    .uids_n = FILES, .to = from };
	int cur = fs_open_dir(scratch, "cur"), status;
	struct folder_result r;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		fd_close(&cur);
		print_message("needs root: files of two users\n");
		skip();
	}
	T_INT(fchmod(scratch, 0777), 0);
	T_INT(fs_list(scratch, open_up, &scratch), 0);
	T_INT(fs_list(cur, open_up, &cur), 0);
	T_INT(fchmod(cur, 01777), 0);
	fd_close(&cur);
	pid = fork();
	T_TRUE(pid >= 0);
	if (pid == 0) {
		if (setuid(65534) != 0)
			_exit(2);
		folder_result_init(&r);
		if (folder_commit(from, &c, 1, &r, &why) == 0)
			_exit(3);
		_exit(r.done.n == 0 && r.made.n == 0 ? 0 : 4);
	}
	T_TRUE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	T_INT(WEXITSTATUS(status), 0);
	T_INT(folder_sync(from, NULL, &why), 0);
	T_INT(folder_count(from), 2 * FILES);
}

#define TEST(t) \
	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_renamed), TEST(test_gone), TEST(test_copy_gone),
		TEST(test_copy_renamed_and_gone), TEST(test_not_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
