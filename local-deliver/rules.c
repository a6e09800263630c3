/*
 * rules.c - entries end at a comma or a line end outside of quotes.  An entry
 * that cannot be used does nothing; if no entry can be, mail stays where it
 * would be without the file: nothing is ever lost by a mistake in it.
 */
#include "local-deliver/rules.h"

#include <string.h>

#include "base/cur.h"

#define ENTRIES_MAX	1000	/* used or not */

/* One entry, without white space around it; quotes stay in it. */
static struct span
take_entry(struct cur *c)
{
	const char *from = c->p;
	bool quoted = false;
	struct span s;
	int o;

	while ((o = cur_peek(c)) >= 0 && o != '\n' &&
	    (quoted || o != ',')) {
		if (o == '"')
			quoted = !quoted;
		else if (o == '\\' && quoted && cur_peek_at(c, 1) > 0 &&
		    cur_peek_at(c, 1) != '\n')
			(void)cur_next(c);	/* and what it quotes */
		(void)cur_next(c);
	}
	s = span_trim_ws(cur_since(c, from));
	(void)cur_next(c);		/* the separator; nothing at the end */
	return s;
}

/* "..." and <...> around a whole entry are only wrapping. */
static struct span
unwrap(struct span s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = span_head(span_from(s, 1), s.n - 2);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = span_head(span_from(s, 1), s.n - 2);
	return span_trim_ws(s);
}

static void
ignore(struct rules *out, struct span entry)
{
	if (out->ignored++ == 0)
		span_copy_cut(entry, out->first_ignored,
		    sizeof(out->first_ignored));
}

/* An address, or a name of our domain that needs no quotes. */
static int
parse_target(struct span s, const struct addr *self, struct addr *a)
{
	if (span_has(s, '@'))
		return addr_parse(s, a, NULL);
	if (addr_make(a, s, addr_domain(self)) != 0 || a->text[0] == '"')
		return -1;
	return 0;
}

/* \alice, alice or alice@our.domain: the mailbox itself. */
static bool
is_self(struct span s, const struct addr *self)
{
	struct addr a;
	bool marked = s.n > 0 && s.p[0] == '\\';

	return parse_target(span_from(s, marked), self, &a) == 0 &&
	    addr_eq(&a, self);
}

static bool
add(struct rules *out, const struct addr *a)
{
	for (size_t i = 0; i < out->n; i++)
		if (addr_eq(&out->to[i], a))
			return true;
	if (out->n == FORWARD_MAX)
		return false;
	out->to[out->n++] = *a;
	return true;
}

/* false: too many. */
static bool
take(struct rules *out, struct span entry, const struct addr *self)
{
	struct span s = unwrap(entry);
	struct addr a;

	if (s.n == 0)
		return true;
	if (is_self(s, self)) {
		out->keep = true;
		return true;
	}
	if (span_has(SPAN_LIT("|/:\\"), s.p[0])) {
		ignore(out, entry);
		return true;
	}
	if (parse_target(s, self, &a) == 0)
		return add(out, &a);
	ignore(out, entry);
	return true;
}

void
rules_parse(struct span text, const struct addr *self, struct rules *out)
{
	struct cur c;
	struct span entry;

	memset(out, 0, sizeof(*out));
	cur_init(&c, text, 0, ENTRIES_MAX);
	while (!cur_end(&c)) {
		if (cur_peek(&c) == ' ' || cur_peek(&c) == '\t') {
			(void)cur_next(&c);
			continue;
		}
		if (cur_peek(&c) == '#') {
			while (!cur_end(&c) && cur_next(&c) != '\n')
				continue;
			continue;
		}
		entry = take_entry(&c);
		if (!cur_item(&c) || !take(out, entry, self)) {
			out->n = 0;
			ignore(out, SPAN_LIT("too many entries"));
			break;
		}
	}
	if (out->n == 0)
		out->keep = true;
}
