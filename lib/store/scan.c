/*
 * scan - see scan.h.
 * new/ is listed before cur/, so that a file on its way from one to the other
 * is seen at least once.  A file that is renamed while its directory is listed
 * may be seen twice, under both names, or not at all: twice is settled by
 * looking which name is there, not at all by a second scan (folder_sync.c).
 *
 * If both names are there, the later look at the first one comes after the
 * look at the second; so it is no rename but two files, and one gets a base of
 * its own.  Unless it is one file with two names: somebody renames it by link
 * and unlink, and the next scan finds what comes of that.  Nothing is ever
 * unlinked here.
 */
#include "store/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "os/fs.h"
#include "os/rand.h"
#include "store/folder.h"
#include "store/maildir.h"

#define SLOTS_MIN	64

struct round {
	struct scan *s;
	int	new_dir, cur_dir;
	bool	in_new;
	bool	may_rename;
};

void
scan_init(struct scan *s)
{
	*s = (struct scan){ .v = NULL };
	buf_init(&s->names, (size_t)FOLDER_MESSAGES_MAX * 128);
	rand_octets(s->key, sizeof(s->key));
}

void
scan_fini(struct scan *s)
{
	free(s->v);
	free(s->slots);
	buf_fini(&s->names);
	*s = (struct scan){ .v = NULL };
}

const char *
scan_name(const struct scan *s, const struct scan_entry *e)
{
	return s->names.p + e->name_at;
}

struct span
scan_base(const struct scan *s, const struct scan_entry *e)
{
	return span_of(scan_name(s, e), e->base_n);
}

static uint32_t
hash_of(const struct scan *s, struct span base)
{
	return (uint32_t)siphash(s->key, base.p, base.n);
}

static bool
is_of(const struct scan *s, const struct scan_entry *e, uint32_t hash,
    struct span base)
{
	return e->hash == hash && span_eq(scan_base(s, e), base);
}

/* The slot where base, which has that hash, is or should be. */
static uint32_t *
slot_of(const struct scan *s, uint32_t hash, struct span base)
{
	size_t at = hash & (s->slots_n - 1);

	while (s->slots[at] != 0 &&
	    !is_of(s, &s->v[s->slots[at] - 1], hash, base))
		at = (at + 1) & (s->slots_n - 1);
	return &s->slots[at];
}

static struct scan_entry *
find_hashed(const struct scan *s, uint32_t hash, struct span base)
{
	uint32_t *slot;

	if (s->slots_n == 0)
		return NULL;
	slot = slot_of(s, hash, base);
	return *slot == 0 ? NULL : &s->v[*slot - 1];
}

struct scan_entry *
scan_find(const struct scan *s, struct span base)
{
	return find_hashed(s, hash_of(s, base), base);
}

/*
 * At most half of the slots are in use.  Each base is there once, so that its
 * entry goes into the first slot that is free.
 */
static void
grow_slots(struct scan *s)
{
	size_t at;

	if ((s->n + 1) * 2 <= s->slots_n)
		return;
	free(s->slots);
	s->slots_n = s->slots_n == 0 ? SLOTS_MIN : s->slots_n * 4;
	s->slots = xcalloc(s->slots_n, sizeof(s->slots[0]));
	for (size_t i = 0; i < s->n; i++) {
		at = s->v[i].hash & (s->slots_n - 1);
		while (s->slots[at] != 0)
			at = (at + 1) & (s->slots_n - 1);
		s->slots[at] = (uint32_t)(i + 1);
	}
}

static int
set_name(struct scan *s, struct scan_entry *e, const char *name, bool in_new)
{
	size_t n = strlen(name);

	e->name_at = s->names.n;
	e->name_n = (uint16_t)n;
	e->in_new = in_new;
	e->round = s->round;
	return buf_add(&s->names, name, n + 1);
}

static int
add_entry(struct scan *s, const char *name, size_t base_n, bool in_new)
{
	struct span base = span_of(name, base_n);
	struct scan_entry *e;

	if (s->n == FOLDER_MESSAGES_MAX) {
		errno = EMFILE;
		return -1;
	}
	grow_slots(s);
	if (s->n == s->size) {
		s->size = s->size == 0 ? 64 : s->size * 2;
		s->v = xreallocarray(s->v, s->size, sizeof(s->v[0]));
	}
	e = &s->v[s->n];
	*e = (struct scan_entry){ .base_n = (uint16_t)base_n,
	    .hash = hash_of(s, base) };
	if (set_name(s, e, name, in_new) != 0) {
		errno = EMFILE;
		return -1;
	}
	*slot_of(s, e->hash, base) = (uint32_t)++s->n;
	return 0;
}

/* Another file of the same base: away with it, to a base of its own. */
static int
rename_double(struct round *r, int dir, const char *name)
{
	char fresh[MAILDIR_NAME_SIZE], new_name[2 * MAILDIR_NAME_SIZE];
	struct span s = span_str(name), info;
	struct buf b;
	int rc;

	maildir_unique(fresh);
	info = span_from(s, span_chr(s, ':'));
	buf_init(&b, MAILDIR_NAME_MAX);
	(void)buf_add_str(&b, fresh);
	(void)buf_add_span(&b, info);
	rc = b.full ? -1 : span_copy(buf_span(&b), new_name,
	    sizeof(new_name));
	buf_fini(&b);
	if (rc != 0 || fs_rename_new(dir, name, dir, new_name) != 0)
		return 0;	/* it stays in the shade of the other */
	if (scan_find(r->s, span_str(fresh)) != NULL)
		return 0;	/* listed already */
	return add_entry(r->s, new_name, strlen(fresh), r->in_new);
}

static int
seen_before(struct round *r, struct scan_entry *e, const char *name)
{
	int dir = r->in_new ? r->new_dir : r->cur_dir;
	int old_dir = e->in_new ? r->new_dir : r->cur_dir;
	struct fs_stat st, first;

	if (e->in_new == r->in_new &&
	    strcmp(scan_name(r->s, e), name) == 0) {
		e->round = r->s->round;
		return 0;
	}
	if (fs_stat(dir, name, &st) != 0)
		return 0;
	/* Only now: if the first is still there, there are two. */
	if (fs_stat(old_dir, scan_name(r->s, e), &first) != 0)
		return set_name(r->s, e, name, r->in_new);
	if (first.inode == st.inode && first.device == st.device)
		return 0;
	return r->may_rename ? rename_double(r, dir, name) : 0;
}

static int
on_file(const char *name, enum fs_kind kind, void *ctx)
{
	struct round *r = ctx;
	struct maildir_name parts;
	struct scan_entry *e;

	if (kind != FS_FILE || !maildir_name_parse(span_str(name), &parts))
		return 0;
	e = scan_find(r->s, parts.base);
	if (e != NULL)
		return seen_before(r, e, name);
	return add_entry(r->s, name, parts.base.n, r->in_new);
}

int
scan_read(struct scan *s, int new_dir, int cur_dir, bool may_rename,
    struct why *why)
{
	struct round r = { .s = s, .new_dir = new_dir, .cur_dir = cur_dir,
	    .may_rename = may_rename, .in_new = true };

	s->round++;
	if (fs_list(new_dir, on_file, &r) != 0)
		goto failed;
	r.in_new = false;
	if (cur_dir >= 0 && fs_list(cur_dir, on_file, &r) != 0)
		goto failed;
	return 0;
failed:
	why_sys(why, WHY_TEMP, "4.3.0", "cannot list the messages");
	return -1;
}
