/*
 * bdb.c - the one module that knows Berkeley DB.
 *
 * A map is written to name.db.new, synced, closed and renamed over name.db, so
 * that a reader sees the old map or the new one and a power cut leaves one
 * of them.  Readers keep what they opened until they open again.
 */
#include "map/bdb.h"

#include <db.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "os/fd.h"
#include "os/fs.h"
#include "map/source.h"

#define NAME_SIZE	128

static DBT
dbt_of(struct span s)
{
	DBT t;

	memset(&t, 0, sizeof(t));
	t.data = (void *)(uintptr_t)s.p;
	t.size = (u_int32_t)s.n;
	return t;
}

/* ---------------------------------------------------------------- reading */

static enum map_got
bdb_get(void *state, struct span key, struct buf *value, struct why *why)
{
	DB *db = state;
	DBT k = dbt_of(key), v;
	int rc;

	memset(&v, 0, sizeof(v));
	rc = db->get(db, NULL, &k, &v, 0);
	if (rc == DB_NOTFOUND)
		return MAP_ABSENT;
	if (rc != 0) {
		why_set(why, WHY_TEMP, "4.3.0", "map: %s", db_strerror(rc));
		return MAP_FAILED;
	}
	if (buf_add(value, v.data, v.size) != 0) {
		why_set(why, WHY_TEMP, "4.3.0", "map: value too long");
		return MAP_FAILED;
	}
	return MAP_FOUND;
}

static void
bdb_close(void *state)
{
	DB *db = state;

	(void)db->close(db, 0);		/* was only read */
}

static const struct map_ops bdb_ops = { bdb_get, bdb_close };

static int
open_db(DB **db, const char *path, u_int32_t flags, int mode,
    struct why *why)
{
	int rc = db_create(db, NULL, 0);

	if (rc == 0) {
		(*db)->set_errfile(*db, NULL);
		rc = (*db)->open(*db, NULL, path, NULL, DB_HASH, flags, mode);
		if (rc != 0)
			(void)(*db)->close(*db, 0);	/* never opened */
	}
	if (rc != 0) {
		why_set(why, WHY_TEMP, "4.3.0", "%s: %s", path,
		    db_strerror(rc));
		errno = rc;
		return -1;
	}
	return 0;
}

int
map_bdb_open(struct map *m, const char *name, struct why *why)
{
	char path[NAME_SIZE];
	struct buf text;
	DB *db;
	int rc = -1;

	m->ops = NULL;
	m->state = NULL;
	buf_init(&text, sizeof(path) - 1);
	if (buf_addf(&text, "%s.db", name) != 0 ||
	    span_copy(buf_span(&text), path, sizeof(path)) != 0) {
		why_set(why, WHY_PERM, "5.3.5", "name of a map is too long");
		goto out;
	}
	if (open_db(&db, path, DB_RDONLY, 0, why) == 0) {
		m->ops = &bdb_ops;
		m->state = db;
		rc = 0;
	} else if (errno == ENOENT) {
		why_clear(why);
		rc = 0;
	}
out:
	buf_fini(&text);
	return rc;
}

/* --------------------------------------------------------------- building */

struct building {
	const struct map_build *how;
	DB    *db;
	size_t entries;
	struct buf part, key;
};

static int
add_entry(struct span key, struct span value, void *ctx, struct why *why)
{
	struct building *b = ctx;
	DBT k, v = dbt_of(value);
	int rc;

	buf_clear(&b->key);
	if (b->how->key != NULL) {
		if (b->how->key(key, &b->key) != 0) {
			why_set(why, WHY_PERM, "5.3.5", "%.*s: bad key",
			    SPAN_ARG(key));
			return -1;
		}
		key = buf_span(&b->key);
	}
	k = dbt_of(key);

	if (b->how->check != NULL &&
	    b->how->check(key, value, b->how->ctx, why) != 0)
		return -1;
	if (b->how->part != NULL) {
		buf_clear(&b->part);
		if (b->how->part(value, &b->part) != 0) {
			why_set(why, WHY_PERM, "5.3.5", "%.*s is too long",
			    SPAN_ARG(key));
			return -1;
		}
		v = dbt_of(buf_span(&b->part));
	}
	rc = b->db->put(b->db, NULL, &k, &v, DB_NOOVERWRITE);
	if (rc == DB_KEYEXIST) {
		why_set(why, WHY_PERM, "5.3.5", "%.*s stands here twice",
		    SPAN_ARG(key));
		return -1;
	}
	if (rc != 0) {
		why_set(why, WHY_TEMP, "4.3.0", "%s", db_strerror(rc));
		return -1;
	}
	b->entries++;
	return 0;
}

/* Give the finished file its owner and mode, and make it durable. */
static int
seal(const struct map_build *how, const char *path, struct why *why)
{
	struct fs_stat st;
	int fd = fs_open_rw(how->dir, path), rc = -1;

	if (fd < 0 || fs_fstat(fd, &st) != 0)
		goto out;
	if (how->gid >= 0 && fs_chown(fd, st.uid, (uint32_t)how->gid) != 0)
		goto out;
	if (fs_chmod(fd, how->mode) != 0 || fs_sync(fd) != 0)
		goto out;
	rc = 0;
out:
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.3.0", "%s", path);
	fd_close(&fd);
	return rc;
}

static int
fill(struct building *b, struct span text, const char *path, struct why *why)
{
	int rc;

	if (open_db(&b->db, path, DB_CREATE | DB_EXCL, 0600, why) != 0)
		return -1;
	rc = map_source_parse(text, add_entry, b, why);
	if (b->db->close(b->db, 0) != 0 && rc == 0) {
		why_set(why, WHY_TEMP, "4.3.0", "cannot write %s", path);
		rc = -1;
	}
	return rc;
}

int
map_bdb_build(const struct map_build *how, size_t *entries, struct why *why)
{
	struct building b = { .how = how };
	const char *source = how->source != NULL ? how->source : how->name;
	struct buf text, fresh, final;
	struct why inner;
	int rc = -1;

	why_clear(&inner);
	buf_init(&text, MAP_SOURCE_MAX);
	buf_init(&fresh, NAME_SIZE);
	buf_init(&final, NAME_SIZE);
	buf_init(&b.part, MAP_VALUE_MAX);
	buf_init(&b.key, MAP_KEY_MAX);
	if (buf_addf(&fresh, "%s.db.new", how->name) != 0 ||
	    buf_addf(&final, "%s.db", how->name) != 0) {
		why_set(&inner, WHY_PERM, "5.3.5", "name too long");
		goto out;
	}
	if (fs_slurp(how->dir, source, &text) != 0) {
		why_sys(&inner, WHY_PERM, "5.3.5", "cannot read");
		goto out;
	}
	(void)fs_discard(how->dir, buf_cstr(&fresh));	/* of a broken run */
	if (fill(&b, buf_span(&text), buf_cstr(&fresh), &inner) != 0 ||
	    seal(how, buf_cstr(&fresh), &inner) != 0)
		goto out;
	if (fs_rename(how->dir, buf_cstr(&fresh), how->dir,
	    buf_cstr(&final)) != 0 || fs_dirsync(how->dir) != 0) {
		why_sys(&inner, WHY_TEMP, "4.3.0", "cannot put in place");
		goto out;
	}
	*entries = b.entries;
	rc = 0;
out:
	if (rc != 0) {
		why_set(why, inner.kind, inner.esc, "%s: %s", source,
		    inner.text);
		(void)fs_discard(how->dir, buf_cstr(&fresh));
	}
	if (text.p != NULL)
		wipe(text.p, text.n);	/* the users' hashes */
	buf_fini(&text);
	buf_fini(&fresh);
	buf_fini(&final);
	buf_fini(&b.part);
	buf_fini(&b.key);
	return rc;
}
