/*
 * store/root: only what lies below a root opens, however it is spelled and
 * whatever was put in the way.
 */
#include "scratch.h"

#include <sys/stat.h>

#include <errno.h>

#include "store/root.h"

static struct mail_roots roots;
static struct why why;

/* A path beneath the scratch directory. */
static const char *
at(const char *rest)
{
	static char text[4][512];
	static int turn;
	char *to = text[turn = (turn + 1) % 4];

	(void)snprintf(to, sizeof(text[0]), "%s%s", scratch_path, rest);
	return to;
}

static int
setup(void **state)
{
	memset(&roots, 0, sizeof(roots));
	roots.fd[0] = -1;
	if (scratch_setup(state) != 0 ||
	    mkdirat(scratch, "mail", 0755) != 0 ||
	    mkdirat(scratch, "mail/deep", 0755) != 0 ||
	    mkdirat(scratch, "mailx", 0755) != 0 ||
	    mkdirat(scratch, "outside", 0755) != 0)
		return -1;
	return mail_roots_add(&roots, at("/mail"));
}

static int
teardown(void **state)
{
	mail_roots_close(&roots);
	T_INT(roots.n, 0);
	return scratch_teardown(state);
}

static unsigned
mode_of(const char *path)
{
	struct stat sb;

	T_TRUE(fstatat(scratch, path, &sb, AT_SYMLINK_NOFOLLOW) == 0);
	return sb.st_mode & 07777;
}

static void
what_is_missing_is_made(void **state)
{
	static const char *const made[] = { "mail/a.example",
		"mail/a.example/bob", "mail/a.example/bob/Maildir",
		"mail/a.example/bob/Maildir/cur",
		"mail/a.example/bob/Maildir/new",
		"mail/a.example/bob/Maildir/tmp" };
	mode_t old;
	int fd;

	(void)state;
	old = umask(0);
	fd = mail_roots_open(&roots, at("/mail/a.example/bob/Maildir"), &why);
	(void)umask(old);
	T_TRUE(fd >= 0);
	fd_close(&fd);
	for (size_t i = 0; i < COUNT(made); i++) {
		t_case(made[i]);
		T_INT(mode_of(made[i]), 0700);
	}
	/* The second time it is there; slashes more or fewer mean nothing. */
	fd = mail_roots_open(&roots, at("//mail/x") + 1, &why);
	T_INT(fd, -1);
	fd = mail_roots_open(&roots, at("/mail/a.example//bob/Maildir/"),
	    &why);
	T_TRUE(fd >= 0);
	fd_close(&fd);
	/* What was there keeps its mode. */
	T_INT(mode_of("mail"), 0755);
}

static void
nothing_else_opens(void **state)
{
	static const char *const wrong[] = { "", "/", "/mail", "/mail/",
		"/mailx", "/mailx/bob", "/outside", "/mail/..",
		"/mail/../outside", "/mail/./bob", "/mail/a/../../outside",
		"/mail/a/..", "/mail/.", "/mail/link", "/mail/link/bob",
		"/mail/file", "/mail/file/bob", "/mail/fifo",
		"/mail/dangling/bob" };
	int fd;

	(void)state;
	scratch_put("mail/file", "x");
	T_TRUE(symlinkat(at("/outside"), scratch, "mail/link") == 0);
	T_TRUE(symlinkat("nowhere", scratch, "mail/dangling") == 0);
	T_TRUE(mkfifoat(scratch, "mail/fifo", 0600) == 0);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		t_case(wrong[i]);
		fd = mail_roots_open(&roots, at(wrong[i]), &why);
		T_INT(fd, -1);
		T_TRUE(why.kind == WHY_TEMP);	/* mail waits for the operator */
		T_INT(mail_roots_find(&roots, at(wrong[i])), -1);
	}
	T_INT(mail_roots_open(&roots, "relative/bob", &why), -1);
	T_INT(mail_roots_open(&roots, "/etc", &why), -1);
	/* Nothing was made on the way. */
	T_TRUE(!scratch_has("outside/bob"));
	T_TRUE(!scratch_has("outside/cur"));
	T_TRUE(!scratch_has("mailx/bob"));
	T_TRUE(!scratch_has("mail/a"));
	T_TRUE(!scratch_has("mail/cur"));
}

static void
the_nearest_root_counts(void **state)
{
	struct stat one, other;
	int fd;

	(void)state;
	T_TRUE(mail_roots_add(&roots, at("/mail/deep/")) == 0);
	T_TRUE(symlinkat("deep", scratch, "mail/bent") == 0);
	fd = mail_roots_open(&roots, at("/mail/deep/bob"), &why);
	T_TRUE(fd >= 0);
	T_TRUE(fstat(fd, &one) == 0);
	T_TRUE(fstatat(scratch, "mail/deep/bob", &other, 0) == 0);
	T_TRUE(one.st_ino == other.st_ino);
	fd_close(&fd);
	/* A root may be reached by a link, what lies below it may not. */
	T_INT(mail_roots_open(&roots, at("/mail/bent/bob"), &why), -1);
	T_TRUE(mail_roots_add(&roots, at("/mail/bent")) == 0);
	fd = mail_roots_open(&roots, at("/mail/bent/bob"), &why);
	T_TRUE(fd >= 0);
	fd_close(&fd);
}

static void
find_makes_nothing(void **state)
{
	int fd;

	(void)state;
	T_INT(mail_roots_find(&roots, at("/mail/bob")), -1);
	T_INT(errno, ENOENT);
	T_TRUE(!scratch_has("mail/bob"));
	fd = mail_roots_find(&roots, at("/mail/deep"));
	T_TRUE(fd >= 0);
	T_TRUE(!scratch_has("mail/deep/cur"));
	fd_close(&fd);
}

static void
many_roots(void **state)
{
	int added = 1;

	(void)state;
	T_TRUE(mail_roots_add(&roots, at("/nowhere")) == -1);
	T_INT(errno, ENOENT);
	while (mail_roots_add(&roots, at("/mail")) == 0)
		T_TRUE(++added <= MAIL_ROOTS_MAX);
	T_INT(added, MAIL_ROOTS_MAX);
	T_INT(errno, ENOSPC);
	T_INT(roots.fd[roots.n], -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_missing_is_made,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_else_opens, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(the_nearest_root_counts,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(find_makes_nothing, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(many_roots, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
