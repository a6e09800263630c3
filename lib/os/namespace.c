/*
 * namespace - see namespace.h.  The daemon, still root, leaves by unshare(2);
 * its maps are empty then and it is nobody until master has written them
 * (user_namespaces(7)).  The maps name only its own id and the mailbox ranges:
 * other ids do not exist inside, so no call can name them.  Whether the kernel
 * took a map as it was meant is read back.
 */
#include "os/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "os/fd.h"
#include "os/fs.h"

#define RANGES_MAX	16
#define MAP_TEXT_MAX	4096

#ifdef __linux__

int
namespace_leave(struct why *why)
{
	if (unshare(CLONE_NEWUSER) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.5", "no user namespace");
	return -1;
}

static bool
ranges_ok(const struct id_range *r, size_t n)
{
	if (n == 0 || n > RANGES_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (r[i].first == 0 || r[i].count == 0 ||
		    r[i].count > UINT32_MAX - r[i].first)
			return false;
		for (size_t j = 0; j < i; j++)
			if (r[i].first < r[j].first + r[j].count &&
			    r[j].first < r[i].first + r[i].count)
				return false;
	}
	return true;
}

/* The kernel wants the whole map in one write. */
static int
map_write(int proc, const char *name, const struct id_range *r, size_t n)
{
	struct buf text;
	int fd, rc = -1;

	buf_init(&text, MAP_TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		(void)buf_addf(&text, "%u %u %u\n", r[i].first, r[i].first,
		    r[i].count);
	fd = openat(proc, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && !text.full &&
	    fd_write(fd, text.p, text.n) == (ssize_t)text.n)
		rc = 0;
	fd_close(&fd);
	buf_fini(&text);
	return rc;
}

/* "inside outside count", any number of spaces. */
static bool
line_is(struct span line, const struct id_range *r)
{
	uint64_t v[3];

	for (size_t i = 0; i < 3; i++)
		if (num_parse(span_word(&line), 0, UINT32_MAX, &v[i]) != 0)
			return false;
	return span_trim(line).n == 0 && v[0] == r->first &&
	    v[1] == r->first && v[2] == r->count;
}

/* Every range of ours, and no other; the kernel may have sorted them. */
static int
map_check(int proc, const char *name, const struct id_range *r, size_t n)
{
	struct buf text;
	struct span rest, line;
	size_t lines = 0, found = 0;

	buf_init(&text, MAP_TEXT_MAX);
	if (fs_slurp(proc, name, &text) != 0) {
		buf_fini(&text);
		return -1;
	}
	rest = buf_span(&text);
	while (rest.p != NULL) {
		line = span_cut(&rest, '\n');
		if (line.n == 0)
			continue;
		lines++;
		for (size_t i = 0; i < n; i++)
			if (line_is(line, &r[i]))
				found++;
	}
	buf_fini(&text);
	errno = EPROTO;
	return lines == n && found == n ? 0 : -1;
}

static int
map(int proc, const char *name, const struct id_range *r, size_t n,
    struct why *why)
{
	if (map_write(proc, name, r, n) == 0 &&
	    map_check(proc, name, r, n) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.5", "cannot set %s", name);
	return -1;
}

int
namespace_map(pid_t pid, const struct id_range *uids, size_t nuids,
    const struct id_range *gids, size_t ngids, struct why *why)
{
	char path[32];
	int proc, rc = -1;

	if (!ranges_ok(uids, nuids) || !ranges_ok(gids, ngids)) {
		why_set(why, WHY_PERM, "5.3.5", "unusable ranges of ids");
		return -1;
	}
	(void)snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	proc = fs_open_top(path);
	if (proc < 0)
		why_sys(why, WHY_TEMP, "4.3.5", "no %s", path);
	else if (map(proc, "uid_map", uids, nuids, why) == 0 &&
	    map(proc, "gid_map", gids, ngids, why) == 0)
		rc = 0;
	fd_close(&proc);
	return rc;
}

#else /* !__linux__ */

int
namespace_leave(struct why *why)
{
	why_set(why, WHY_PERM, "5.3.5", "this system has no user namespaces");
	return -1;
}

int
namespace_map(pid_t pid, const struct id_range *uids, size_t nuids,
    const struct id_range *gids, size_t ngids, struct why *why)
{
	(void)pid;
	(void)uids;
	(void)nuids;
	(void)gids;
	(void)ngids;
	return namespace_leave(why);
}

#endif
