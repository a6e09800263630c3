/*
 * load - see load.h.
 * libConfuse reads the grammar; its table of options is made from ours, all
 * as text, and each value is checked as it comes, while the line is known.
 * It stops at an unknown name; so that one run tells of all of them, such a
 * name is added as one more option (whose values are complaints) and the file
 * is read again.  Its lexer (3.3) counts a line that ends in a comment twice and
 * trips over comments inside a list, so they are made spaces before.
 */
#include "conf/load.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conf/cross.h"
#include "conf/keys.h"
#include "conf/value.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/path.h"
#include "os/user.h"

#define FILE_MAX	(4 * MIB)
#define UNKNOWN_MAX	50	/* names; more are not counted */

struct loading {
	const char *path;
	struct conf_view *view;
	struct buf  text;	/* of the file, comments as spaces */
	struct buf *errors;
	size_t	    mistakes;
	int	  **lines;	/* [key][item] */
	size_t	   *items;	/* per key: how many were given */
	char	   *unknown[UNKNOWN_MAX];
	size_t	    nunknown;
	bool	    broken;	/* the grammar is: what follows was not read */
	bool	    again;	/* a new unknown name was found */
};

/* libConfuse's callbacks get no argument of ours; set during conf_load only. */
static struct loading *now;

static void
mistake(struct loading *l, int line, const char *name, const char *what)
{
	l->mistakes++;
	if (line > 0)
		buf_addf(l->errors, "%s:%d: ", l->path, line);
	else
		buf_addf(l->errors, "%s: ", l->path);
	if (name != NULL)
		buf_addf(l->errors, "%s: ", name);
	buf_addf(l->errors, "%s\n", what);
}

static void
remember_line(struct loading *l, size_t key, int line)
{
	size_t n = l->items[key]++;

	if ((n & (n - 1)) == 0)
		l->lines[key] = xreallocarray(l->lines[key],
		    n == 0 ? 1 : n * 2, sizeof(l->lines[key][0]));
	l->lines[key][n] = line;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct conf_key *key = conf_key_find(opt->name);
	char what[256];
	size_t at;

	*(const char **)result = value;
	if (key == NULL) {
		mistake(now, cfg->line, opt->name, "no such setting");
		return 0;
	}
	at = (size_t)(key - conf_keys);
	/* A list: it counts from one again, unless "+=" goes on with it. */
	if (now->items[at] > 0 && (key->kind != CONF_LIST ||
	    cfg_opt_size(opt) == 1)) {
		mistake(now, cfg->line, opt->name, "is set twice");
	} else if (!conf_value_ok(key, value, NULL, what, sizeof(what))) {
		mistake(now, cfg->line, opt->name, what);
	} else if (conf_view_add(now->view, key->name, value) != 0) {
		mistake(now, cfg->line, opt->name, "has too many items");
	} else {
		remember_line(now, at, cfg->line);
	}
	return 0;
}

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char what[512];

	if (strcmp(fmt, "no such option '%s'") == 0 &&
	    now->nunknown < UNKNOWN_MAX) {
		now->unknown[now->nunknown++] = xstrdup(va_arg(ap, char *));
		now->again = true;
		return;
	}
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	/* Where a value should be, since it is what a list begins with. */
	if (strcmp(what, "unexpected token '{'") == 0)
		(void)snprintf(what, sizeof(what), "is no list: one value, "
		    "in quotes if it is several words");
	mistake(now, cfg->line, NULL, what);
	now->broken = true;
}

/* Our table and the unknown names so far as libConfuse's. */
static cfg_opt_t *
options(const struct loading *l)
{
	const cfg_opt_t one = CFG_STR_CB(NULL, NULL, CFGF_NODEFAULT, on_value);
	const cfg_opt_t many =
	    CFG_STR_LIST_CB(NULL, NULL, CFGF_NODEFAULT, on_value);
	const cfg_opt_t end = CFG_END();
	cfg_opt_t *o = xcalloc(conf_keys_n + l->nunknown + 1, sizeof(*o));
	size_t n = 0;

	for (size_t i = 0; i < conf_keys_n; i++, n++) {
		o[n] = conf_keys[i].kind == CONF_LIST ? many : one;
		o[n].name = conf_keys[i].name;
	}
	for (size_t i = 0; i < l->nunknown; i++, n++) {
		o[n] = many;
		o[n].name = l->unknown[i];
	}
	o[n] = end;
	return o;
}

static void
forget(struct loading *l)
{
	buf_clear(l->errors);
	conf_view_free(&l->view);
	l->view = conf_view_new();
	l->mistakes = 0;
	l->again = false;
	l->broken = false;
	memset(l->items, 0, conf_keys_n * sizeof(l->items[0]));
}

/* "#" to the end of the line, but not inside quotes. */
static void
blank_comments(struct buf *text)
{
	char quote = '\0', *p = text->p, *end = p + text->n;

	for (; p < end; p++) {
		if (quote != '\0') {
			if (*p == '\\' && p + 1 < end)
				p++;
			else if (*p == quote)
				quote = '\0';
		} else if (*p == '"' || *p == '\'') {
			quote = *p;
		} else if (*p == '#') {
			while (p < end && *p != '\n')
				*p++ = ' ';
		}
	}
}

static bool
read_file(struct loading *l)
{
	char real[1024], *slash, what[128];
	int dir = -1, rc;

	rc = path_real(l->path, real, sizeof(real));
	slash = rc == 0 ? strrchr(real, '/') : NULL;
	if (slash != NULL) {
		*slash = '\0';
		dir = fs_open_top(real[0] != '\0' ? real : "/");
		rc = dir < 0 ? -1 : fs_slurp(dir, slash + 1, &l->text);
		fd_close(&dir);
	}
	if (rc != 0) {
		(void)snprintf(what, sizeof(what), "cannot be read: %s",
		    strerror(errno));
		mistake(l, 0, NULL, what);
		return false;
	}
	if (memchr(buf_cstr(&l->text), '\0', l->text.n) != NULL) {
		mistake(l, 0, NULL, "holds a NUL octet");
		return false;
	}
	blank_comments(&l->text);
	/* A last line without an end, or no line at all, is one too. */
	return (l->text.n > 0 && l->text.p[l->text.n - 1] == '\n') ||
	    buf_add_char(&l->text, '\n') == 0;
}

static void
parse(struct loading *l)
{
	cfg_opt_t *o = options(l);
	cfg_t *cfg = cfg_init(o, CFGF_NONE);

	if (cfg == NULL)
		die(EXIT_OSERR, "libConfuse cannot start");
	cfg_set_error_function(cfg, on_error);
	/* What it returns, on_error has said already. */
	(void)cfg_parse_buf(cfg, buf_cstr(&l->text));
	cfg_free(cfg);
	free(o);
}

/* What the file left out; the maps lie beside the file unless it says. */
static void
add_defaults(struct loading *l)
{
	char dir[1024];
	const struct conf_key *key;

	for (size_t i = 0; i < conf_keys_n; i++) {
		key = &conf_keys[i];
		if (l->items[i] > 0)
			continue;
		if (key->def == NULL)
			mistake(l, 0, key->name, "must be set");
		else if ((key->kind != CONF_LIST || *key->def != '\0') &&
		    conf_view_add(l->view, key->name, key->def) != 0)
			bug("default of %s breaks its range", key->name);
	}
	if (l->mistakes > 0 || *conf_str(l->view, "map_dir") != '\0')
		return;
	if (path_absolute(l->path, dir, sizeof(dir)) != 0) {
		mistake(l, 0, "map_dir", "must be set here");
		return;
	}
	*strrchr(dir, '/') = '\0';
	if (conf_view_add(l->view, "map_dir", dir[0] != '\0' ? dir : "/") != 0)
		mistake(l, 0, "map_dir", "must be set here");
}

static void
on_complaint(const char *name, size_t item, const char *what, void *ctx)
{
	struct loading *l = ctx;
	size_t key = (size_t)(conf_key_find(name) - conf_keys);
	int line = item < l->items[key] ? l->lines[key][item] : 0;

	mistake(l, line, name, what);
}

static void
finish(struct loading *l)
{
	const struct conf_complaint c = { on_complaint, l };

	if (l->mistakes == 0)
		conf_cross_check(l->view, user_self() == 0, &c);
	for (size_t i = 0; i < conf_keys_n; i++)
		free(l->lines[i]);
	for (size_t i = 0; i < l->nunknown; i++)
		free(l->unknown[i]);
	free(l->lines);
	free(l->items);
	if (l->mistakes > 0)
		conf_view_free(&l->view);
}

struct conf_view *
conf_load(const char *path, struct buf *errors)
{
	struct loading l = { .path = path, .errors = errors };

	l.lines = xcalloc(conf_keys_n, sizeof(l.lines[0]));
	l.items = xcalloc(conf_keys_n, sizeof(l.items[0]));
	buf_init(&l.text, FILE_MAX);
	if (read_file(&l)) {
		now = &l;
		do {
			forget(&l);
			parse(&l);
		} while (l.again);
		now = NULL;
		if (!l.broken)
			add_defaults(&l);
	}
	buf_fini(&l.text);
	finish(&l);
	return l.view;
}
