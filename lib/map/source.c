/*
 * source.c - reads "key: value" text in one pass.  An entry is collected in
 * a buffer until the next line that does not continue it, so that the cost is
 * linear and the caller sees whole entries only.  Pure.
 */
#include "map/source.h"

#include "base/buf.h"
#include "map/fold.h"
#include "map/table.h"

struct source {
	int (*each)(struct span, struct span, void *, struct why *);
	void	   *ctx;
	struct buf  entry;	/* the lines collected, joined */
	struct buf  key;	/* of it, folded */
	size_t	    line;	/* number of the first of them */
	struct why *why;
};

static int
complain(struct source *s, const char *what)
{
	why_set(s->why, WHY_PERM, "5.3.5", "line %zu: %s", s->line, what);
	return -1;
}

/* The key at the front of *text, which is moved behind the colon. */
static int
take_key(struct source *s, struct span *text, struct span *key)
{
	bool quoted = text->n > 0 && text->p[0] == '"';

	if (quoted) {
		*text = span_from(*text, 1);
		*key = span_cut(text, '"');
		*text = span_trim(*text);
		if (text->p == NULL || text->n == 0 || text->p[0] != ':')
			return complain(s, "no ':' behind the quoted key");
		*text = span_from(*text, 1);
	} else {
		size_t colon = span_chr(*text, ':');

		if (colon == text->n)
			return complain(s, "no ':'");
		*key = span_trim(span_head(*text, colon));
		*text = span_from(*text, colon + 1);
	}
	if (key->n == 0)
		return complain(s, "empty key");
	if (key->n > MAP_KEY_MAX)
		return complain(s, "key too long");
	return 0;
}

static int
give_entry(struct source *s)
{
	struct span key, text = buf_span(&s->entry);
	struct why inner;

	if (text.n == 0)
		return 0;
	if (take_key(s, &text, &key) != 0)
		return -1;
	for (size_t i = 0; i < key.n; i++)
		if (ascii_iscntrl(key.p[i]))
			return complain(s, "control character in the key");
	buf_clear(&s->key);
	if (fold_name(key, &s->key) != 0)
		return complain(s, "a key that is no good UTF-8");
	why_clear(&inner);
	if (s->each(buf_span(&s->key), span_trim(text), s->ctx, &inner) != 0)
		return complain(s, inner.text);
	buf_clear(&s->entry);
	return 0;
}

static int
take_line(struct source *s, struct span line, size_t number)
{
	bool continues = line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
	struct span text = span_trim_ws(line);

	if (span_has(text, '\0')) {
		s->line = number;
		return complain(s, "NUL in the text");
	}
	if (text.n == 0 || text.p[0] == '#')
		return 0;
	if (!continues) {
		if (give_entry(s) != 0)
			return -1;
		s->line = number;
	} else if (s->entry.n == 0) {
		s->line = number;
		return complain(s, "continuation of nothing");
	}
	if (s->entry.n > 0)
		(void)buf_add_char(&s->entry, ' ');	/* judged below */
	if (buf_add_span(&s->entry, text) != 0)
		return complain(s, "entry too long");
	return 0;
}

int
map_source_parse(struct span text,
    int (*each)(struct span key, struct span value, void *ctx,
    struct why *why), void *ctx, struct why *why)
{
	struct source s = { .each = each, .ctx = ctx, .why = why };
	struct span rest = text;
	int rc = -1;

	buf_init(&s.entry, MAP_KEY_MAX + MAP_VALUE_MAX);
	buf_init(&s.key, MAP_KEY_MAX);
	for (size_t n = 1; rest.p != NULL; n++)
		if (take_line(&s, span_cut(&rest, '\n'), n) != 0)
			goto out;
	rc = give_entry(&s);
out:
	buf_fini(&s.entry);
	buf_fini(&s.key);
	return rc;
}
