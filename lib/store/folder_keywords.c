/*
 * folder_keywords - the table of keyword names of an open folder.
 * Read whenever the file's stamp is another; changed under the uidlist's lock
 * (Dovecot's rule), by way of dovecot-keywords.lock, which is a temporary file
 * and no lock.  Dovecot looks at whole seconds of the file's time only: every
 * change makes it later by one at least.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define TMP_NAME	KEYWORDS_NAME ".lock"
#define NS_PER_S	INT64_C(1000000000)

static bool
same_names(const struct keywords *a, const struct keywords *b)
{
	for (size_t i = 0; i < KEYWORDS_MAX; i++) {
		if ((a->name[i] == NULL) != (b->name[i] == NULL))
			return false;
		if (a->name[i] != NULL && strcmp(a->name[i], b->name[i]) != 0)
			return false;
	}
	return true;
}

static void
take_text(struct folder *f, struct span text)
{
	struct keywords fresh;

	keywords_init(&fresh);
	keywords_parse(&fresh, text);
	if (!same_names(&fresh, &f->keywords))
		f->pending.keywords = true;
	keywords_fini(&f->keywords);
	f->keywords = fresh;
}

int
folder_keywords_read(struct folder *f, struct why *why)
{
	struct fs_stat st;
	struct stamp now = { .inode = 0 };
	struct buf text;
	int rc = 0;

	if (fs_stat(f->dir, KEYWORDS_NAME, &st) == 0)
		now = (struct stamp){ .inode = st.inode,
		    .mtime_ns = st.mtime_ns, .size_octets = st.size_octets };
	else if (errno != ENOENT) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot look at "
		    KEYWORDS_NAME);
		return -1;
	}
	if (now.inode == f->keywords_at.inode &&
	    now.mtime_ns == f->keywords_at.mtime_ns &&
	    now.size_octets == f->keywords_at.size_octets)
		return 0;
	buf_init(&text, KEYWORDS_FILE_MAX);
	if (now.inode != 0 && fs_slurp(f->dir, KEYWORDS_NAME, &text) != 0 &&
	    errno != ENOENT) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot read " KEYWORDS_NAME);
		rc = -1;
	} else {
		take_text(f, buf_span(&text));
		f->keywords_at = now;
	}
	buf_fini(&text);
	return rc;
}

static int
write_file(struct folder *f, struct span text)
{
	struct fs_stat st;
	int64_t mtime = (int64_t)clock_wall_us() * 1000;
	uint32_t mode = 0600;
	int fd, rc = -1;

	if (fs_stat(f->dir, KEYWORDS_NAME, &st) == 0) {
		mode = st.mode;
		if (st.mtime_ns / NS_PER_S >= mtime / NS_PER_S)
			mtime = st.mtime_ns + NS_PER_S;
	}
	(void)fs_discard(f->dir, TMP_NAME);	/* fs_create will tell */
	fd = fs_create(f->dir, TMP_NAME);
	if (fd < 0)
		return -1;
	if (fd_write_all(fd, text.p, text.n) == 0 && fs_chmod(fd, mode) == 0 &&
	    fs_fset_mtime(fd, mtime) == 0 && fs_sync(fd) == 0 &&
	    fs_rename(f->dir, TMP_NAME, f->dir, KEYWORDS_NAME) == 0)
		rc = fs_dirsync(f->dir);
	fd_close(&fd);
	return rc;
}

/* Letters that files have, with or without a name in the table. */
static uint32_t
letters_in_use(const struct folder *f)
{
	uint32_t used = 0;

	for (size_t i = 0; i < f->cols.n && f->cols.letters != NULL; i++)
		used |= f->cols.letters[i];
	return used;
}

static bool
table_is_full(const struct folder *f)
{
	for (size_t i = 0; i < KEYWORDS_MAX; i++)
		if (f->keywords.name[i] == NULL)
			return false;
	return true;
}

/*
 * Names get free letters; then, where none is free, those that no message has.
 * returns  true: the table is other than the file
 */
static bool
give_letters(struct folder *f, const struct span *names, size_t n)
{
	uint32_t used = letters_in_use(f);
	bool grown = false;
	int at;

	for (size_t i = 0; i < n; i++) {
		at = keywords_find(&f->keywords, names[i]);
		if (at < 0) {
			at = keywords_add(&f->keywords, names[i], used);
			grown = grown || at >= 0;
		}
		if (at < 0 && table_is_full(f) &&
		    keywords_drop_unused(&f->keywords, used)) {
			at = keywords_add(&f->keywords, names[i], used);
			grown = true;
		}
		if (at >= 0)
			used |= (uint32_t)1 << at;
	}
	return grown;
}

static int
add_locked(struct folder *f, const struct dotlock *lock,
    const struct span *names, size_t n, struct why *why)
{
	struct buf text;
	bool grown;
	int rc = 0;

	if (folder_keywords_read(f, why) != 0)
		return -1;
	grown = give_letters(f, names, n);
	if (!grown)
		return 0;	/* no place: the caller sees it */
	buf_init(&text, KEYWORDS_FILE_MAX);
	keywords_put(&text, &f->keywords);
	if (!dotlock_held(lock) || text.full ||
	    write_file(f, buf_span(&text)) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot write " KEYWORDS_NAME);
		rc = -1;
	}
	buf_fini(&text);
	f->pending.keywords = true;
	f->keywords_at = (struct stamp){ .inode = 0 };
	return rc;
}

static int
add_names(struct folder *f, const struct span *names, size_t n,
    struct why *why)
{
	struct dotlock lock;
	int rc;

	if (dotlock_take(&lock, f->dir, UIDLIST_NAME, LOCK_WAIT_MS) != 0) {
		why_sys(why, WHY_TEMP, "4.2.0", "cannot lock " UIDLIST_NAME);
		return -1;
	}
	rc = add_locked(f, &lock, names, n, why);
	dotlock_drop(&lock);
	return rc;
}

bool
folder_keyword_room(const struct folder *f)
{
	return letters_in_use(f) != ((uint32_t)1 << KEYWORDS_MAX) - 1;
}

int
folder_letters(struct folder *f, const struct span *names, size_t n,
    uint32_t *letters, bool *full, struct why *why)
{
	size_t unknown = 0;
	int at;

	*letters = 0;
	if (n == 0)
		return 0;
	if (folder_keywords_read(f, why) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		unknown += keywords_find(&f->keywords, names[i]) < 0;
	/* Which letters are free to be taken away is seen in a fresh view. */
	if (unknown > 0 && table_is_full(f) && folder_refresh(f, why) != 0)
		return -1;
	if (unknown > 0 && add_names(f, names, n, why) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		at = keywords_find(&f->keywords, names[i]);
		if (at >= 0)
			*letters |= (uint32_t)1 << at;
		else if (full != NULL)
			*full = true;
	}
	return 0;
}
