/*
 * folder_flags - flags and keywords of messages.
 * A flag is a letter in a file's name, set by rename(2), whose source must be
 * the name that was read: if another program was quicker the rename fails, one
 * refresh brings its letters, and ours are applied to those.  The directory
 * is synced once per change.
 *
 * A change with a number (RFC 7162) is made under the index's lock: what others
 * have noted is read first, then names are changed, then the number is noted.
 * So no two of them get one number, and of two that depend on the same state
 * only one is made.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bug.h"
#include "os/fs.h"
#include "store/folder_commit.h"
#include "store/folder_look.h"

struct marks {
	const struct folder_change *c;
	uint8_t	 flags;
	uint32_t letters;
	const struct known *known;	/* before the index was asked */
};

/* What the session knew of a message when the change was asked for. */
struct known {
	uint64_t modseq;
	uint32_t letters;
	uint8_t	 flags;
};

static void
apply(const struct marks *k, const struct message *m, uint8_t *flags,
    uint32_t *letters)
{
	*flags = m->flags & MESSAGE_FLAGS_STORED;
	*letters = m->keywords;
	if (k->c->kind == CHANGE_FLAGS_ADD) {
		*flags |= k->flags;
		*letters |= k->letters;
	} else if (k->c->kind == CHANGE_FLAGS_REMOVE) {
		*flags &= (uint8_t)~k->flags;
		*letters &= ~k->letters;
	} else {
		*flags = k->flags;
		*letters = k->letters;
	}
}

/* The name that message i gets, if it is to have another one. */
static enum tried
marked_name(struct folder *f, struct message *m, uint8_t flags,
    uint32_t letters)
{
	char name[MAILDIR_NAME_SIZE];
	struct maildir_name parts;

	if (!maildir_name_parse(span_str(m->name), &parts))
		bug("the view has the name %s", m->name);
	if (maildir_name_make(name, parts.base, flags, letters,
	    parts.others) != 0) {
		errno = ENAMETOOLONG;
		return TRIED_FAILED;
	}
	if (fs_rename_new(m->in_new ? f->new_dir : f->cur_dir, m->name,
	    f->cur_dir, name) != 0)
		return errno == ENOENT ? TRIED_GONE : TRIED_FAILED;
	m->in_new = false;
	message_set_name(m, name);
	return TRIED_DONE;
}

/*
 * RFC 7162 3.1.3: it has changed since.  What has no number yet has changed just
 * now.  3.1.12: it may have, as long as the flags that are to be set or cleared
 * are those that the client knows.
 */
static bool
has_changed(struct folder *f, uint32_t uid, const struct marks *k,
    const struct known *known)
{
	const struct message *m = folder_whole(f, columns_at(&f->cols, uid));
	uint64_t since = k->c->unchanged_since;

	if (m == NULL || (m->modseq != 0 && m->modseq <= since))
		return false;
	return k->c->kind == CHANGE_FLAGS_SET || known == NULL ||
	    known->modseq == 0 || known->modseq > since ||
	    ((known->flags ^ m->flags) & k->flags) != 0 ||
	    ((known->letters ^ m->keywords) & k->letters) != 0;
}

static enum tried
mark_one(struct folder *f, uint32_t uid, const struct marks *k,
    const struct known *known)
{
	const struct message *is = folder_find(f, uid);
	size_t i = columns_at(&f->cols, uid);
	struct message m;
	uint32_t letters;
	uint8_t flags;
	enum tried t;

	if (is == NULL)
		return TRIED_SAME;
	if (k->c->conditional && has_changed(f, uid, k, known))
		return TRIED_CHANGED;
	apply(k, is, &flags, &letters);
	if (flags == (is->flags & MESSAGE_FLAGS_STORED) &&
	    letters == is->keywords)
		return TRIED_SAME;
	if (folder_take(f, i, &m) != 0)
		return TRIED_GONE;
	t = marked_name(f, &m, flags, letters);
	if (t == TRIED_DONE)
		folder_put(f, i, &m);
	else
		message_fini(&m);
	return t;
}

/* As it is in the view, for those that are there. */
static struct known *
remember(struct folder *f, const struct folder_change *c)
{
	struct known *v = xcalloc(c->uids_n + 1, sizeof(v[0]));
	const struct message *m;
	size_t i;

	for (size_t n = 0; n < c->uids_n; n++) {
		i = columns_at(&f->cols, c->uids[n]);
		m = columns_has(&f->cols, c->uids[n]) ? folder_whole(f, i) :
		    NULL;
		if (m != NULL)
			v[n] = (struct known){ m->modseq, m->keywords,
				m->flags };
	}
	return v;
}

/* returns  TRIED_FAILED with why */
static enum tried
mark_again(struct folder *f, uint32_t uid, const struct marks *k,
    const struct known *known, bool *looked, struct why *why)
{
	enum tried t = mark_one(f, uid, k, known);

	if (t == TRIED_GONE && !*looked) {
		if (commit_look_again(f, looked, why) != 0)
			return TRIED_FAILED;
		t = mark_one(f, uid, k, known);
	}
	if (t == TRIED_FAILED)
		why_sys(why, WHY_TEMP, "4.3.0", "cannot set flags");
	return t;
}

static int
mark_all(struct folder *f, const struct marks *k, struct folder_result *r,
    struct why *why)
{
	const struct folder_change *c = k->c;
	struct own_change own;
	bool looked = false;
	size_t done = 0;
	int rc = 0;

	own_change_begin(f, &own);
	for (size_t i = 0; rc == 0 && i < c->uids_n; i++) {
		commit_tick(c, i);
		switch (mark_again(f, c->uids[i], k, k->known == NULL ? NULL :
		    &k->known[i], &looked, why)) {
		case TRIED_DONE:
			uids_add(&r->done, c->uids[i]);
			done++;
			break;
		case TRIED_CHANGED:
			uids_add(&r->modified, c->uids[i]);
			break;
		case TRIED_FAILED:
			rc = -1;
			break;
		case TRIED_SAME:
		case TRIED_GONE:
			break;
		}
	}
	own_change_end(f, &own, done);
	if (done > 0 && fs_dirsync(f->cur_dir) != 0 && rc == 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot sync %s", f->name);
		rc = -1;
	}
	return rc;
}

static int
mark_numbered(struct folder *f, struct marks *k, struct folder_result *r,
    struct why *why)
{
	struct known *known = NULL;
	bool locked;
	int rc = 0;

	if (k->c->conditional)
		k->known = known = remember(f, k->c);
	locked = index_lock(f);
	if (locked)
		(void)!index_catch_up(f); /* in either case the view is newer */
	/* What others have noted may have keywords that are new here. */
	if (locked)
		rc = folder_keywords_read(f, why);
	if (rc == 0)
		rc = mark_all(f, k, r, why);
	if (locked && !f->lost)
		index_save(f);
	if (locked)
		index_unlock(f);
	free(known);
	return rc;
}

int
commit_flags(struct folder *f, const struct folder_change *c,
    struct folder_result *r, struct why *why)
{
	struct marks k = { .c = c, .flags = c->flags & MESSAGE_FLAGS_STORED };

	if (folder_letters(f, c->keywords, c->keywords_n, &k.letters,
	    &r->keywords_full, why) != 0)
		return -1;
	return c->numbered || c->conditional ? mark_numbered(f, &k, r, why) :
	    mark_all(f, &k, r, why);
}
