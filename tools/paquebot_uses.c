/*
 * paquebot_uses.c - one pass over the file, so that a list of all accounts
 * costs no more than a look at one.  The table points into the text.
 */
#include "tools/paquebot_uses.h"

#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"

#define KEY_MAX	500

static void
make_key(struct buf *key, struct span user, struct span app)
{
	buf_init(key, KEY_MAX);
	(void)buf_addf(key, "%.*s %.*s", SPAN_ARG(user), SPAN_ARG(app));
}

static void
take_lines(struct uses *u)
{
	struct span rest = buf_span(&u->text), line;
	struct login_line l;
	struct buf key;

	while (rest.p != NULL) {
		line = span_cut(&rest, '\n');
		if (logins_parse(line, &l) != 0 || l.kind != LOGIN_USE)
			continue;
		make_key(&key, l.user, l.app);
		/* Each stands there once; what is too much is not shown. */
		(void)!hash_put(u->lines, buf_span(&key),
		    (void *)(uintptr_t)line.p);
		buf_fini(&key);
	}
}

void
uses_load(struct uses *u, const struct conf_view *conf)
{
	const char *path = conf_str(conf, "auth_dir");
	uint8_t seed[16];
	int dir = path[0] != '\0' ? fs_open_top(path) : -1;

	rand_octets(seed, sizeof(seed));
	buf_init(&u->text, LOGINS_SIZE_MAX);
	u->lines = hash_new(LOGINS_MAX, seed);
	if (dir >= 0 && fs_slurp(dir, LOGINS_FILE, &u->text) == 0)
		take_lines(u);
	fd_close(&dir);
}

void
uses_fini(struct uses *u)
{
	hash_free(&u->lines, NULL);
	buf_fini(&u->text);
}

bool
uses_find(const struct uses *u, struct span user, struct span app,
    struct login_line *out)
{
	const char *line;
	struct buf key;

	make_key(&key, user, app);
	line = hash_get(u->lines, buf_span(&key));
	buf_fini(&key);
	if (line == NULL)
		return false;
	return logins_parse(span_head(span_str(line),
	    span_chr(span_str(line), '\n')), out) == 0;
}
