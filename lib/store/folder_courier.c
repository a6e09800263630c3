/*
 * folder_courier - see folder_courier.h.
 * The uidlist is made in one step under its lock, so that whoever looks finds
 * all or nothing.  Who is only in the list of POP3 gets the next UIDs, to keep
 * its id; records of files that are gone do no harm and leave with the next
 * list that is written.
 */
#include "store/folder_courier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"
#include "store/courier.h"
#include "store/folder_priv.h"
#include "store/folders.h"
#include "store/subscriptions.h"
#include "store/uidvalidity.h"

#define FILES_MAX	((size_t)100000)	/* in courierimapkeywords */

/* ------------------------------------------------------------------ UIDs */

struct list {
	struct arena *mem;
	struct hash *uidls;		/* base -> text */
	struct uidlist_header header;
	struct uidlist_record *v;
	size_t n, size;
};

static void
list_add(struct list *l, uint32_t uid, struct span base, const char *uidl)
{
	struct uidlist_record r = { .uid = uid, .base = base };
	struct buf ext;

	if (uidl != NULL) {
		buf_init(&ext, COURIER_UIDL_SIZE + 1);
		(void)buf_addf(&ext, "P%s", uidl);	/* fits */
		r.ext = arena_span(l->mem, buf_span(&ext));
		buf_fini(&ext);
	}
	if (l->n == l->size) {
		l->size = l->size == 0 ? 256 : l->size * 2;
		l->v = xreallocarray(l->v, l->size, sizeof(l->v[0]));
	}
	l->v[l->n++] = r;
}

static void
on_pop3(struct span base, const char *uidl, void *ctx)
{
	struct list *l = ctx;
	char *copy = xstrdup(uidl);

	if (hash_put(l->uidls, base, copy) != 0)
		free(copy);
}

static bool
on_record(const struct uidlist_record *r, void *ctx)
{
	struct list *l = ctx;
	char *uidl = hash_del(l->uidls, r->base);

	list_add(l, r->uid, r->base, uidl);
	free(uidl);
	return true;
}

/* Not in the list of IMAP. */
static void
on_rest(struct span base, const char *uidl, void *ctx)
{
	struct list *l = ctx;
	char *left = hash_del(l->uidls, base);

	if (left != NULL && l->header.nextuid < UID_CEILING)
		list_add(l, l->header.nextuid++, base, uidl);
	free(left);
}

/* A file of Courier's; 1: it is not there. */
static int
slurp(int dir, const char *name, struct buf *out, struct why *why)
{
	buf_init(out, UIDLIST_FILE_MAX);
	if (fs_slurp(dir, name, out) == 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR)
		return 1;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read %s", name);
	return -1;
}

static int
fill_list(struct list *l, int root, struct span imap, struct span pop3,
    struct why *why)
{
	bool is_pop3 = courier_pop3_each(pop3, on_pop3, l);

	l->header = (struct uidlist_header){ .nextuid = 1 };
	/* The rest of a damaged list counts as in ours: uidlist.h. */
	if (imap.n > 0 && !uidlist_parse(imap, &l->header, on_record, l))
		l->header.others[0] = '\0';
	if (is_pop3 && !courier_pop3_each(pop3, on_rest, l))
		bug("a list that is none at the second look");
	if (l->header.uidvalidity == 0)
		l->header.uidvalidity = uidvalidity_next(root, why);
	folder_make_guid(l->header.guid);
	return l->header.uidvalidity == 0 ? -1 : 0;
}

static int
take_locked(int root, int dir, struct span imap, struct span pop3,
    struct why *why)
{
	struct list l = { .mem = arena_new(UIDLIST_FILE_MAX) };
	uint8_t seed[16];
	struct fs_stat st;
	int rc = 0;

	rand_octets(seed, sizeof(seed));
	l.uidls = hash_new(FOLDER_MESSAGES_MAX, seed);
	if (fs_stat(dir, UIDLIST_NAME, &st) != 0) {
		rc = fill_list(&l, root, imap, pop3, why);
		if (rc == 0)
			rc = uidlist_rewrite(dir, &l.header, l.v, l.n, why);
	}
	hash_free(&l.uidls, free);
	arena_free(&l.mem);
	free(l.v);
	return rc;
}

static int
take(int root, int dir, struct span imap, struct span pop3, struct why *why)
{
	struct dotlock lock;
	int rc;

	if (dotlock_take(&lock, dir, UIDLIST_NAME, LOCK_WAIT_MS) != 0) {
		why_sys(why, WHY_TEMP, "4.2.0", "cannot lock " UIDLIST_NAME);
		return -1;
	}
	rc = take_locked(root, dir, imap, pop3, why);
	dotlock_drop(&lock);
	return rc;
}

int
courier_take_uids(int root, int dir, struct why *why)
{
	struct buf imap, pop3 = { .p = NULL };
	struct fs_stat st;
	int has_imap, has_pop3 = 1, rc = 0;

	if (fs_stat(dir, UIDLIST_NAME, &st) == 0)
		return 0;
	has_imap = slurp(dir, COURIER_UIDS_NAME, &imap, why);
	if (has_imap >= 0)
		has_pop3 = slurp(dir, COURIER_POP3_NAME, &pop3, why);
	if (has_imap < 0 || has_pop3 < 0)
		rc = -1;
	else if (has_imap == 0 || has_pop3 == 0)
		rc = take(root, dir, buf_span(&imap), buf_span(&pop3), why);
	buf_fini(&pop3);
	buf_fini(&imap);
	return rc;
}

/* -------------------------------------------------------------- keywords */

struct files {
	int	dir;
	struct hash *words;
	size_t	left;		/* files */
	size_t	octets_left;	/* of memory */
};

static int
on_file(const char *name, enum fs_kind kind, void *ctx)
{
	struct files *k = ctx;
	struct buf text;

	if (kind != FS_FILE || k->left-- == 0)
		return kind == FS_FILE;
	buf_init(&text, strcmp(name, ":list") == 0 ? UIDLIST_FILE_MAX :
	    64 * KIB);
	/* What cannot be read says nothing. */
	if (fs_slurp(k->dir, name, &text) == 0) {
		if (strcmp(name, ":list") == 0)
			courier_keywords_list(buf_span(&text), k->words,
			    &k->octets_left);
		else
			courier_keywords_file(span_str(name),
			    buf_span(&text), k->words, &k->octets_left);
	}
	buf_fini(&text);
	return 0;
}

bool
courier_has_keywords(const struct folder *f)
{
	struct fs_stat st;

	return fs_stat(f->dir, COURIER_KEYWORDS_NAME, &st) == 0 &&
	    st.kind == FS_DIR;
}

/* The keywords of one message, added to those that it has. */
static int
give(struct folder *f, uint32_t uid, const struct courier_words *w,
    size_t *given, size_t *lost, struct why *why)
{
	struct span rest = span_str(w->names), v[KEYWORDS_MAX];
	struct folder_change c = { .kind = CHANGE_FLAGS_ADD, .uids = &uid,
		.uids_n = 1, .keywords = v };
	struct folder_result r;
	struct span name;
	int rc = 0;

	while (rest.p != NULL && c.keywords_n < COUNT(v))
		if ((name = span_cut(&rest, '\n')).n > 0)
			v[c.keywords_n++] = name;
	folder_result_init(&r);
	if (c.keywords_n > 0)
		rc = folder_commit(f, &c, 1, &r, why);
	*given += r.done.n;
	*lost += r.keywords_full;
	folder_result_fini(&r);
	return rc;
}

static int
give_all(struct folder *f, struct hash *words, size_t *given, size_t *lost,
    struct why *why)
{
	const struct courier_words *w;
	const struct message *m;
	struct maildir_name parts;
	struct uids all;
	int rc = 0;

	uids_init(&all);
	for (size_t i = 0; i < folder_count(f); i++)
		uids_add(&all, folder_message(f, i)->uid);
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		m = folder_need(f, all.v[i], 0, why);
		if (m == NULL && why->kind == WHY_PERM)
			continue;	/* gone meanwhile */
		if (m == NULL)
			rc = -1;
		else if (maildir_name_parse(span_str(m->name), &parts) &&
		    (w = hash_get(words, parts.base)) != NULL)
			rc = give(f, all.v[i], w, given, lost, why);
	}
	uids_fini(&all);
	return rc;
}

int
courier_take_keywords(struct folder *f, size_t *given, size_t *lost,
    struct why *why)
{
	struct files k = { .left = FILES_MAX,
		.octets_left = COURIER_WORDS_MEM };
	uint8_t seed[16];
	int rc;

	*given = *lost = 0;
	k.dir = fs_open_dir(f->dir, COURIER_KEYWORDS_NAME);
	if (k.dir < 0 && errno == ENOENT)
		return 0;
	if (k.dir < 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "cannot open "
		    COURIER_KEYWORDS_NAME);
		return -1;
	}
	rand_octets(seed, sizeof(seed));
	k.words = hash_new(FOLDER_MESSAGES_MAX, seed);
	rc = fs_list(k.dir, on_file, &k);
	if (rc < 0)
		why_sys(why, WHY_TEMP, "4.3.0", "cannot list "
		    COURIER_KEYWORDS_NAME);
	else
		rc = give_all(f, k.words, given, lost, why);
	hash_free(&k.words, courier_words_free);
	fd_close(&k.dir);
	return rc;
}

/* --------------------------------------------------------- subscriptions */

/* Courier's names begin with INBOX; ours are what stands behind it. */
static int
subscribe(int root, struct span line, size_t *n, struct why *why)
{
	char name[FOLDER_NAME_SIZE];

	if (span_istarts(line, SPAN_LIT("INBOX.")))
		line = span_from(line, 6);
	if (line.n == 0 || folder_name(line, name, NULL) != 0)
		return 0;
	++*n;
	return folders_subscribe(root, name, true, why);
}

int
courier_take_subscriptions(int root, size_t *n, struct why *why)
{
	struct buf text;
	struct span rest;
	int rc = slurp(root, COURIER_SUBSCRIBED_NAME, &text, why);

	*n = 0;
	if (rc == 0) {
		rest = buf_span(&text);
		while (rc == 0 && rest.p != NULL)
			rc = subscribe(root, span_cut(&rest, '\n'), n, why);
	} else if (rc > 0)
		rc = 0;
	buf_fini(&text);
	return rc;
}
