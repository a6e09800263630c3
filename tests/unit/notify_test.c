/*
 * notify: what inotify(7) tells of directories, and that the process stays
 * where it was.
 */
#include "os/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "t.h"

static bool
news(int fd)
{
	bool any = fd_wait(fd, FD_READ, clock_deadline(20)) == 1;

	notify_drain(fd);
	return any;
}

static void
test_news(void **state)
{
	char path[] = "/tmp/notify_test.XXXXXX", before[512], after[512];
	int dirs[2], top, fd, n;

	(void)state;
	T_TRUE(mkdtemp(path) != NULL && (top = fs_open_top(path)) >= 0);
	T_TRUE(fs_mkdir(top, "new") == 0 && fs_mkdir(top, "cur") == 0);
	T_TRUE((dirs[0] = fs_open_dir(top, "new")) >= 0);
	T_TRUE((dirs[1] = fs_open_dir(top, "cur")) >= 0);
	T_TRUE(getcwd(before, sizeof(before)) != NULL);
	n = notify_open(dirs, 2);
	T_TRUE(n >= 0 && (fcntl(n, F_GETFD) & FD_CLOEXEC) != 0);
	T_TRUE(getcwd(after, sizeof(after)) != NULL);
	T_STR(span_str(after), before);

	T_TRUE(!news(n));
	T_TRUE((fd = fs_create(dirs[0], "a")) >= 0);
	T_TRUE(news(n) && !news(n));
	T_TRUE(fd_write_all(fd, "x", 1) == 0);	/* names only */
	fd_close(&fd);
	T_TRUE(!news(n));
	T_TRUE(fs_rename(dirs[0], "a", dirs[1], "a:2,S") == 0 && news(n));
	T_TRUE(fs_unlink(dirs[1], "a:2,S") == 0 && news(n));
	T_TRUE((fd = fs_create(top, "elsewhere")) >= 0 && !news(n));
	fd_close(&fd);
	fd_close(&n);
	/* A descriptor that is no directory. */
	T_TRUE((fd = fs_open_read(top, "elsewhere")) >= 0);
	T_TRUE(notify_open(&fd, 1) == -1);
	T_TRUE(getcwd(after, sizeof(after)) != NULL);
	T_STR(span_str(after), before);
	fd_close(&fd);
	fd_close(&dirs[0]);
	fd_close(&dirs[1]);
	fd_close(&top);
	T_TRUE((top = fs_open_top("/tmp")) >= 0);
	T_TRUE(fs_remove_tree(top, path + 5, 10) == 0);
	fd_close(&top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_news),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
