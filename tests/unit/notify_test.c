/*
 * notify: what inotify(7) tells of directories, and that the process stays
 * where it was.
 */
#include "os/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "t.h"

static bool
news(struct notify *n)
{
	bool any = fd_wait(n->fd, FD_READ, clock_deadline(20)) == 1;

	notify_drain(n);
	return any;
}

/* Every kind of news, and what is none. */
static void
look_at_news(void)
{
	char path[] = "/tmp/notify_test.XXXXXX", before[512], after[512];
	struct notify n;
	int dirs[2], top, fd;

	T_TRUE(mkdtemp(path) != NULL && (top = fs_open_top(path)) >= 0);
	T_TRUE(fs_mkdir(top, "new") == 0 && fs_mkdir(top, "cur") == 0);
	T_TRUE((dirs[0] = fs_open_dir(top, "new")) >= 0);
	T_TRUE((dirs[1] = fs_open_dir(top, "cur")) >= 0);
	T_TRUE(getcwd(before, sizeof(before)) != NULL);
	T_TRUE(notify_open(&n, dirs, 2) == 0);
	T_TRUE((fcntl(n.fd, F_GETFD) & FD_CLOEXEC) != 0);
	T_TRUE(getcwd(after, sizeof(after)) != NULL);
	T_STR(span_str(after), before);

	T_TRUE(!news(&n));
	T_TRUE((fd = fs_create(dirs[0], "a")) >= 0);
	T_TRUE(news(&n) && !news(&n));
	T_TRUE(fd_write_all(fd, "x", 1) == 0);	/* names only */
	fd_close(&fd);
	T_TRUE(!news(&n));
	T_TRUE(fs_rename(dirs[0], "a", dirs[1], "a:2,S") == 0 && news(&n));
	T_TRUE(fs_unlink(dirs[1], "a:2,S") == 0 && news(&n));
	T_TRUE((fd = fs_create(top, "elsewhere")) >= 0 && !news(&n));
	fd_close(&fd);
	notify_close(&n);
	/* A descriptor that is no directory. */
	T_TRUE((fd = fs_open_read(top, "elsewhere")) >= 0);
	T_TRUE(notify_open(&n, &fd, 1) == -1 && n.fd == -1);
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

static void
test_inotify(void **state)
{
	(void)state;
	look_at_news();
}

/*
 * In a user namespace whose users may have no instance: inotify_init1() says
 * EMFILE, as it does to the 129th of an ordinary system.
 */
static void
test_none_left(void **state)
{
	int status, fd;
	pid_t pid;

	(void)state;
	pid = fork();
	T_TRUE(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) != 0)
			_exit(77);
		fd = open("/proc/sys/user/max_inotify_instances", O_WRONLY);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(77);
		if (inotify_init1(0) != -1 || errno != EMFILE)
			_exit(1);
		look_at_news();
		look_at_news();		/* one after the other */
		_exit(0);
	}
	T_TRUE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("no user namespace, or no limit in it\n");
		skip();
	}
	T_INT(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inotify),
		cmocka_unit_test(test_none_left),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
