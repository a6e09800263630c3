/*
 * fs - see fs.h: names beneath directories, and what makes them durable.
 * Opening is in fs_open.c, what works on whole files and trees in fs_file.c.
 *
 * Nothing here takes a path of more than one component but where the header
 * says so: fs_name_ok() stands in front of every call.
 */
#include "os/fs.h"

#include <sys/file.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fault.h"
#include "os/fd.h"
#include "os/fs_name.h"

#define NS_PER_S	1000000000

int
fs_sync(int fd)
{
	if (fault_here("fsync"))
		return fault_result();
	return fsync(fd);	/* a second try after a failure proves nothing */
}

int
fs_datasync(int fd)
{
	if (fault_here("fdatasync"))
		return fault_result();
	return fdatasync(fd);
}

void
fs_sync_soon(int fd)
{
#ifdef SYNC_FILE_RANGE_WRITE
	/* Where it cannot, fs_sync() does it all. */
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
	(void)fd;
#endif
}

int
fs_dirsync(int dir)
{
	if (fault_here("dirsync"))
		return fault_result();
	return fs_sync(dir);
}

int
fs_rename(int dir, const char *from, int todir, const char *to)
{
	if (!fs_name_ok(from) || !fs_name_ok(to) || fault_here("rename"))
		return -1;
	return renameat(dir, from, todir, to);
}

int
fs_rename_new(int dir, const char *from, int todir, const char *to)
{
	if (!fs_name_ok(from) || !fs_name_ok(to) || fault_here("rename"))
		return -1;
#ifdef RENAME_NOREPLACE
	if (renameat2(dir, from, todir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
#endif
	/* Two names for a moment, but never none and never another file. */
	if (linkat(dir, from, todir, to, 0) != 0)
		return -1;
	return unlinkat(dir, from, 0);
}

int
fs_link(int dir, const char *from, int todir, const char *to)
{
	if (!fs_name_ok(from) || !fs_name_ok(to) || fault_here("link"))
		return -1;
	return linkat(dir, from, todir, to, 0);
}

static int
unlink_at(int dir, const char *name)
{
	if (!fs_name_ok(name) || fault_here("unlink"))
		return -1;
	return unlinkat(dir, name, 0);
}

int
fs_unlink(int dir, const char *name)
{
	return unlink_at(dir, name);
}

int
fs_discard(int dir, const char *name)
{
	if (unlink_at(dir, name) != 0 && errno != ENOENT)
		return -1;
	return 0;
}

int
fs_rmdir(int dir, const char *name)
{
	if (!fs_name_ok(name))
		return -1;
	return unlinkat(dir, name, AT_REMOVEDIR);
}

int
fs_mkdir(int dir, const char *name)
{
	if (!fs_name_ok(name) || fault_here("mkdir"))
		return -1;
	return mkdirat(dir, name, 0700);
}

int
fs_truncate(int fd, uint64_t octets)
{
	if (octets > INT64_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	if (fault_here("ftruncate"))
		return -1;
	return ftruncate(fd, (off_t)octets);
}

static int64_t
ns_of(struct timespec ts)
{
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void
stat_fill(const struct stat *sb, struct fs_stat *st)
{
	st->size_octets = (uint64_t)sb->st_size;
	st->inode = sb->st_ino;
	st->device = sb->st_dev;
	st->mtime_ns = ns_of(sb->st_mtim);
	st->ctime_ns = ns_of(sb->st_ctim);
	st->uid = sb->st_uid;
	st->gid = sb->st_gid;
	st->mode = sb->st_mode & 07777;
	st->links = (uint32_t)sb->st_nlink;
	st->kind = S_ISREG(sb->st_mode) ? FS_FILE :
	    S_ISDIR(sb->st_mode) ? FS_DIR : FS_OTHER;
}

int
fs_stat(int dir, const char *name, struct fs_stat *st)
{
	struct stat sb;

	if (!fs_name_ok(name) ||
	    fstatat(dir, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	stat_fill(&sb, st);
	return 0;
}

int
fs_fstat(int fd, struct fs_stat *st)
{
	struct stat sb;

	if (fstat(fd, &sb) != 0)
		return -1;
	stat_fill(&sb, st);
	return 0;
}

int
fs_fset_mtime(int fd, int64_t mtime_ns)
{
	struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT } };

	ts[1].tv_sec = (time_t)(mtime_ns / NS_PER_S);
	ts[1].tv_nsec = (long)(mtime_ns % NS_PER_S);
	if (ts[1].tv_nsec < 0) {	/* before 1970 */
		ts[1].tv_sec--;
		ts[1].tv_nsec += NS_PER_S;
	}
	return futimens(fd, ts);
}

/* By descriptor: the sandbox allows no change of times by path. */
int
fs_set_mtime(int dir, const char *name, int64_t mtime_ns)
{
	int fd, rc;

	fd = fs_open_read(dir, name);
	if (fd < 0)
		return -1;
	rc = fs_fset_mtime(fd, mtime_ns);
	fd_close(&fd);
	return rc;
}

int
fs_chown(int fd, uint32_t uid, uint32_t gid)
{
	return fchown(fd, uid, gid);
}

int
fs_chmod(int fd, uint32_t mode)
{
	return fchmod(fd, mode & 07777);
}

static enum fs_kind
entry_kind(int dir, const struct dirent *e)
{
	struct fs_stat st;

	if (e->d_type == DT_REG)
		return FS_FILE;
	if (e->d_type == DT_DIR)
		return FS_DIR;
	/* Some file systems do not tell. */
	if (e->d_type == DT_UNKNOWN && fs_stat(dir, e->d_name, &st) == 0)
		return st.kind;
	return FS_OTHER;
}

int
fs_list(int dir, int (*each)(const char *name, enum fs_kind kind, void *ctx),
    void *ctx)
{
	struct dirent *e;
	int fd, rc = 0;
	DIR *d;

	/* Not a dup: it would share its position with the caller's. */
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	d = fdopendir(fd);
	if (d == NULL) {
		fd_close(&fd);
		return -1;
	}
	while (rc == 0) {
		errno = 0;
		e = readdir(d);
		if (e == NULL) {
			rc = errno != 0 ? -1 : 0;
			break;
		}
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = each(e->d_name, entry_kind(fd, e), ctx);
	}
	(void)closedir(d);	/* read only */
	return rc;
}

/* OFD locks belong to the open file, not to the process, and survive fork. */
int
fs_lock_try(int fd)
{
	int rc;

#ifdef F_OFD_SETLK
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	rc = fcntl(fd, F_OFD_SETLK, &fl);
	if (rc != 0 && errno == EACCES)
		errno = EAGAIN;
#else
	rc = flock(fd, LOCK_EX | LOCK_NB);
#endif
	return rc != 0 ? -1 : 0;
}

int
fs_unlock(int fd)
{
#ifdef F_OFD_SETLK
	struct flock fl = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &fl);
#else
	return flock(fd, LOCK_UN);
#endif
}

/* Asked again and again: a lock that waits cannot be given a deadline. */
int
fs_lock(int fd, int64_t deadline_ms)
{
	int64_t pause_ms = 1;

	while (fs_lock_try(fd) != 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -1;
		if (clock_mono_ms() >= deadline_ms) {
			errno = EAGAIN;
			return -1;
		}
		clock_sleep_ms(pause_ms);
		if (pause_ms < 50)
			pause_ms *= 2;
	}
	return 0;
}

int
fs_space(int dir, struct fs_space *sp)
{
	struct statvfs v;

	if (fstatvfs(dir, &v) != 0)
		return -1;
	if (__builtin_mul_overflow((uint64_t)v.f_bavail,
	    (uint64_t)v.f_frsize, &sp->free_octets))
		sp->free_octets = UINT64_MAX;
	/* File systems that make inodes as they go say 0 of 0. */
	sp->free_inodes = v.f_files == 0 ? UINT64_MAX : v.f_favail;
	return 0;
}
