/*
 * kept - see kept.h: keeping, and throwing away.
 * An expunge renames in place of unlinking, which costs the same.  What there is
 * too much of is found by one pass over the names, which adds up the octets of
 * each hour, and a second one that removes what is older than the hour in which
 * the limit was reached: no table of files is made.
 */
#include "store/kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/maildir.h"

#define SWEPT		".swept"	/* its time: of the last sweep; no folder */
#define SWEEP_S		3600
#define HOUR_S		3600
#define HOURS_MAX	(KEPT_DAYS_MAX * 24 + 1)
#define SAME_ID_MAX	10
#define BASE_MOST	128	/* of a base, where not all of it fits */
#define FILES_MAX	((size_t)8000000)

/* A name of KEPT_DIR, taken apart. */
static bool
parse_file(struct span file, struct kept_item *out)
{
	size_t comma = span_chr(file, ','), dot = span_chr(file, '.');
	uint64_t at_s;

	if (comma == file.n || dot >= comma ||
	    num_parse(span_head(file, dot), 0, INT64_MAX, &at_s) != 0)
		return false;
	out->gone_s = (int64_t)at_s;
	out->id = span_head(file, comma);
	out->name = span_from(file, comma + 1);
	return true;
}

static int
open_all(int root)
{
	return fs_open_dir(root, KEPT_DIR);
}

int
kept_open(int root, const char *folder)
{
	int all = open_all(root), dir = -1;

	if (all < 0)
		return -1;
	if (fs_mkdir(all, folder) == 0 || errno == EEXIST)
		dir = fs_open_dir(all, folder);
	fd_close(&all);
	return dir;
}

/* Where the name would be too long with it, the base is cut; never its flags. */
static int
kept_name(char out[MAILDIR_NAME_SIZE], int64_t at_s, uint32_t number,
    const char *name)
{
	size_t base = strcspn(name, ":");
	int n = snprintf(out, MAILDIR_NAME_SIZE, "%lld.%u,%s",
	    (long long)at_s, number, name);

	if (n >= MAILDIR_NAME_SIZE) {
		/* Without its fields: half a size would be another one. */
		size_t most = num_min(span_chr(span_str(name), ','), base);

		n = snprintf(out, MAILDIR_NAME_SIZE, "%lld.%u,%.*s%s",
		    (long long)at_s, number, (int)num_min(most, BASE_MOST),
		    name, name + base);
	}
	return n < 0 || n >= MAILDIR_NAME_SIZE ? -1 : 0;
}

int
kept_take(int kept, int dir, const char *name, uint32_t number)
{
	char file[MAILDIR_NAME_SIZE];
	int64_t now_s = clock_wall_s();

	for (int i = 0; i < SAME_ID_MAX; i++) {
		errno = ENAMETOOLONG;
		if (kept_name(file, now_s + i, number, name) != 0)
			return -1;
		if (fs_rename_new(dir, name, kept, file) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

struct taking {
	int	 kept, dir;
	uint32_t n;
};

static int
take_file(const char *name, enum fs_kind kind, void *ctx)
{
	struct taking *t = ctx;

	/* What cannot be kept is removed with the folder. */
	if (kind == FS_FILE && name[0] != '.')
		(void)!kept_take(t->kept, t->dir, name, ++t->n);
	return 0;
}

void
kept_take_folder(int root, const char *folder, int dir)
{
	static const char *const parts[] = { "cur", "new" };
	struct taking t = { .kept = kept_open(root, folder) };

	for (size_t i = 0; t.kept >= 0 && i < COUNT(parts); i++) {
		t.dir = fs_open_dir(dir, parts[i]);
		if (t.dir >= 0 && fs_list(t.dir, take_file, &t) != 0)
			t.n++;		/* the rest goes */
		fd_close(&t.dir);
	}
	if (t.kept >= 0 && fs_dirsync(t.kept) != 0)
		t.n++;			/* a stop now may lose them */
	fd_close(&t.kept);
}

/* A walk through all that is kept. */
struct walk {
	const struct kept_choice *choice;
	struct kept_item item;
	int	(*each)(const struct kept_item *item, void *ctx);
	void	*ctx;
	int	 all;
};

static int
on_file(const char *name, enum fs_kind kind, void *ctx)
{
	struct walk *w = ctx;
	const struct kept_choice *c = w->choice;

	if (kind != FS_FILE || !parse_file(span_str(name), &w->item))
		return 0;
	if (w->item.gone_s < c->since_s ||
	    (c->id.p != NULL && !span_eq(c->id, w->item.id)))
		return 0;
	w->item.file = name;
	return w->each(&w->item, w->ctx);
}

static int
on_folder(const char *name, enum fs_kind kind, void *ctx)
{
	struct walk *w = ctx;
	struct why why;
	int rc;

	if (kind != FS_DIR || folder_name(span_str(name), w->item.folder,
	    &why) != 0 || (w->choice->folder != NULL &&
	    strcmp(w->choice->folder, w->item.folder) != 0))
		return 0;
	w->item.dir = fs_open_dir(w->all, name);
	if (w->item.dir < 0)
		return 0;
	rc = fs_list(w->item.dir, on_file, w);
	fd_close(&w->item.dir);
	return rc;
}

int
kept_each(int root, const struct kept_choice *c,
    int (*each)(const struct kept_item *item, void *ctx), void *ctx,
    struct why *why)
{
	struct walk w = { .choice = c, .each = each, .ctx = ctx,
	    .all = open_all(root) };
	int rc;

	if (w.all < 0 && errno == ENOENT)
		return 0;
	rc = w.all < 0 ? -1 : fs_list(w.all, on_folder, &w);
	if (rc < 0)
		why_sys(why, WHY_TEMP, "4.3.0", "cannot list " KEPT_DIR);
	fd_close(&w.all);
	return rc;
}

struct sweep {
	int64_t	  now_s, oldest_s;
	uint64_t *octets;	/* of each hour, counted back from now */
};

static uint64_t
octets_of(const struct kept_item *item)
{
	struct maildir_name parts;
	struct fs_stat st;

	if (maildir_name_parse(item->name, &parts) && parts.has_size)
		return parts.size_octets;
	return fs_stat(item->dir, item->file, &st) == 0 ? st.size_octets : 0;
}

static int
sweep_one(const struct kept_item *item, void *ctx)
{
	struct sweep *s = ctx;
	int64_t age_s = item->gone_s > s->now_s ? 0 : s->now_s - item->gone_s;

	if (item->gone_s < s->oldest_s)
		(void)fs_discard(item->dir, item->file); /* the next may */
	else if (s->octets != NULL)
		s->octets[num_min((size_t)(age_s / HOUR_S), HOURS_MAX - 1)] +=
		    octets_of(item);
	return 0;
}

static int
sweep(int root, unsigned days, uint64_t most, struct why *why)
{
	struct kept_choice any = { .folder = NULL };
	struct sweep s = { .now_s = clock_wall_s(),
	    .octets = xcalloc(HOURS_MAX, sizeof(s.octets[0])) };
	uint64_t sum = 0;
	int64_t hour;
	int rc;

	s.oldest_s = s.now_s - (int64_t)days * 24 * HOUR_S;
	rc = kept_each(root, &any, sweep_one, &s, why);
	for (hour = 0; hour < HOURS_MAX; hour++) {
		sum += s.octets[hour];
		if (most > 0 && sum > most)
			break;
	}
	free(s.octets);
	s.octets = NULL;
	if (rc != 0 || hour == HOURS_MAX)
		return rc;
	s.oldest_s = s.now_s - hour * HOUR_S + 1;
	return kept_each(root, &any, sweep_one, &s, why);
}

/* true: none for an hour, and the next one will know of this one. */
static bool
sweep_is_due(int all)
{
	int64_t now_ns = (int64_t)clock_wall_us() * 1000;
	struct fs_stat st;
	int fd;

	if (fs_stat(all, SWEPT, &st) == 0 && st.mtime_ns <= now_ns &&
	    st.mtime_ns > now_ns - SWEEP_S * INT64_C(1000000000))
		return false;
	fd = fs_open_append(all, SWEPT);
	if (fd < 0)
		return false;
	if (fs_fset_mtime(fd, now_ns) != 0)
		now_ns = 0;	/* it is swept at each log-in, then */
	fd_close(&fd);
	return true;
}

int
kept_begin(int root, unsigned days, uint64_t octets, struct why *why)
{
	struct fs_stat st;
	bool due;
	int all;

	if (days == 0 && fs_stat(root, KEPT_DIR, &st) != 0)
		return 0;
	if (days == 0 && fs_remove_tree(root, KEPT_DIR, FILES_MAX) == 0)
		return 0;
	if (days > 0 && fs_mkdir(root, KEPT_DIR) != 0 && errno != EEXIST)
		days = 0;
	all = days == 0 ? -1 : open_all(root);
	if (all < 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot use " KEPT_DIR);
		return -1;
	}
	due = sweep_is_due(all);
	fd_close(&all);
	return due ? sweep(root, days, octets, why) : 0;
}
