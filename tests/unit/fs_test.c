/*
 * fs: no way out of a directory (openat2(2) and step by step), replacing,
 * locks, trees.
 */
#include "os/fs.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"
#include "t.h"

static char top_path[] = "/tmp/fs_test.XXXXXX";
static int top = -1;

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(top_path) == NULL)
		return -1;
	top = fs_open_top(top_path);
	return top >= 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	fd_close(&top);
	top = fs_open_top("/tmp");
	if (fs_remove_tree(top, strrchr(top_path, '/') + 1, 1000) != 0)
		return -1;
	fd_close(&top);
	return 0;
}

static void
put(int dir, const char *name, const char *text)
{
	int fd = fs_create(dir, name);

	T_TRUE(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
	fd_close(&fd);
}

static void
test_escapes(void **state)
{
	static const char *const bad[] = {
		"", "/etc/passwd", "..", "../x", "in/../../x", "up", "up/x",
		"in/up/x", "abs", "in/abs", "fifo", "in", "in/", "missing/x",
		"loop", "dir",
	};
	int in, fd;

	(void)state;
	T_TRUE(fs_mkdirs(top, "a/in") == 0);
	int a = fs_open_dir(top, "a");
	put(top, "x", "outside");
	T_TRUE(a >= 0 && (in = fs_open_dir(a, "in")) >= 0);
	put(in, "ok", "fine");
	T_TRUE(symlinkat("..", a, "up") == 0);
	T_TRUE(symlinkat("../..", in, "up") == 0);
	T_TRUE(symlinkat("/etc/passwd", a, "abs") == 0);
	T_TRUE(symlinkat("/etc/passwd", in, "abs") == 0);
	T_TRUE(symlinkat("loop", a, "loop") == 0);
	T_TRUE(symlinkat("in", a, "dir") == 0);
	T_TRUE(mkfifoat(a, "fifo", 0600) == 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		t_case(bad[i]);
		T_TRUE((fd = fs_open_read(a, bad[i])) == -1);
		T_TRUE((fd = fs_open_rw(a, bad[i])) == -1);
	}
	T_TRUE((fd = fs_open_dir(a, "dir")) == -1);
	T_TRUE((fd = fs_open_dir(a, "up")) == -1);
	T_TRUE((fd = fs_open_dir(a, "..")) == -1);
	T_TRUE((fd = fs_open_read(a, "in/ok")) >= 0);
	fd_close(&fd);
	fd_close(&in);
	fd_close(&a);
}

/* Names of more than one component are refused by all that take a name. */
static void
test_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/", "a/" };
	struct fs_stat st;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		t_case(bad[i]);
		T_TRUE(fs_create(top, bad[i]) == -1 && errno == EINVAL);
		T_TRUE(fs_open_append(top, bad[i]) == -1 && errno == EINVAL);
		T_TRUE(fs_unlink(top, bad[i]) == -1 && errno == EINVAL);
		T_TRUE(fs_mkdir(top, bad[i]) == -1 && errno == EINVAL);
		T_TRUE(fs_rmdir(top, bad[i]) == -1 && errno == EINVAL);
		T_TRUE(fs_stat(top, bad[i], &st) == -1 && errno == EINVAL);
		T_TRUE(fs_rename(top, "x", top, bad[i]) == -1);
		T_TRUE(fs_rename(top, bad[i], top, "y") == -1);
		T_TRUE(fs_link(top, bad[i], top, "y") == -1);
		T_TRUE(fs_remove_tree(top, bad[i], 9) == -1);
	}
}

static void
test_rename(void **state)
{
	struct fs_stat st;

	(void)state;
	put(top, "r1", "1");
	put(top, "r2", "22");
	T_TRUE(fs_rename_new(top, "r1", top, "r2") == -1 && errno == EEXIST);
	T_TRUE(fs_stat(top, "r2", &st) == 0 && st.size_octets == 2);
	T_TRUE(fs_rename_new(top, "r1", top, "r3") == 0);
	T_TRUE(fs_stat(top, "r1", &st) == -1 && errno == ENOENT);
	T_TRUE(fs_rename(top, "r3", top, "r2") == 0);
	T_TRUE(fs_stat(top, "r2", &st) == 0 && st.size_octets == 1);
	T_TRUE(fs_link(top, "r2", top, "r4") == 0);
	T_TRUE(fs_stat(top, "r4", &st) == 0 && st.links == 2);
	T_TRUE(fs_link(top, "r2", top, "r4") == -1 && errno == EEXIST);
	T_TRUE(fs_discard(top, "r4") == 0 && fs_discard(top, "r4") == 0);
	T_TRUE(fs_unlink(top, "r4") == -1 && errno == ENOENT);
	T_TRUE(fs_dirsync(top) == 0);
}

static void
test_modes(void **state)
{
	mode_t old = umask(0);
	struct fs_stat st;
	int fd;

	(void)state;
	put(top, "m", "x");
	T_TRUE(fs_mkdir(top, "d") == 0);
	(void)umask(077);
	T_TRUE(fs_replace(top, "pub", SPAN_LIT("x"), 0644) == 0);
	(void)umask(old);
	T_TRUE(fs_stat(top, "m", &st) == 0 && st.mode == 0600);
	T_TRUE(st.kind == FS_FILE);
	T_TRUE(fs_stat(top, "d", &st) == 0 && st.mode == 0700);
	T_TRUE(st.kind == FS_DIR);
	T_TRUE(fs_stat(top, "pub", &st) == 0 && st.mode == 0644);
	T_TRUE(fs_mkdir(top, "d") == -1 && errno == EEXIST);

	T_TRUE(fs_set_mtime(top, "m", INT64_C(1234567890123456789)) == 0);
	T_TRUE(fs_stat(top, "m", &st) == 0);
	T_TRUE(st.mtime_ns == INT64_C(1234567890123456789));
	T_TRUE((fd = fs_open_rw(top, "m")) >= 0);
	T_TRUE(fs_fset_mtime(fd, -1) == 0 && fs_fstat(fd, &st) == 0);
	T_TRUE(st.mtime_ns == -1);	/* before 1970 */
	T_TRUE(fs_truncate(fd, 5) == 0 && fs_fstat(fd, &st) == 0);
	T_TRUE(st.size_octets == 5);
	fd_close(&fd);
}

static void
test_replace(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 8);
	T_TRUE(fs_replace(top, "conf", SPAN_LIT("12345678"), 0600) == 0);
	T_TRUE(fs_slurp(top, "conf", &text) == 0);
	T_SPAN(buf_span(&text), SPAN_LIT("12345678"));
	T_TRUE(fs_replace(top, "conf", SPAN_LIT("123456789"), 0600) == 0);
	buf_clear(&text);
	T_TRUE(fs_slurp(top, "conf", &text) == -1 && errno == EFBIG);
	T_TRUE(fs_replace(top, "conf", SPAN_NONE, 0600) == 0);
	buf_clear(&text);
	T_TRUE(fs_slurp(top, "conf", &text) == 0 && text.n == 0);
	buf_fini(&text);
	/* Fails on the rename: nothing is left behind. */
	T_TRUE(fs_mkdirs(top, "full/inner") == 0);
	T_TRUE(fs_replace(top, "full", SPAN_LIT("x"), 0600) == -1);
}

static bool
is_there(const char *name)
{
	struct fs_stat st;

	return fs_stat(top, name, &st) == 0;
}

/* What fs_replace() names so, and nothing else; who cannot look, says so. */
static void
test_replace_sweep(void **state)
{
	static const char *const left[] = { ".conf.0123456789abcdef",
		".a.b.00000000ffffffff" };
	static const char *const kept[] = { "conf.0123456789abcdef",
		".conf.0123456789abcde", ".conf.0123456789abcdeg",
		"..0123456789abcdef", ".0123456789abcdef", ".conf" };
	int fd;

	(void)state;
	for (size_t i = 0; i < COUNT(left) + COUNT(kept); i++) {
		fd = fs_create(top, i < COUNT(left) ? left[i] :
		    kept[i - COUNT(left)]);
		T_TRUE(fd >= 0);
		fd_close(&fd);
	}
	T_TRUE(fs_mkdir(top, ".dir.0123456789abcdef") == 0);
	T_TRUE(fs_replace_sweep(top, 0) == 0);		/* none is so old */
	for (size_t i = 0; i < COUNT(left); i++)
		T_TRUE(is_there(left[i]));
	T_TRUE(fs_replace_sweep(top, INT64_MAX) == 0);
	for (size_t i = 0; i < COUNT(left); i++)
		T_TRUE(!is_there(left[i]));
	for (size_t i = 0; i < COUNT(kept); i++) {
		t_case(kept[i]);
		T_TRUE(is_there(kept[i]));
		T_TRUE(fs_unlink(top, kept[i]) == 0);
	}
	T_TRUE(is_there(".dir.0123456789abcdef"));
	T_TRUE(fs_rmdir(top, ".dir.0123456789abcdef") == 0);
	fd = fs_create(top, "no-directory");
	T_TRUE(fs_replace_sweep(fd, INT64_MAX) == -1 && errno == ENOTDIR);
	fd_close(&fd);
	T_TRUE(fs_unlink(top, "no-directory") == 0);
}

static int
no_dot_file(const char *name, enum fs_kind kind, void *ctx)
{
	(*(unsigned *)ctx)++;
	return name[0] == '.' || kind == FS_OTHER ? 7 : 0;
}

static int
stop(const char *name, enum fs_kind kind, void *ctx)
{
	(void)name;
	(void)kind;
	(*(unsigned *)ctx)++;
	return 5;
}

static void
test_list(void **state)
{
	unsigned n = 0, m = 0;

	(void)state;
	T_TRUE(fs_list(top, no_dot_file, &n) == 0 && n > 3);
	T_TRUE(fs_list(top, no_dot_file, &m) == 0 && m == n);
	n = 0;
	T_TRUE(fs_list(top, stop, &n) == 5 && n == 1);
}

static void
test_mkdirs(void **state)
{
	struct fs_stat st;
	int fd;

	(void)state;
	T_TRUE(fs_mkdirs(top, "p/q//r") == 0);
	T_TRUE((fd = fs_open_dir(top, "p/q")) >= 0);
	T_TRUE(fs_stat(fd, "r", &st) == 0 && st.kind == FS_DIR);
	fd_close(&fd);
	T_TRUE(fs_mkdirs(top, "p/q/r") == 0);
	T_TRUE(fs_mkdirs(top, "p/../q") == -1);
	T_TRUE(fs_mkdirs(top, "/p") == -1);
	T_TRUE(symlinkat("/tmp", top, "link") == 0);
	T_TRUE(fs_mkdirs(top, "link/fs_test_never") == -1);
	T_TRUE(access("/tmp/fs_test_never", F_OK) == -1);
	/* The tree goes, what a link in it names stays. */
	T_TRUE((fd = fs_open_dir(top, "p/q")) >= 0);
	T_TRUE(symlinkat("/tmp", fd, "out") == 0);
	fd_close(&fd);
	T_TRUE(fs_remove_tree(top, "p", 3) == -1 && errno == EMFILE);
	T_TRUE(fs_remove_tree(top, "p", 100) == 0);
	T_TRUE(fs_stat(top, "p", &st) == -1 && access("/tmp", F_OK) == 0);
	T_TRUE(fs_unlink(top, "link") == 0);
}

/* fcntl(2), open file description locks: of the open file, over fork. */
static void
test_lock(void **state)
{
	int a, b;
	int64_t start;

	(void)state;
	T_TRUE((a = fs_open_append(top, "lock")) >= 0);
	T_TRUE((b = fs_open_append(top, "lock")) >= 0);
	T_TRUE(fs_lock_try(a) == 0);
	T_TRUE(fs_lock_try(b) == -1 && errno == EAGAIN);
	start = clock_mono_ms();
	T_TRUE(fs_lock(b, clock_deadline(80)) == -1 && errno == EAGAIN);
	T_TRUE(clock_mono_ms() - start >= 79);
	fd_close(&a);
	T_TRUE(fs_lock_try(b) == 0);
	fd_close(&b);
}

static void
test_append_and_reopen(void **state)
{
	struct buf text;
	int a, r, w;

	(void)state;
	T_TRUE((a = fs_open_append(top, "log")) >= 0);
	T_TRUE(fd_write_all(a, "one ", 4) == 0);
	T_TRUE((w = fs_open_rw(top, "log")) >= 0);
	T_TRUE(fd_write_all(w, "ONE", 3) == 0);
	T_TRUE(fd_write_all(a, "two", 3) == 0);
	T_TRUE((r = fs_open_read(top, "log")) >= 0);
	buf_init(&text, 100);
	T_TRUE(fs_slurp_fd(r, &text) == 0);
	T_SPAN(buf_span(&text), SPAN_LIT("ONE two"));
	T_TRUE(fd_write(r, "x", 1) == -1 && errno == EBADF);
	buf_fini(&text);
	fd_close(&a);
	fd_close(&r);
	fd_close(&w);
}

static void
test_space(void **state)
{
	struct fs_space sp;

	(void)state;
	T_TRUE(fs_space(top, &sp) == 0);
	T_TRUE(sp.free_octets > 0 && sp.free_inodes > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_mkdirs),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_append_and_reopen),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_replace_sweep),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_space),
	};

	return cmocka_run_group_tests_name("fs", tests, setup, teardown);
}
