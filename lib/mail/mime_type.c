/*
 * One tokenizer for all fields of MIME that have the form "word; name=value".
 * It is lenient where mail in the world is: a bad parameter is passed over,
 * an unquoted value may hold what should have been quoted.  Strings are copied
 * into the caller's arena without line ends and NUL, so that they can be told
 * to clients.  Parameters are gathered in an array on the stack with a fixed
 * end; RFC 2231 pieces go to slots by number, each parameter is looked at once.
 */
#include "mail/mime_type.h"

#include <string.h>

#include "base/cur.h"
#include "base/num.h"

/* RFC 2045 5.1 token */
static bool
is_token(char c)
{
	return c > ' ' && c <= '~' && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* What we take for an unquoted value: all up to a space, ';' or comment. */
static bool
is_loose(char c)
{
	return (unsigned char)c > ' ' && c != 127 && c != ';' && c != '(' &&
	    c != '"';
}

/* White space and comments, RFC 5322 3.2.2. */
static void
skip_cfws(struct cur *c)
{
	size_t depth = 0;
	int ch;

	while ((ch = cur_peek(c)) >= 0) {
		if (ch == '(')
			depth++;
		else if (ch == ')' && depth > 0)
			depth--;
		else if (ch == '\\' && depth > 0)
			cur_next(c);
		else if (depth == 0 && ch > ' ')
			return;
		cur_next(c);
	}
}

/* A quoted string's raw inside; the cursor goes behind it. */
static struct span
quoted(struct cur *c)
{
	const char *from;
	int ch;

	cur_next(c);
	from = c->p;
	while ((ch = cur_peek(c)) >= 0 && ch != '"') {
		if (ch == '\\')
			cur_next(c);
		cur_next(c);
	}
	struct span s = cur_since(c, from);

	cur_take(c, '"');
	return s;
}

/* Copy without line ends and NUL, and without backslashes if quoted. */
static struct span
keep(struct arena *mem, struct span s, bool was_quoted)
{
	char *p = arena_alloc(mem, s.n + 1);
	size_t n = 0;

	if (p == NULL)
		return SPAN_NONE;
	for (size_t i = 0; i < s.n; i++) {
		if (was_quoted && s.p[i] == '\\' && i + 1 < s.n)
			i++;
		if (s.p[i] != '\0' && s.p[i] != '\r' && s.p[i] != '\n')
			p[n++] = s.p[i];
	}
	return span_of(p, n);
}

/* To the ';' that ends this parameter. */
static void
skip_param(struct cur *c)
{
	int ch;

	for (;;) {
		skip_cfws(c);
		ch = cur_peek(c);
		if (ch < 0 || ch == ';')
			return;
		if (ch == '"')
			quoted(c);
		else
			cur_next(c);
	}
}

/* RFC 2045 5.1 parameter; false: none that could be kept. */
static bool
take_param(struct cur *c, struct arena *mem, struct mime_param *p, bool *full)
{
	struct span name, value;
	bool q;

	skip_cfws(c);
	name = cur_while(c, is_token);
	skip_cfws(c);
	if (name.n == 0 || !cur_take(c, '='))
		return false;
	skip_cfws(c);
	q = cur_peek(c) == '"';
	value = q ? quoted(c) : cur_while(c, is_loose);
	if (!q && value.n == 0)
		return false;
	p->name = keep(mem, name, false);
	p->value = keep(mem, value, q);
	if (p->name.p != NULL && p->value.p != NULL)
		return true;
	*full = true;
	return false;
}

static void
take_params(struct cur *c, struct arena *mem, struct mime_params *out)
{
	struct mime_param v[MIME_PARAMS_MAX];
	size_t n = 0;

	*out = (struct mime_params){ .v = NULL };
	for (;;) {
		skip_param(c);
		if (!cur_take(c, ';'))
			break;
		if (n == COUNT(v)) {
			out->cut = true;
			break;
		}
		if (take_param(c, mem, &v[n], &out->cut))
			n++;
	}
	if (n == 0)
		return;
	out->v = arena_array(mem, n, sizeof(v[0]));
	if (out->v == NULL) {
		out->cut = true;
		return;
	}
	memcpy(out->v, v, n * sizeof(v[0]));
	out->n = n;
}

void
mime_type_default(struct mime_type *out)
{
	static struct mime_param ascii = {
		.name = { "charset", 7 }, .value = { "us-ascii", 8 }
	};

	*out = (struct mime_type){ .type = SPAN_LIT("text"),
		.subtype = SPAN_LIT("plain"),
		.params = { .v = &ascii, .n = 1 } };
}

int
mime_type_parse(struct span value, struct arena *mem, struct mime_type *out)
{
	struct cur c;
	struct span type, subtype;

	cur_init(&c, value, 0, 0);
	skip_cfws(&c);
	type = cur_while(&c, is_token);
	skip_cfws(&c);
	mime_type_default(out);
	if (type.n == 0 || !cur_take(&c, '/'))
		return -1;
	skip_cfws(&c);
	subtype = cur_while(&c, is_token);
	if (subtype.n == 0)
		return -1;
	type = keep(mem, type, false);
	subtype = keep(mem, subtype, false);
	if (type.p == NULL || subtype.p == NULL)
		return -1;
	out->type = type;
	out->subtype = subtype;
	take_params(&c, mem, &out->params);
	return 0;
}

bool
mime_type_is(const struct mime_type *t, const char *type, const char *subtype)
{
	return span_ieq_str(t->type, type) &&
	    (subtype == NULL || span_ieq_str(t->subtype, subtype));
}

int
mime_disposition_parse(struct span value, struct arena *mem,
    struct mime_disposition *out)
{
	struct cur c;
	struct span kind;

	*out = (struct mime_disposition){ .kind = SPAN_NONE };
	cur_init(&c, value, 0, 0);
	skip_cfws(&c);
	kind = cur_while(&c, is_token);
	if (kind.n == 0)
		return -1;
	out->kind = keep(mem, kind, false);
	if (out->kind.p == NULL)
		return -1;
	take_params(&c, mem, &out->params);
	return 0;
}

void
mime_list_parse(struct span value, struct arena *mem, struct mime_list *out)
{
	struct span v[MIME_LANGUAGES_MAX], s;
	struct cur c;
	size_t n = 0;

	*out = (struct mime_list){ .v = NULL };
	cur_init(&c, value, 0, 0);
	while (skip_cfws(&c), !cur_end(&c) && n < COUNT(v)) {
		s = cur_while(&c, is_token);
		if (s.n == 0) {
			cur_next(&c);	/* a comma, or no tag */
			continue;
		}
		v[n] = keep(mem, s, false);
		if (v[n].p == NULL)
			return;
		n++;
	}
	if (n == 0 || (out->v = arena_array(mem, n, sizeof(v[0]))) == NULL)
		return;
	memcpy(out->v, v, n * sizeof(v[0]));
	out->n = n;
}

struct span
mime_token(struct span value)
{
	struct cur c;

	cur_init(&c, value, 0, 0);
	skip_cfws(&c);
	return cur_while(&c, is_token);
}

struct span
mime_param(const struct mime_params *ps, const char *name)
{
	for (size_t i = 0; i < ps->n; i++)
		if (span_ieq_str(ps->v[i].name, name))
			return ps->v[i].value;
	return SPAN_NONE;
}

/* The pieces of one parameter, by number. */
struct pieces {
	const struct mime_param *plain;		/* name */
	const struct mime_param *encoded;	/* name* */
	const struct mime_param *v[MIME_SECTIONS_MAX];	/* name*N, name*N* */
};

static bool
is_encoded(const struct mime_param *p)
{
	return span_ends(p->name, SPAN_LIT("*"));
}

/* RFC 2231 3: decimal, no sign, no leading zero; the first one counts. */
static void
sort_piece(struct pieces *ps, const struct mime_param *p, struct span tail)
{
	uint64_t i;

	if (tail.n == 0) {
		if (ps->plain == NULL)
			ps->plain = p;
		return;
	}
	if (tail.p[0] != '*')
		return;
	if (tail.n == 1) {
		if (ps->encoded == NULL)
			ps->encoded = p;
		return;
	}
	tail = span_from(tail, 1);
	if (tail.p[tail.n - 1] == '*')
		tail = span_head(tail, tail.n - 1);
	if ((tail.n > 1 && tail.p[0] == '0') ||
	    num_parse(tail, 0, MIME_SECTIONS_MAX - 1, &i) != 0)
		return;
	if (ps->v[i] == NULL)
		ps->v[i] = p;
}

static int
hex(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	return ascii_isxdigit(c) ? ascii_lower(c) - 'a' + 10 : -1;
}

static void
put_octet(struct buf *out, int c)
{
	if (c >= ' ' && c != 127)
		buf_add_char(out, (char)c);
}

/* RFC 2231 4, 7: %XX; a '%' that is none stands for itself. */
static void
put_piece(struct buf *out, struct span s, bool encoded)
{
	for (size_t i = 0; i < s.n; i++) {
		int c = (uint8_t)s.p[i];

		if (encoded && c == '%' && i + 2 < s.n &&
		    hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
			c = hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]);
			i += 2;
		}
		put_octet(out, c);
	}
}

/* RFC 2231 4: charset'language'text; without both quotes it is all text. */
static struct span
cut_charset(struct span s, struct span *charset)
{
	struct span rest = s, cs, lang;

	cs = span_cut(&rest, '\'');
	lang = span_cut(&rest, '\'');
	(void)lang;		/* told to nobody */
	if (rest.p == NULL)
		return s;
	*charset = cs;
	return rest;
}

static void
find_pieces(const struct mime_params *ps, struct span name,
    struct pieces *found)
{
	*found = (struct pieces){ .plain = NULL };
	for (size_t i = 0; i < ps->n; i++)
		if (span_istarts(ps->v[i].name, name))
			sort_piece(found, &ps->v[i],
			    span_from(ps->v[i].name, name.n));
}

int
mime_param_decode(const struct mime_params *ps, const char *name,
    struct buf *out, struct span *charset)
{
	struct pieces found;
	const struct mime_param *first;

	*charset = SPAN_NONE;
	find_pieces(ps, span_str(name), &found);
	if (found.encoded != NULL) {
		found.v[0] = found.encoded;
		found.v[1] = NULL;
	}
	first = found.v[0];
	if (first == NULL) {
		if (found.plain == NULL)
			return -1;
		put_piece(out, found.plain->value, false);
		return out->full ? -1 : 0;
	}
	for (size_t i = 0; i < COUNT(found.v) && found.v[i] != NULL; i++) {
		struct span s = found.v[i]->value;

		if (i == 0 && is_encoded(first))
			s = cut_charset(s, charset);
		put_piece(out, s, is_encoded(found.v[i]));
	}
	return out->full ? -1 : 0;
}

/* "name*0", "name*0*": the first of a row; *base: "name". */
static bool
is_first_piece(const struct mime_param *p, struct span *base)
{
	size_t star = span_chr(p->name, '*');
	struct span tail = span_from(p->name, star);

	*base = span_head(p->name, star);
	return span_eq_str(tail, "*0") || span_eq_str(tail, "*0*");
}

static bool
is_later_piece(const struct mime_param *p)
{
	struct span tail = span_from(p->name, span_chr(p->name, '*'));

	return tail.n > 1;
}

static size_t
pieces_n(const struct pieces *found)
{
	size_t n = 0;

	while (n < COUNT(found->v) && found->v[n] != NULL)
		n++;
	return n;
}

/* One piece in the form of RFC 2231 4: what was no %XX before is none now. */
static void
put_encoded(struct buf *b, struct span s, bool encoded)
{
	for (size_t i = 0; i < s.n; i++) {
		bool is_hex = encoded && i + 2 < s.n &&
		    hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;

		buf_add_char(b, s.p[i]);
		if (s.p[i] == '%' && !is_hex)
			buf_add_str(b, "25");
	}
}

static bool
names_charset(const struct mime_param *first)
{
	struct span charset = SPAN_NONE;

	return is_encoded(first) &&
	    cut_charset(first->value, &charset).p != first->value.p;
}

/* All pieces as one parameter: "name", or "name*" if one of them is encoded. */
static bool
join(const struct pieces *found, struct span base, struct arena *mem,
    struct mime_param *out)
{
	size_t n = pieces_n(found);
	bool encoded = false;
	struct buf b;

	buf_init(&b, 64 * KIB);
	for (size_t i = 0; i < n; i++)
		encoded = encoded || is_encoded(found->v[i]);
	if (encoded && !names_charset(found->v[0]))
		buf_add_str(&b, "''");
	for (size_t i = 0; i < n; i++)
		if (encoded)
			put_encoded(&b, found->v[i]->value,
			    is_encoded(found->v[i]));
		else
			buf_add_span(&b, found->v[i]->value);
	/* "name*" stands already in front of "name*0" */
	out->name = span_head(found->v[0]->name, base.n + (encoded ? 1 : 0));
	out->value = b.full ? SPAN_NONE : arena_span(mem, buf_span(&b));
	buf_fini(&b);
	return out->value.p != NULL;
}

/*
 * What becomes of one parameter: kept, joined, or left out since another one
 * takes its place by the order that mime_param_decode() follows.
 */
static bool
join_one(struct mime_params *ps, const struct mime_param *p,
    struct arena *mem, struct mime_param *out)
{
	struct pieces found;
	struct span base;

	if (is_first_piece(p, &base)) {
		find_pieces(ps, base, &found);
		if (found.encoded != NULL || found.v[0] != p)
			return false;
		if (join(&found, base, mem, out))
			return true;
		ps->cut = true;
		return false;
	}
	if (is_later_piece(p))
		return false;
	*out = *p;
	find_pieces(ps, base, &found);
	return is_encoded(p) || found.encoded != NULL || found.v[0] == NULL;
}

void
mime_params_join(struct mime_params *ps, struct arena *mem)
{
	struct mime_param *v;
	struct span base;
	size_t n = 0;
	bool any = false;

	for (size_t i = 0; i < ps->n; i++)
		any = any || is_first_piece(&ps->v[i], &base);
	if (!any || (v = arena_array(mem, ps->n, sizeof(*v))) == NULL)
		return;
	for (size_t i = 0; i < ps->n; i++)
		if (join_one(ps, &ps->v[i], mem, &v[n]))
			n++;
	ps->v = v;
	ps->n = n;
}
