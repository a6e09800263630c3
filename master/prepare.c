/*
 * prepare - everything that can be wrong before the first daemon starts is
 * looked at here, all of it, so that a mistake never starts half a server:
 * users, programs, directories, ids of mailbox owners, a second master.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/value.h"
#include "master/master.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/user.h"

/* Ids that `system_users = yes` makes mailbox owners. */
#define SYSTEM_FIRST	1000
#define SYSTEM_LAST	59999

static int
compare_ranges(const void *a, const void *b)
{
	const struct id_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Sorted, overlapping or touching ones joined: as the kernel wants maps. */
static size_t
merge(struct id_range *r, size_t n)
{
	size_t out = 0;

	qsort(r, n, sizeof(r[0]), compare_ranges);
	for (size_t i = 1; i < n; i++) {
		uint32_t end = r[out].first + r[out].count;

		if (r[i].first > end)
			r[++out] = r[i];
		else if (r[i].first + r[i].count > end)
			r[out].count = r[i].first + r[i].count - r[out].first;
	}
	return n == 0 ? 0 : out + 1;
}

/* uids or gids of all mailbox owners; 0: more than a namespace takes. */
static size_t
owner_ranges(const struct conf_view *v, bool groups, struct id_range *out)
{
	struct id_range all[RANGES_MAX + 2];
	size_t n = 0;
	struct user u;
	uint32_t first, last;

	if (*conf_str(v, "mailbox_user") != '\0' &&
	    user_by_name(conf_str(v, "mailbox_user"), &u) == 0)
		all[n++] = (struct id_range){ groups ? u.gid : u.uid, 1 };
	if (conf_bool(v, "system_users"))
		all[n++] = (struct id_range){ SYSTEM_FIRST,
		    SYSTEM_LAST - SYSTEM_FIRST + 1 };
	for (size_t i = 0; i < conf_count(v, "mailbox_uids"); i++)
		if (n < COUNT(all) && conf_parse_range(conf_item(v,
		    "mailbox_uids", i), &first, &last) == 0)
			all[n++] = (struct id_range){ first, last - first + 1 };
	n = merge(all, n);
	/* One row of the map is the daemon's own id. */
	if (n > RANGES_MAX - 1)
		return 0;
	memcpy(out, all, n * sizeof(all[0]));
	return n;
}

static void
set_ranges(const struct conf_view *v, struct slot *s, struct buf *errors)
{
	struct user u;

	s->nuids = s->ngids = 0;
	if (s->row->owners == OWNERS_PIPE &&
	    user_by_name(conf_str(v, "pipe_user"), &u) == 0) {
		s->uids[s->nuids++] = (struct id_range){ u.uid, 1 };
		s->gids[s->ngids++] = (struct id_range){ u.gid, 1 };
	} else if (s->row->owners == OWNERS_MAILBOX) {
		s->nuids = owner_ranges(v, false, s->uids);
		s->ngids = owner_ranges(v, true, s->gids);
		if (s->nuids == 0 || s->ngids == 0)
			buf_addf(errors, "no mailbox_user, or more than %d "
			    "ranges of ids\n", RANGES_MAX - 1);
	}
}

static bool
in_ranges(const struct id_range *r, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id - r[i].first < r[i].count)
			return true;
	return false;
}

/* No daemon's id may be one that a parent of mailbox owners can take. */
static void
check_apart(const struct slot *slots, const struct slot *s, struct buf *errors)
{
	for (size_t i = 0; i < topology_rows_n; i++) {
		const struct slot *o = &slots[i];

		if (o->wanted && (in_ranges(s->uids, s->nuids, o->uid) ||
		    in_ranges(s->gids, s->ngids, o->gid)))
			buf_addf(errors, "the ids of %s are among those of "
			    "mailbox owners\n", o->row->user);
	}
}

static void
check_program(const struct master *m, const struct topology_row *row,
    struct buf *errors)
{
	struct fs_stat st;
	int dir = fs_open_top(m->libexec);

	if (dir < 0 || fs_stat(dir, row->program, &st) != 0 ||
	    st.kind != FS_FILE || (st.mode & 0100) == 0)
		buf_addf(errors, "%s/%s: not there or not a program\n",
		    m->libexec, row->program);
	fd_close(&dir);
}

int
prepare_slots(struct master *m, const struct conf_view *v, struct slot *slots,
    struct buf *errors)
{
	struct user u;
	size_t before = errors->n;

	for (size_t i = 0; i < topology_rows_n; i++) {
		struct slot *s = &slots[i];

		s->master = m;
		s->row = &topology_rows[i];
		s->wanted = topology_wanted(s->row, v);
		if (!s->wanted)
			continue;
		check_program(m, s->row, errors);
		s->uid = user_self();
		s->gid = group_self();
		if (!m->root)
			continue;
		if (user_by_name(s->row->user, &u) != 0 || u.uid == 0) {
			buf_addf(errors, "no such user: %s (%s)\n",
			    s->row->user, role_name(s->row->role));
			continue;
		}
		s->uid = u.uid;
		s->gid = u.gid;
		set_ranges(v, s, errors);
	}
	for (size_t i = 0; i < topology_rows_n && m->root; i++)
		if (slots[i].wanted)
			check_apart(slots, &slots[i], errors);
	return errors->n == before ? 0 : -1;
}

struct place {
	const char *path;
	uint32_t    mode, uid, gid;
};

/* Open it, made if it is missing but its parent is there. */
static int
open_place(const char *path)
{
	char parent[PATH_SIZE], *slash;
	int dir, fd = fs_open_top(path);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (span_copy(span_str(path), parent, sizeof(parent)) != 0)
		return -1;
	slash = strrchr(parent, '/');
	if (slash == NULL || slash[1] == '\0')
		return -1;
	*slash = '\0';
	dir = fs_open_top(parent[0] != '\0' ? parent : "/");
	/* The queue's name has to be as durable as what will be in it. */
	if (dir >= 0 && fs_mkdir(dir, slash + 1) == 0 &&
	    fs_dirsync(dir) == 0)
		fd = fs_open_top(path);
	fd_close(&dir);
	return fd;
}

static int
prepare_place(const struct place *p, struct buf *errors)
{
	struct fs_stat st;
	int fd = open_place(p->path), rc = -1;

	if (fd < 0 || fs_fstat(fd, &st) != 0) {
		buf_addf(errors, "%s: %s\n", p->path, strerror(errno));
	} else if ((st.uid != p->uid || st.gid != p->gid) &&
	    fs_chown(fd, p->uid, p->gid) != 0) {
		buf_addf(errors, "%s: belongs to %u, not to %u\n", p->path,
		    st.uid, p->uid);
	} else if (st.mode != p->mode && fs_chmod(fd, p->mode) != 0) {
		buf_addf(errors, "%s: mode is not %o\n", p->path, p->mode);
	} else {
		rc = 0;
	}
	fd_close(&fd);
	return rc;
}

static int
found_name(const char *name, enum fs_kind kind, void *ctx)
{
	(void)name;
	(void)kind;
	(void)ctx;
	return 1;
}

static int
check_empty(const char *path, struct buf *errors)
{
	int fd = fs_open_top(path), rc;

	rc = fd < 0 ? -1 : fs_list(fd, found_name, NULL);
	fd_close(&fd);
	if (rc != 0)
		buf_addf(errors, "%s: empty_dir is not empty\n", path);
	return rc;
}

int
prepare_places(struct master *m, struct buf *errors)
{
	const struct slot *q = slot_of(m, ROLE_QMGR),
	    *auth = slot_of(m, ROLE_AUTHD);
	const char *empty = conf_str(m->conf, "empty_dir");
	const struct place run = { conf_str(m->conf, "run_dir"), 0755,
		user_self(), group_self() };
	const struct place queue = { conf_str(m->conf, "queue_dir"), 0700,
		q->uid, q->gid };
	const struct place logins = { conf_str(m->conf, "auth_dir"), 0700,
		auth->uid, auth->gid };
	const struct place jail = { empty, 0755, 0, 0 };
	int rc;

	rc = prepare_place(&run, errors);
	rc |= prepare_place(&queue, errors);
	if (logins.path[0] != '\0')
		rc |= prepare_place(&logins, errors);
	if (m->root) {
		rc |= prepare_place(&jail, errors);
		rc |= check_empty(empty, errors);
	}
	return rc;
}

int
prepare_lock(struct master *m, struct buf *errors)
{
	const char *run = conf_str(m->conf, "run_dir");
	char pid[24];
	int dir = fs_open_top(run), n;

	m->lock = dir < 0 ? -1 : fs_open_append(dir, "master.pid");
	fd_close(&dir);
	if (m->lock < 0 || fs_lock_try(m->lock) != 0) {
		buf_addf(errors, m->lock < 0 ? "%s/master.pid: cannot be "
		    "opened\n" : "%s/master.pid is locked: paquebot runs "
		    "already\n", run);
		return -1;
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)spawn_self());
	if (fs_truncate(m->lock, 0) == 0 &&
	    fd_write_all(m->lock, pid, (size_t)n) == 0)
		return 0;
	buf_addf(errors, "%s/master.pid: %s\n", run, strerror(errno));
	return -1;
}
