/*
 * folders - see folders.h: which there are.  Changing them: folders_change.c.
 * One pass over the root directory and one over the subscriptions; sorted so
 * that what is below a folder stands right behind it.
 */
#include "store/folders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/layout.h"
#include "store/subscriptions.h"

bool
folder_exists(int root, const char *name)
{
	struct layout_place p;
	struct fs_stat st;
	bool is;
	int dir;

	if (folder_is_inbox(name))
		return true;
	if (layout_place(root, name, false, &p) != 0)
		return false;
	is = fs_stat(p.dir, p.last, &st) == 0 && st.kind == FS_DIR;
	if (is && layout_is_fs()) {	/* else others are below it, perhaps */
		dir = fs_open_dir(p.dir, p.last);
		is = dir >= 0 && fs_stat(dir, "cur", &st) == 0 &&
		    st.kind == FS_DIR;
		fd_close(&dir);
	}
	fd_close(&p.dir);
	return is;
}

static void
add(struct folders *fs, const char *name, bool exists, bool subscribed)
{
	if (fs->n == fs->size) {
		fs->size = fs->size == 0 ? 32 : fs->size * 2;
		fs->v = xreallocarray(fs->v, fs->size, sizeof(fs->v[0]));
	}
	fs->v[fs->n++] = (struct folders_entry){ .name = xstrdup(name),
	    .exists = exists, .subscribed = subscribed };
}

static int
on_entry(const char *name, enum fs_kind kind, void *ctx)
{
	struct folders *fs = ctx;
	char canonical[FOLDER_NAME_SIZE], path[LAYOUT_PATH_SIZE];

	/* What no client could name is not there for them. */
	if (kind != FS_DIR || name[0] != '.' ||
	    layout_name(span_str(name + 1), FOLDER_SEPARATOR, canonical) != 0 ||
	    layout_path(canonical, path) != 0 || strcmp(path, name) != 0 ||
	    folder_is_inbox(canonical))
		return 0;
	if (fs->n == FOLDERS_MAX) {
		errno = EMFILE;
		return -1;
	}
	add(fs, canonical, true, false);
	return 0;
}

static int
on_directory(const char *name, int dir, bool exists, void *ctx)
{
	struct folders *fs = ctx;

	(void)dir;
	if (fs->n == FOLDERS_MAX) {
		errno = EMFILE;
		return -1;
	}
	add(fs, name, exists, false);
	return 0;
}

static int
list_all(int root, struct folders *fs)
{
	return layout_is_fs() ? layout_walk(root, on_directory, fs) :
	    fs_list(root, on_entry, fs);
}

static int
rank(const char *name)
{
	return folder_is_inbox(name) ? 0 : folder_is_below(name, "INBOX") ?
	    1 : 2;
}

/* A separator before all other octets: children stand right behind parents. */
static int
by_name(const void *a, const void *b)
{
	const char *x = ((const struct folders_entry *)a)->name;
	const char *y = ((const struct folders_entry *)b)->name;
	int p, q;

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	while (*x != '\0' && *x == *y) {
		x++;
		y++;
	}
	p = *x == FOLDER_SEPARATOR ? 1 : (unsigned char)*x;
	q = *y == FOLDER_SEPARATOR ? 1 : (unsigned char)*y;
	return p - q;
}

/* Sorted, and of each name one entry that has all that was said of it. */
static void
sort_and_join(struct folders *fs)
{
	size_t n = 0;

	qsort(fs->v, fs->n, sizeof(fs->v[0]), by_name);
	for (size_t i = 0; i < fs->n; i++) {
		struct folders_entry *e = &fs->v[i];

		if (n > 0 && strcmp(fs->v[n - 1].name, e->name) == 0) {
			fs->v[n - 1].exists |= e->exists;
			fs->v[n - 1].subscribed |= e->subscribed;
			fs->v[n - 1].children |= e->children;
			free(e->name);
		} else
			fs->v[n++] = *e;
	}
	fs->n = n;
}

/* "a" for an "a.b" without one; only of existing folders. */
static void
add_parents(struct folders *fs)
{
	char name[FOLDER_NAME_SIZE];
	size_t had = fs->n;

	for (size_t i = 0; i < had; i++) {
		if (!fs->v[i].exists)
			continue;
		(void)snprintf(name, sizeof(name), "%s", fs->v[i].name);
		for (char *p = name; *p != '\0'; p++)
			if (*p == FOLDER_SEPARATOR) {
				*p = '\0';
				/* The one before us in order has it often. */
				if (i == 0 || !folder_is_below(
				    fs->v[i - 1].name, name))
					add(fs, name, false, false);
				*p = FOLDER_SEPARATOR;
			}
	}
	sort_and_join(fs);
}

static void
mark_children(struct folders *fs)
{
	for (size_t i = 0; i + 1 < fs->n; i++)
		/* Whatever is below stands right behind. */
		fs->v[i].children = folder_is_below(fs->v[i + 1].name,
		    fs->v[i].name);
}

struct subscribed {
	struct folders *fs;
	struct folders more;	/* names without a folder */
	bool	want_more;
};

static void
on_subscribed(const char *name, void *ctx)
{
	struct subscribed *s = ctx;
	struct folders_entry key = { .name = NULL }, *e;

	key.name = xstrdup(name);
	e = bsearch(&key, s->fs->v, s->fs->n, sizeof(s->fs->v[0]), by_name);
	free(key.name);
	if (e != NULL)
		e->subscribed = true;
	else if (s->want_more && s->more.n < FOLDERS_MAX)
		add(&s->more, name, false, true);
}

static void
add_subscribed(struct folders *fs, struct span text, bool want_more)
{
	struct subscribed s = { .fs = fs, .want_more = want_more };

	subscriptions_each(text, on_subscribed, &s);
	for (size_t i = 0; i < s.more.n; i++)
		add(fs, s.more.v[i].name, false, true);
	folders_fini(&s.more);
	sort_and_join(fs);
}

int
folders_list(int root, bool subscribed, struct folders *out, struct why *why)
{
	struct buf text;
	int rc;

	*out = (struct folders){ .v = NULL };
	buf_init(&text, SUBSCRIPTIONS_FILE_MAX);
	rc = subscriptions_read(root, &text, why);
	add(out, "INBOX", true, false);
	if (rc == 0 && (rc = list_all(root, out)) != 0)
		why_sys(why, WHY_TEMP, "4.3.0", "cannot list the folders");
	if (rc == 0) {
		sort_and_join(out);
		add_parents(out);
		mark_children(out);
		add_subscribed(out, buf_span(&text), subscribed);
	} else
		folders_fini(out);
	buf_fini(&text);
	return rc;
}

void
folders_fini(struct folders *fs)
{
	for (size_t i = 0; i < fs->n; i++)
		free(fs->v[i].name);
	free(fs->v);
	*fs = (struct folders){ .v = NULL };
}

const struct folders_entry *
folders_find(const struct folders *fs, const char *name)
{
	struct folders_entry key = { .name = NULL };
	const struct folders_entry *e;

	key.name = xstrdup(name);
	e = bsearch(&key, fs->v, fs->n, sizeof(fs->v[0]), by_name);
	free(key.name);
	return e;
}
