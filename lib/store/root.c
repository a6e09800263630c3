/*
 * root.c - the longest root that is a prefix of the path, then openat beneath it.
 * An owner who may not write in the root itself finds the directories there
 * already, made by the operator.
 */
#include "store/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/span.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/maildir.h"

#define GUID_DIGITS	32	/* the name of a folder with LAYOUT=index */

int
mail_roots_add(struct mail_roots *r, const char *path)
{
	if (r->n == MAIL_ROOTS_MAX) {
		errno = ENOSPC;
		return -1;
	}
	r->fd[r->n] = fs_open_top(path);
	if (r->fd[r->n] < 0)
		return -1;
	r->path[r->n++] = xstrdup(path);
	r->fd[r->n] = -1;
	return 0;
}

void
mail_roots_use(struct mail_roots *r, const char *path)
{
	if (mail_roots_add(r, path) != 0)
		log_warn(LF_STR("event", "no-mailbox-root"),
		    LF_STR("path", path), LF_STR("why", strerror(errno)));
}

/* No "." or ".." in it: nothing is made on the way to what is refused. */
static bool
is_straight(struct span path)
{
	while (path.p != NULL) {
		struct span name = span_cut(&path, '/');

		if (span_eq(name, SPAN_LIT(".")) ||
		    span_eq(name, SPAN_LIT("..")))
			return false;
	}
	return true;
}

/* What stands behind the root's path, or p == NULL: not below it. */
static struct span
below(struct span root, struct span path)
{
	while (root.n > 0 && root.p[root.n - 1] == '/')
		root.n--;
	if (!span_starts(path, root) || path.n <= root.n + 1 ||
	    path.p[root.n] != '/')
		return SPAN_NONE;
	path = span_from(path, root.n + 1);
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	return path.n > 0 && is_straight(path) ? path : SPAN_NONE;
}

static int
open_below(int root, const char *path)
{
	int fd = fs_open_dir(root, path);

	if (fd < 0 && errno == ENOENT && fs_mkdirs(root, path) == 0)
		fd = fs_open_dir(root, path);
	return fd;
}

/* The nearest root above path, and the way from there; -1: none is. */
static int
nearest(const struct mail_roots *r, const char *path, char *way, size_t size)
{
	struct span best = SPAN_NONE;
	int root = -1;

	for (size_t i = 0; i < r->n; i++) {
		struct span rest = below(span_str(r->path[i]),
		    span_str(path));

		if (rest.p != NULL && (best.p == NULL || rest.n < best.n)) {
			best = rest;
			root = r->fd[i];
		}
	}
	errno = ENOENT;
	return best.p == NULL || span_copy(best, way, size) != 0 ? -1 : root;
}

int
mail_roots_find(const struct mail_roots *r, const char *path)
{
	char way[512];
	int root = nearest(r, path, way, sizeof(way));

	return root < 0 ? -1 : fs_open_dir(root, way);
}

struct foreign {
	int  mailboxes;
	bool guids;
};

static int
on_mailbox(const char *name, enum fs_kind kind, void *ctx)
{
	struct foreign *x = ctx;
	struct fs_stat st;
	int dir;

	if (kind != FS_DIR || strlen(name) != GUID_DIGITS)
		return 0;
	dir = fs_open_dir(x->mailboxes, name);
	x->guids = dir >= 0 && fs_stat(dir, "cur", &st) == 0;
	fd_close(&dir);
	return x->guids;
}

/* Neither of them is a Maildir, and nothing may be made in them as if. */
int
mail_root_check(int root, struct why *why)
{
	struct foreign x = { .mailboxes = -1 };
	struct fs_stat st;
	const char *what;

	if (fs_stat(root, "cur", &st) == 0 ||
	    fs_stat(root, "mailboxes", &st) != 0 || st.kind != FS_DIR)
		return 0;
	x.mailboxes = fs_open_dir(root, "mailboxes");
	if (x.mailboxes >= 0 && fs_list(x.mailboxes, on_mailbox, &x) < 0)
		x.guids = false;
	fd_close(&x.mailboxes);
	what = fs_stat(root, "storage", &st) == 0 ? "mdbox" : x.guids ?
	    "Maildir with LAYOUT=index" : "sdbox";
	why_set(why, WHY_TEMP, "4.3.5", "the mailbox is Dovecot's %s: convert "
	    "it with doveadm sync, to a Maildir without LAYOUT or LAYOUT=fs",
	    what);
	return -1;
}

int
mail_roots_open(const struct mail_roots *r, const char *maildir,
    struct why *why)
{
	char way[512];
	int root = nearest(r, maildir, way, sizeof(way)), fd;

	if (root < 0) {
		why_set(why, WHY_TEMP, "4.3.5",
		    "%s is not below mailbox_roots", maildir);
		return -1;
	}
	fd = open_below(root, way);
	if (fd < 0) {
		why_sys(why, WHY_TEMP, "4.2.0", "%s", maildir);
		return -1;
	}
	if (mail_root_check(fd, why) != 0 || maildir_make(fd, why) != 0)
		fd_close(&fd);
	return fd;
}

void
mail_roots_close(struct mail_roots *r)
{
	for (size_t i = 0; i < r->n; i++) {
		fd_close(&r->fd[i]);
		free(r->path[i]);
	}
	r->n = 0;
}
