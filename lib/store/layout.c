/*
 * layout - see layout.h: names between the store's form and that of the disk.
 * What is read from the disk counts only if it would be written in the same
 * way: so no folder has two names, and none that is another one's.
 */
#include "store/layout.h"

#include <string.h>

#include "base/utf7.h"

static const char in_dot[] = "&AC4-", in_slash[] = "&AC8-";

/* Set once, before the first mailbox is opened. */
static struct {
	bool fs, utf8;
	char escape;		/* 0: none */
} the;

void
layout_set(const char *layout, const char *names, const char *escape)
{
	the.fs = strcmp(layout, "fs") == 0;
	the.utf8 = strcmp(names, "utf-8") == 0;
	the.escape = escape[0];
}

bool
layout_is_fs(void)
{
	return the.fs;
}

bool
layout_escapes(void)
{
	return the.escape != '\0';
}

char
layout_separator(void)
{
	return the.fs ? '/' : '.';
}

void
layout_plain(struct span part, struct buf *out)
{
	while (part.n > 0) {
		if (span_starts(part, span_str(in_dot))) {
			(void)buf_add_char(out, '.');	/* `full` tells */
			part = span_from(part, sizeof(in_dot) - 1);
		} else if (span_starts(part, span_str(in_slash))) {
			(void)buf_add_char(out, '/');
			part = span_from(part, sizeof(in_slash) - 1);
		} else {
			(void)buf_add_char(out, part.p[0]);
			part = span_from(part, 1);
		}
	}
}

/* Octet i of a component has to be escaped. */
static bool
is_escaped(struct span text, size_t i, bool first)
{
	bool dots = span_eq_str(text, ".") || span_eq_str(text, "..");
	char c = text.p[i];

	return the.escape != '\0' && (c == the.escape || c == '/' ||
	    (c == '~' && first && i == 0) ||
	    (c == '.' && (!the.fs || (dots && i == 0))));
}

int
layout_put_part(struct buf *out, struct span part, bool first)
{
	struct buf plain, text;
	struct span s;
	int rc = 0;

	buf_init(&plain, FOLDER_NAME_MAX);
	buf_init(&text, LAYOUT_PATH_SIZE);
	layout_plain(part, &plain);
	s = buf_span(&plain);
	if (the.utf8) {
		rc = utf7_to_utf8(&text, s);
		s = buf_span(&text);
	}
	for (size_t i = 0; rc == 0 && i < s.n; i++)
		if (is_escaped(s, i, first))
			rc = buf_addf(out, "%c%02x", the.escape,
			    (unsigned)(uint8_t)s.p[i]);
		else
			rc = buf_add_char(out, s.p[i]);
	buf_fini(&text);
	buf_fini(&plain);
	return rc;
}

int
layout_spell(const char *name, char separator, char out[LAYOUT_PATH_SIZE])
{
	struct span rest = span_str(name);
	struct buf path;
	bool first = true;
	int rc = 0;

	buf_init(&path, LAYOUT_PATH_SIZE - 1);
	for (; rc == 0 && rest.p != NULL; first = false) {
		if (!first)
			(void)buf_add_char(&path, separator);
		rc = layout_put_part(&path,
		    span_cut(&rest, FOLDER_SEPARATOR), first);
	}
	if (rc == 0)
		rc = path.full ? -1 : span_copy(buf_span(&path), out,
		    LAYOUT_PATH_SIZE);
	buf_fini(&path);
	return rc;
}

int
layout_path(const char *name, char out[LAYOUT_PATH_SIZE])
{
	char spelled[LAYOUT_PATH_SIZE];

	if (the.fs)
		return layout_spell(name, '/', out);
	if (layout_spell(name, '.', spelled) != 0 ||
	    strlen(spelled) + 2 > LAYOUT_PATH_SIZE)
		return -1;
	out[0] = '.';
	return span_copy(span_str(spelled), out + 1, LAYOUT_PATH_SIZE - 1);
}

static int
hex_value(char c)
{
	return ascii_isdigit(c) ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : -1;
}

/* Printable ASCII alone is ever escaped. */
static int
unescape(struct span disk, struct buf *out)
{
	for (size_t i = 0; i < disk.n; i++) {
		char c = disk.p[i];

		if (the.escape != '\0' && c == the.escape) {
			int high = i + 2 < disk.n ?
			    hex_value(disk.p[i + 1]) : -1;
			int low = high < 0 ? -1 : hex_value(disk.p[i + 2]);

			if (low < 0 || high < 2 || high > 7)
				return -1;
			c = (char)(high * 16 + low);
			i += 2;
		}
		(void)buf_add_char(out, c);	/* judged by `full` */
	}
	return out->full ? -1 : 0;
}

static void
put_inner(struct buf *out, struct span plain)
{
	for (size_t i = 0; i < plain.n; i++)
		if (plain.p[i] == '.')
			(void)buf_add_str(out, in_dot);
		else if (plain.p[i] == '/')
			(void)buf_add_str(out, in_slash);
		else
			(void)buf_add_char(out, plain.p[i]);
}

/* A component of the disk, added to a name; the caller looks at `full`. */
static int
take_part(struct span disk, bool first, struct buf *name)
{
	struct buf text, plain, again;
	size_t begin = name->n;
	int rc;

	buf_init(&text, LAYOUT_PATH_SIZE);
	buf_init(&plain, LAYOUT_PATH_SIZE);
	buf_init(&again, LAYOUT_PATH_SIZE);
	rc = unescape(disk, &text);
	if (rc == 0)
		rc = the.utf8 ? utf7_from_utf8(&plain, buf_span(&text)) :
		    buf_add_span(&plain, buf_span(&text));
	if (rc == 0) {
		put_inner(name, buf_span(&plain));
		rc = layout_put_part(&again,
		    span_from(buf_span(name), begin), first);
	}
	if (rc == 0 && !span_eq(buf_span(&again), disk))
		rc = -1;
	buf_fini(&again);
	buf_fini(&plain);
	buf_fini(&text);
	return rc;
}

int
layout_name(struct span disk, char separator, char out[FOLDER_NAME_SIZE])
{
	struct buf name;
	bool first = true;
	int rc = 0;

	buf_init(&name, FOLDER_NAME_MAX);
	for (; rc == 0 && disk.p != NULL; first = false) {
		if (!first)
			(void)buf_add_char(&name, FOLDER_SEPARATOR);
		rc = take_part(span_cut(&disk, separator), first, &name);
	}
	if (rc == 0)
		rc = name.full ? -1 : folder_name(buf_span(&name), out, NULL);
	buf_fini(&name);
	return rc;
}

/*
 * By what the programs of this kind write, and no more: "New", "Subscriptions"
 * and "dovecot" are folders that people have.
 */
bool
layout_is_taken(struct span plain)
{
	static const char *const names[] = { "cur", "new", "tmp",
		"subscriptions", "maildirsize", "maildirfolder" };
	static const char *const begins[] = { "dovecot-uid", "dovecot-keywords",
		"dovecot-acl", "dovecot-attributes", "dovecot.", "paquebot-",
		"courierimap", "courierpop3d", ".." };

	for (size_t i = 0; i < COUNT(names); i++)
		if (span_eq_str(plain, names[i]))
			return true;
	/* ".." alone is not one of these: it can be escaped, or is refused. */
	for (size_t i = 0; i < COUNT(begins); i++)
		if (plain.n > 2 && span_starts(plain, span_str(begins[i])))
			return true;
	return false;
}

int
folder_name_from(struct span in, char separator, struct buf *out)
{
	if (span_find(in, span_str(in_dot)) < in.n ||
	    span_find(in, span_str(in_slash)) < in.n)
		return -1;
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] == separator)
			(void)buf_add_char(out, FOLDER_SEPARATOR);
		else
			put_inner(out, span_of(in.p + i, 1));
	return 0;
}

void
folder_name_to(const char *name, char separator, struct buf *out)
{
	struct span rest = span_str(name), part;
	bool first = true;

	for (; rest.p != NULL; first = false) {
		part = span_cut(&rest, FOLDER_SEPARATOR);
		if (!first)
			(void)buf_add_char(out, separator);
		layout_plain(part, out);
	}
}
