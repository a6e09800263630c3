/*
 * fresh.c - looks at the inode and keeps the old map when the new one cannot be
 * opened or is gone: a broken build must not empty a table that was good, or
 * mail would come back for users who are there.  One that never could be opened
 * fails for every key, which puts mail off.
 */
#include "map/fresh.h"

#include "base/buf.h"
#include "base/log.h"
#include "map/bdb.h"
#include "os/clock.h"
#include "os/fs.h"

#define LOOK_MS		1000

static enum map_got
broken_get(void *state, struct span key, struct buf *value, struct why *why)
{
	const struct map_fresh *f = state;

	(void)key;
	(void)value;
	why_set(why, WHY_TEMP, "4.3.5", "map %s cannot be opened", f->name);
	return MAP_FAILED;
}

static void
broken_close(void *state)
{
	(void)state;
}

static const struct map_ops broken = { broken_get, broken_close };

static void
reopen(struct map_fresh *f, uint64_t inode)
{
	struct map opened;
	struct why why;

	if (map_bdb_open(&opened, f->name, &why) != 0) {
		log_error(LF_STR("event", "map-unreadable"),
		    LF_STR("map", f->name), LF_STR("why", why.text));
		if (f->map.ops == NULL)
			f->map = (struct map){ .ops = &broken, .state = f };
		return;
	}
	map_close(&f->map);
	f->map = opened;
	f->inode = inode;
}

void
map_fresh_look(struct map_fresh *f)
{
	int64_t now = clock_mono_ms();
	struct fs_stat st;
	struct buf file;

	if (now - f->looked_ms < LOOK_MS)
		return;
	f->looked_ms = now;
	buf_init(&file, 64);
	(void)buf_addf(&file, "%s.db", f->name);
	if (fs_stat(f->dir, buf_cstr(&file), &st) == 0) {
		f->gone = false;
		if (st.inode != f->inode)
			reopen(f, st.inode);
	} else if (f->map.ops != NULL && !f->gone) {
		f->gone = true;
		log_error(LF_STR("event", "map-gone"),
		    LF_STR("map", f->name));
	}
	buf_fini(&file);
}

void
map_fresh_init(struct map_fresh *f, int dir, const char *name)
{
	*f = (struct map_fresh){ .dir = dir, .name = name,
		.looked_ms = clock_mono_ms() - LOOK_MS };
	map_fresh_look(f);
}

void
map_fresh_fini(struct map_fresh *f)
{
	map_close(&f->map);
	f->inode = 0;
}
