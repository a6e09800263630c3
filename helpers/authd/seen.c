/*
 * seen.c - two tables, of last uses by user and application, and of users and
 * their networks; and a third of how many networks each user has added today,
 * so that one who logs in from everywhere does not push out those of others.
 * The file is replaced as a whole and without waiting for the disk: what a
 * power cut takes away makes nobody's log-in fail.  At most some megabytes, so
 * it is written from the loop.
 */
#include "helpers/authd/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/log.h"
#include "map/logins.h"
#include "os/fd.h"
#include "os/fs.h"

#define FRESH	".logins.new"
#define KEY_MAX	500

struct seen {
	struct recent *uses, *known, *added;
	int	dir;
	bool	changed;
	int64_t	saved_ms;
};

/* "user other", neither with a space. */
static void
make_key(struct buf *key, struct span user, struct span other)
{
	buf_init(key, KEY_MAX);
	(void)buf_addf(key, "%.*s %.*s", SPAN_ARG(user), SPAN_ARG(other));
}

static void
take_use(struct seen *s, const struct login_line *l)
{
	struct recent_entry *e;
	struct buf key;

	make_key(&key, l->user, l->app);
	e = recent_touch(s->uses, buf_span(&key));
	e->at_s = l->at_s;
	span_copy_cut(l->service, e->service, sizeof(e->service));
	span_copy_cut(l->network, e->network, sizeof(e->network));
	buf_fini(&key);
}

static void
take_known(struct seen *s, const struct login_line *l)
{
	struct buf key;

	make_key(&key, l->user, l->network);
	recent_touch(s->known, buf_span(&key))->at_s = l->at_s;
	buf_fini(&key);
}

static void
load(struct seen *s, int64_t now_s)
{
	struct login_line l;
	struct span rest;
	struct buf text;

	buf_init(&text, LOGINS_SIZE_MAX);
	if (fs_slurp(s->dir, LOGINS_FILE, &text) != 0 && errno != ENOENT)
		log_warn(LF_STR("event", "logins-not-read"),
		    LF_STR("why", strerror(errno)));
	for (rest = buf_span(&text); rest.p != NULL;) {
		if (logins_parse(span_cut(&rest, '\n'), &l) != 0 ||
		    l.at_s > now_s)
			continue;
		if (l.kind == LOGIN_USE)
			take_use(s, &l);
		else if (now_s - l.at_s < SEEN_KNOWN_S)
			take_known(s, &l);
	}
	buf_fini(&text);
}

struct seen *
seen_new(const uint8_t seed[16], int dir, int64_t now_s)
{
	struct seen *s = xcalloc(1, sizeof(*s));

	s->uses = recent_new(seed, LOGINS_MAX);
	s->known = recent_new(seed, LOGINS_MAX);
	s->added = recent_new(seed, LOGINS_MAX);
	s->dir = dir;
	if (dir >= 0)
		load(s, now_s);
	return s;
}

void
seen_free(struct seen **s)
{
	if (*s == NULL)
		return;
	recent_free(&(*s)->uses);
	recent_free(&(*s)->known);
	recent_free(&(*s)->added);
	free(*s);
	*s = NULL;
}

/* May this user have one network more today? */
static bool
may_add(struct seen *s, struct span user, int64_t now_s)
{
	struct recent_entry *e = recent_touch(s->added, user);

	if (now_s - e->at_s >= 24 * 60 * 60) {
		e->at_s = now_s;
		e->failures = 0;
	}
	return e->failures++ < SEEN_NEW_MAX;
}

void
seen_login(struct seen *s, const struct seen_login *l)
{
	struct login_line line = { .at_s = l->now_s, .service = l->service,
		.network = span_str(l->network.text), .user = l->user,
		.app = l->app.n > 0 ? l->app : SPAN_LIT("-") };

	take_use(s, &line);
	if (seen_known(s, l->user, &l->network, l->now_s, 0) != NULL ||
	    may_add(s, l->user, l->now_s))
		take_known(s, &line);
	s->changed = true;
}

struct recent_entry *
seen_known(struct seen *s, struct span user, const struct network *from,
    int64_t now_s, int64_t since_s)
{
	struct recent_entry *e;
	struct buf key;

	make_key(&key, user, span_str(from->text));
	e = recent_find(s->known, buf_span(&key));
	buf_fini(&key);
	return e != NULL && e->at_s > since_s &&
	    now_s - e->at_s < SEEN_KNOWN_S ? e : NULL;
}

/* ---------------------------------------------------------------- the file */

static void
add_lines(struct seen *s, struct buf *text)
{
	struct recent_entry *e = NULL;
	struct login_line l;
	struct span rest;

	while ((e = recent_next(s->uses, e)) != NULL) {
		rest = span_of(e->key, e->key_n);
		l = (struct login_line){ .kind = LOGIN_USE, .at_s = e->at_s,
			.service = span_str(e->service),
			.network = span_str(e->network) };
		l.user = span_cut(&rest, ' ');
		l.app = rest;
		(void)!logins_write(text, &l);	/* not if it is no word */
	}
	while ((e = recent_next(s->known, e)) != NULL) {
		rest = span_of(e->key, e->key_n);
		l = (struct login_line){ .kind = LOGIN_KNOWN, .at_s = e->at_s };
		l.user = span_cut(&rest, ' ');
		l.network = rest;
		(void)!logins_write(text, &l);	/* as above */
	}
}

static int
write_file(int dir, struct span text)
{
	int fd, rc;

	(void)fs_discard(dir, FRESH);
	fd = fs_create_write(dir, FRESH);
	if (fd < 0)
		return -1;
	rc = fd_write_all(fd, text.p, text.n);
	fd_close(&fd);
	if (rc == 0)
		return fs_rename(dir, FRESH, dir, LOGINS_FILE);
	rc = errno;
	(void)fs_discard(dir, FRESH);	/* the first failure counts */
	errno = rc;
	return -1;
}

void
seen_save(struct seen *s, int64_t now_ms, bool at_once)
{
	struct buf text;

	if (s->dir < 0 || !s->changed ||
	    (!at_once && now_ms - s->saved_ms < SEEN_SAVE_MS))
		return;
	s->saved_ms = now_ms;
	s->changed = false;
	buf_init(&text, LOGINS_SIZE_MAX);
	add_lines(s, &text);
	if (write_file(s->dir, buf_span(&text)) != 0)
		log_warn(LF_STR("event", "logins-not-written"),
		    LF_STR("why", strerror(errno)));
	buf_fini(&text);
}
