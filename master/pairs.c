/*
 * pairs - the files of certificate_dir, opened for keyd when a client has first
 * named a host.  The name comes from a stranger, through two daemons, so here
 * it has to be a host name again, or "*." and one.  Links are followed, as the
 * tools that renew certificates want it, but what they lead to must lie
 * beneath the directory above certificate_dir (beneath it, where that would be
 * the root directory).  As with other files, master reads none of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conf/pair.h"
#include "conf/value.h"
#include "master/master.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/path.h"

#define REAL_SIZE	1024

static const struct { const char *cert, *key; } forms[] = {
	{ "fullchain.pem", "privkey.pem" },	/* in a directory STEM */
	{ ".pem", ".key" },			/* behind STEM */
};

static bool
stem_ok(const char *stem)
{
	return conf_is_domain(strncmp(stem, "*.", 2) == 0 ? stem + 2 : stem);
}

/* The directory beneath which links may end. */
static int
top_of(const char *dir, char *top)
{
	char *slash;

	if (path_real(dir, top, REAL_SIZE) != 0)
		return -1;
	slash = strrchr(top, '/');
	if (slash != top)
		*slash = '\0';
	return 0;
}

static int
open_beneath(const char *top, const char *path)
{
	char real[REAL_SIZE];
	size_t n = strlen(top);
	int dir, fd;

	if (path_real(path, real, sizeof(real)) != 0)
		return -1;
	if (strncmp(real, top, n) != 0 || real[n] != '/') {
		errno = EXDEV;
		return -1;
	}
	dir = fs_open_top(top);
	fd = dir < 0 ? -1 : fs_open_read(dir, real + n + 1);
	fd_close(&dir);
	return fd;
}

static int
open_form(const char *dir, const char *stem, const char *end)
{
	char top[REAL_SIZE], path[REAL_SIZE];
	int n;

	n = snprintf(path, sizeof(path), "%s/%s%s%s", dir, stem,
	    *end == '.' ? "" : "/", end);
	if (n < 0 || (size_t)n >= sizeof(path) || top_of(dir, top) != 0)
		return -1;
	return open_beneath(top, path);
}

const char *
key_file_wrong(int fd)
{
	struct fs_stat st;

	return fs_fstat(fd, &st) != 0 ? strerror(errno) :
	    conf_key_mode_wrong(st.mode);
}

static void
send_file(struct proc *p, const char *stem, bool is_key, int fd)
{
	struct super_pair msg = { .key = is_key };

	span_copy_cut(span_str(stem), msg.stem, sizeof(msg.stem));
	proc_tell(p, &super_pair_type, &msg, fd);
}

static bool
send_form(struct proc *p, const char *dir, const char *stem, size_t i)
{
	int cert = open_form(dir, stem, forms[i].cert), key = -1;
	bool there = cert >= 0;
	const char *wrong = NULL;

	if (there && (key = open_form(dir, stem, forms[i].key)) < 0)
		wrong = strerror(errno);
	else if (there)
		wrong = key_file_wrong(key);
	if (wrong != NULL) {
		log_error(LF_STR("event", "no-key-file"),
		    LF_STR("name", stem), LF_STR("why", wrong));
		there = false;
	} else if (!there && errno != ENOENT && errno != ENOTDIR) {
		log_error(LF_STR("event", "no-file"), LF_STR("path", stem),
		    LF_STR("daemon", role_name(p->slot->row->role)),
		    LF_STR("why", strerror(errno)));
	}
	if (there) {
		send_file(p, stem, false, cert);
		send_file(p, stem, true, key);
	}
	fd_close(&cert);
	fd_close(&key);
	return there;
}

void
files_send_pair(struct master *m, struct proc *p, const char *stem)
{
	const char *dir = conf_str(m->conf, "certificate_dir");
	struct super_no_pair none = { { 0 } };

	for (size_t i = 0; i < COUNT(forms) && *dir != '\0' && stem_ok(stem);
	    i++)
		if (send_form(p, dir, stem, i))
			return;
	span_copy_cut(span_str(stem), none.stem, sizeof(none.stem));
	proc_tell(p, &super_no_pair_type, &none, -1);
}

int
pairs_check(const struct conf_view *v, struct buf *errors)
{
	const char *path = conf_str(v, "certificate_dir");
	int dir;

	if (*path == '\0')
		return 0;
	dir = fs_open_top(path);
	if (dir < 0) {
		buf_addf(errors, "certificate_dir: %s: %s\n", path,
		    strerror(errno));
		return -1;
	}
	fd_close(&dir);
	return 0;
}
