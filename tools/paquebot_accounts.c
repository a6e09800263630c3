/*
 * paquebot_accounts.c - the text stays the administrator's: only the lines of
 * the account concerned are touched, comments and order are kept.  Two editors
 * at once would lose the change of one, so there is a lock beside it.
 */
#include "tools/paquebot_accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "mail/intl.h"
#include "map/fold.h"
#include "map/source.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/user.h"

#define USERS		"users"
#define FRESH		".users.new"
#define LOCK		"users.lock"
#define LOCK_MS		10000

int
accounts_complain(const char *name, const char *what)
{
	(void)fprintf(stderr, "paquebot: %s: %s\n", name, what);
	return EXIT_DATA;
}

static int
complain_sys(const struct accounts *a, const char *file)
{
	(void)fprintf(stderr, "paquebot: %s/%s: %s\n",
	    conf_str(a->conf, "map_dir"), file, strerror(errno));
	return EXIT_IOERR;
}

/* ---------------------------------------------------------------- finding */

static int
take_entry(struct span key, struct span value, void *ctx, struct why *why)
{
	struct accounts *a = ctx;

	(void)why;
	if (span_eq_str(key, a->name)) {
		buf_clear(&a->value);
		/* Its cap is what an entry may have. */
		(void)buf_add_span(&a->value, value);
		a->n = 1;
	}
	return 0;
}

/* The entry that begins at `at`, with the lines that continue it. */
static size_t
entry_length(struct span text)
{
	size_t n = 0;

	do {
		size_t line = span_chr(span_from(text, n), '\n');

		n = line + n < text.n ? line + n + 1 : text.n;
	} while (n < text.n && (text.p[n] == ' ' || text.p[n] == '\t'));
	return n;
}

static void
find_account(struct accounts *a)
{
	struct span text = buf_span(&a->text);
	struct why why;
	size_t n;

	for (size_t at = 0; at < text.n; at += n) {
		struct span entry = span_from(text, at);

		n = entry_length(entry);
		entry = span_head(entry, n);
		/* A mistake in it is found when the whole is judged. */
		if (map_source_parse(entry, take_entry, a, &why) == 0 &&
		    a->n > 0) {
			a->at = at;
			a->n = n;
			return;
		}
	}
	a->at = text.n;
	a->n = 0;
}

/* What would need quotes, or begin a comment, is no name. */
static int
take_name(struct accounts *a, const char *name)
{
	struct buf folded;
	bool ok;

	buf_init(&folded, sizeof(a->name) - 1);
	ok = name[0] != '\0' && name[0] != '#' &&
	    strpbrk(name, " :\"\\") == NULL &&
	    intl_text_ok(span_str(name)) &&
	    fold_name(span_str(name), &folded) == 0 &&
	    span_copy(buf_span(&folded), a->name, sizeof(a->name)) == 0;
	buf_fini(&folded);
	return ok ? EXIT_SUCCESS :
	    accounts_complain(name, "no name for an account");
}

int
accounts_open(struct accounts *a, struct conf_view *conf, const char *name,
    bool writes)
{
	*a = (struct accounts){ .conf = conf, .lock = -1 };
	buf_init(&a->text, MAP_SOURCE_MAX);
	buf_init(&a->value, MAP_VALUE_MAX);
	if (name != NULL && take_name(a, name) != EXIT_SUCCESS)
		return EXIT_DATA;
	if (maps_enter(&a->maps, conf) != 0)
		return EXIT_CONFIG;
	a->maps.quiet = true;
	if (writes) {
		a->lock = fs_open_append(a->maps.dir, LOCK);
		if (a->lock < 0 ||
		    fs_lock(a->lock, clock_deadline(LOCK_MS)) != 0)
			return complain_sys(a, LOCK);
	}
	if (fs_slurp(a->maps.dir, USERS, &a->text) != 0 && errno != ENOENT)
		return complain_sys(a, USERS);
	if (name != NULL)
		find_account(a);
	return EXIT_SUCCESS;
}

void
accounts_close(struct accounts *a)
{
	if (a->text.p != NULL)
		wipe(a->text.p, a->text.n);
	if (a->value.p != NULL)
		wipe(a->value.p, a->value.n);
	buf_fini(&a->text);
	buf_fini(&a->value);
	fd_close(&a->lock);
}

int
accounts_parse(struct accounts *a, struct span name, struct span value,
    struct account *out)
{
	struct account_defaults defaults;
	struct why why;

	maps_defaults(&a->maps, &defaults);
	if (account_parse(name, value, &defaults, out, &why) == 0)
		return EXIT_SUCCESS;
	return accounts_complain(a->name, why.text);
}

/* ---------------------------------------------------------------- writing */

/* Owner and mode are those of the text that was there, else root's alone. */
static int
put_in_place(struct accounts *a, struct span text)
{
	struct fs_stat old = { .mode = 0600, .uid = user_self(),
		.gid = group_self() };
	int dir = a->maps.dir, fd, rc = -1;

	if (fs_stat(dir, USERS, &old) != 0 && errno != ENOENT)
		return -1;
	(void)fs_discard(dir, FRESH);	/* of a broken run */
	fd = fs_create_write(dir, FRESH);
	if (fd < 0)
		return -1;
	if (old.uid != user_self() || old.gid != group_self())
		rc = fs_chown(fd, old.uid, old.gid);
	else
		rc = 0;
	if (rc == 0 && (fs_chmod(fd, old.mode & 0777) != 0 ||
	    fd_write_all(fd, text.p, text.n) != 0 || fs_sync(fd) != 0 ||
	    fs_rename(dir, FRESH, dir, USERS) != 0))
		rc = -1;
	fd_close(&fd);
	if (rc == 0)
		return fs_dirsync(dir);
	(void)fs_discard(dir, FRESH);
	return -1;
}

/* The whole new text: what was before, the entry, what was behind. */
static int
compose(struct accounts *a, struct span value, struct buf *out)
{
	struct span old = buf_span(&a->text);

	(void)buf_add_span(out, span_head(old, a->at));
	if (value.p != NULL) {
		if (out->n > 0 && out->p[out->n - 1] != '\n')
			(void)buf_add_char(out, '\n');
		(void)buf_addf(out, "%s:", a->name);
		(void)buf_add_span(out, value);
		(void)buf_add_char(out, '\n');
	}
	(void)buf_add_span(out, span_from(old, a->at + a->n));
	return out->full ? -1 : 0;
}

int
accounts_write(struct accounts *a, struct span value)
{
	struct buf fresh;
	struct why why;
	int rc;

	buf_init(&fresh, MAP_SOURCE_MAX);
	if (compose(a, value, &fresh) != 0)
		rc = accounts_complain(USERS, "too long");
	else if (map_source_parse(buf_span(&fresh), maps_check_user, &a->maps,
	    &why) != 0)
		rc = accounts_complain(USERS, why.text);
	else if (put_in_place(a, buf_span(&fresh)) != 0)
		rc = complain_sys(a, USERS);
	else
		rc = maps_compile(&a->maps, USERS, true);
	if (fresh.p != NULL)
		wipe(fresh.p, fresh.n);
	buf_fini(&fresh);
	return rc;
}
