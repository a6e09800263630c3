/*
 * uidvalidity - see uidvalidity.h.
 * The file with the number in its name is what counts: rename(2) of
 * NAME.<n> to NAME.<n+1> works for one program only.  The number in the plain
 * file saves a look through the directory and may lag behind.
 *
 * The first number of a root is the time of day.  Where these files are lost,
 * and the clock was set back, that could be a number given before: so it is
 * above all that uidlists say, and above the times at which messages came, too,
 * since a number was not given after the messages that it was given for.
 */
#include "store/uidvalidity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/span.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/layout.h"
#include "store/uidlist.h"

#define TRIES		20
#define TIME_MAX_S	INT64_C(4102444800)	/* 2100: later is no time */
#define NS_PER_S	INT64_C(1000000000)
#define PREFIX		UIDVALIDITY_NAME "."
#define NAME_SIZE	(sizeof(PREFIX) + 8)

static void
name_of(char out[NAME_SIZE], uint32_t value)
{
	(void)snprintf(out, NAME_SIZE, PREFIX "%08x", value);	/* fits */
}

static bool
parse_hex(struct span s, uint32_t *out)
{
	uint64_t v;

	if (s.n != 8 || num_parse_hex(s, UINT32_MAX - 1, &v) != 0 || v == 0)
		return false;
	*out = (uint32_t)v;
	return true;
}

static int
note_value(const char *name, enum fs_kind kind, void *ctx)
{
	uint32_t *most = ctx, value;
	struct span s = span_str(name);

	if (kind == FS_FILE && span_starts(s, SPAN_LIT(PREFIX)) &&
	    parse_hex(span_from(s, sizeof(PREFIX) - 1), &value) &&
	    value > *most)
		*most = value;
	return 0;
}

/* The last number given; 0: none yet. */
static int
last_value(int root, uint32_t *out)
{
	char name[NAME_SIZE];
	struct fs_stat st;
	struct buf text;
	int rc;

	*out = 0;
	buf_init(&text, 64);
	if (fs_slurp(root, UIDVALIDITY_NAME, &text) == 0 &&
	    parse_hex(span_trim_ws(buf_span(&text)), out))
		name_of(name, *out);
	else
		*out = 0;
	buf_fini(&text);
	if (*out != 0 && fs_stat(root, name, &st) == 0)
		return 0;
	rc = fs_list(root, note_value, out);
	return rc;
}

struct given {
	int	 root;
	uint32_t most;
};

static void
note_time(struct given *g, int dir, const char *name)
{
	struct fs_stat st;
	int64_t at_s;

	if (fs_stat(dir, name, &st) != 0 || st.kind != FS_DIR)
		return;
	at_s = st.mtime_ns / NS_PER_S;
	if (at_s > (int64_t)g->most && at_s < TIME_MAX_S)
		g->most = (uint32_t)at_s;
}

static bool
no_record(const struct uidlist_record *r, void *ctx)
{
	(void)r;
	(void)ctx;
	return false;
}

static void
note_list(struct given *g, int dir)
{
	char text[UIDLIST_LINE_MAX];
	struct uidlist_header h;
	int fd = fs_open_read(dir, UIDLIST_NAME);
	ssize_t n = fd < 0 ? -1 : fd_read(fd, text, sizeof(text));
	struct span s = n < 0 ? SPAN_NONE : span_of(text, (size_t)n);

	fd_close(&fd);
	s = span_head(s, span_chr(s, '\n'));
	/* What is damaged has no number, which is what counts here. */
	if (s.n > 0 && (uidlist_parse(s, &h, no_record, NULL) ||
	    h.uidvalidity != 0) && h.uidvalidity > g->most)
		g->most = h.uidvalidity;
}

static void
note_folder(struct given *g, int dir)
{
	note_time(g, dir, "cur");
	note_time(g, dir, "new");
	note_list(g, dir);
}

static int
on_entry(const char *name, enum fs_kind kind, void *ctx)
{
	struct given *g = ctx;
	int dir;

	if (kind != FS_DIR || name[0] != '.')
		return 0;
	dir = fs_open_dir(g->root, name);
	if (dir >= 0)
		note_folder(g, dir);
	fd_close(&dir);
	return 0;
}

/* The layout fs: folders are in each other. */
static int
on_folder(const char *name, int dir, bool exists, void *ctx)
{
	(void)name;
	if (exists)
		note_folder(ctx, dir);
	return 0;
}

/*
 * The first number of all, as far as anybody can know: what cannot be read says
 * nothing.  Folders of Maildir++ count in each layout: it may have been another.
 */
static uint32_t
first_value(int root)
{
	struct given g = { .root = root };
	uint32_t now = (uint32_t)clock_wall_s();

	note_folder(&g, root);
	(void)!fs_list(root, on_entry, &g);
	if (layout_is_fs())
		(void)!layout_walk(root, on_folder, &g);
	return g.most >= now ? g.most + 1 : now;
}

/* Make `value` ours; false: somebody else was quicker, or why. */
static bool
claim(int root, uint32_t from, uint32_t value)
{
	char old[NAME_SIZE], new[NAME_SIZE];
	int fd;

	name_of(old, from);
	name_of(new, value);
	if (from != 0 && fs_rename_new(root, old, root, new) == 0)
		return true;
	/* The first number of all, or the file with the last one is lost. */
	if (from != 0 && errno != ENOENT)
		return false;
	fd = fs_create(root, new);
	if (fd < 0)
		return false;
	fd_close(&fd);
	return true;
}

uint32_t
uidvalidity_next(int root, struct why *why)
{
	uint32_t last, value;
	char text[16];

	errno = EAGAIN;
	for (int i = 0; i < TRIES; i++) {
		if (last_value(root, &last) != 0)
			break;
		value = last == 0 ? first_value(root) : last + 1;
		if (last >= UINT32_MAX - 1)
			break;
		if (!claim(root, last, value))
			continue;
		(void)snprintf(text, sizeof(text), "%08x", value);
		if (fs_replace(root, UIDVALIDITY_NAME, span_str(text),
		    0600) != 0)	/* syncs the directory, too */
			break;
		return value;
	}
	why_sys(why, WHY_TEMP, "4.3.0", "cannot take a new UIDVALIDITY");
	return 0;
}
