/*
 * fs - files beneath a directory that is held open.  A name is one component
 * unless a function says path; a path never leaves the directory and follows
 * no symbolic link (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS where it
 * exists, component by component with O_NOFOLLOW elsewhere).  What is opened
 * must be a regular file.  Modes: files 0600, directories 0700 whatever the
 * umask was, unless said.
 * All: 0 or a descriptor, or -1 with errno.
 */
#ifndef OS_FS_H
#define OS_FS_H

#include <sys/stat.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* A directory by absolute or relative path; symbolic links are followed. */
int	fs_open_top(const char *path) must_use;
/* The same, and makes it the working directory. */
int	fs_enter(const char *path) must_use;
int	fs_open_dir(int dir, const char *path) must_use;
int	fs_open_read(int dir, const char *path) must_use;
int	fs_open_rw(int dir, const char *path) must_use;	/* must exist */
int	fs_open_append(int dir, const char *name) must_use; /* made if absent */
int	fs_create(int dir, const char *name) must_use;	/* O_EXCL, read-write */
int	fs_create_write(int dir, const char *name) must_use;	/* ..., writing only */

int	fs_sync(int fd) must_use;		/* fsync */
int	fs_datasync(int fd) must_use;
/*
 * A hint that fs_sync() will be asked for soon: what is written begins to go
 * to the disk, so that several files wait for it together.  Promises nothing.
 */
void	fs_sync_soon(int fd);
int	fs_dirsync(int dir) must_use;
int	fs_rename(int dir, const char *from, int todir, const char *to) must_use;
/* As fs_rename, but EEXIST if `to` is there. */
int	fs_rename_new(int dir, const char *from, int todir, const char *to)
	    must_use;
int	fs_link(int dir, const char *from, int todir, const char *to) must_use;
int	fs_unlink(int dir, const char *name) must_use;
/* The same where the file may be gone already: ENOENT counts as done. */
int	fs_discard(int dir, const char *name);
int	fs_rmdir(int dir, const char *name) must_use;
int	fs_mkdir(int dir, const char *name) must_use;	/* 0700; EEXIST is -1 */
/* Each part that is missing, and syncs what it made. */
int	fs_mkdirs(int dir, const char *path) must_use;
/* With everything in it; at most `most` entries (EMFILE beyond). */
int	fs_remove_tree(int dir, const char *name, size_t most) must_use;
int	fs_truncate(int fd, uint64_t octets) must_use;

struct fs_stat {
	uint64_t size_octets;
	uint64_t inode, device;
	int64_t	 mtime_ns;	/* since 1970 */
	int64_t	 ctime_ns;
	uint32_t uid, gid;
	uint32_t mode;		/* permission bits */
	uint32_t links;
	enum fs_kind { FS_FILE, FS_DIR, FS_OTHER } kind;
};
/* A symbolic link is told as such (FS_OTHER), never followed. */
int	fs_stat(int dir, const char *name, struct fs_stat *st) must_use;
int	fs_fstat(int fd, struct fs_stat *st) must_use;
int	fs_set_mtime(int dir, const char *name, int64_t mtime_ns) must_use;
int	fs_fset_mtime(int fd, int64_t mtime_ns) must_use;
int	fs_chown(int fd, uint32_t uid, uint32_t gid) must_use;
int	fs_chmod(int fd, uint32_t mode) must_use;

/*
 * Calls each() for every name but "." and ".." in unspecified order, until
 * it returns something other than 0, which is then returned.
 */
int	fs_list(int dir, int (*each)(const char *name, enum fs_kind kind,
	    void *ctx), void *ctx) must_use;

/* Exclusive lock on the whole open file; no wait.  -1 EAGAIN: taken. */
int	fs_lock_try(int fd) must_use;
int	fs_lock(int fd, int64_t deadline_ms) must_use;	/* EAGAIN at deadline */
int	fs_unlock(int fd) must_use;	/* as closing it does */

struct fs_space {
	uint64_t free_octets, free_inodes;	/* for ordinary users */
};
int	fs_space(int dir, struct fs_space *sp) must_use;

/* The whole file appended to out; EFBIG past out's cap. */
int	fs_slurp(int dir, const char *path, struct buf *out) must_use;
int	fs_slurp_fd(int fd, struct buf *out) must_use;
/* tmp + fsync + rename + directory sync.  mode e.g. 0600. */
int	fs_replace(int dir, const char *name, struct span text, uint32_t mode)
	    must_use;
/* What fs_replace() leaves where the power failed within it: removed, if it is
   older than before_ns (since 1970; INT64_MAX: all, only while nobody replaces
   in dir).  -1: some may be left, errno says why. */
int	fs_replace_sweep(int dir, int64_t before_ns) must_use;

#endif
