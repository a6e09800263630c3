/*
 * lexer - see lexer.h.
 *
 * lexer_line() knows just enough of the grammar to find where strings begin
 * and end: a quoted string, where brackets and braces mean nothing; a literal,
 * which must be the last thing on its line; and everything else, where a run
 * of octets is one token.  Whatever kind a token is of, it costs one item, and
 * so does each bracket: a budget that counts only some kinds is none.
 * Controls stand in literals only; 8-bit octets in literals, and as UTF-8 in
 * quoted strings (RFC 6855 3; RFC 9051 section 9, QUOTED-CHAR).
 */
#include "imapd/lexer.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "imapd/limits.h"

void
lexer_init(struct lexer *l)
{
	*l = (struct lexer){ .depth = IMAP_DEPTH_MAX, .items = IMAP_ITEMS_MAX,
		.octets = IMAP_COMMAND_MAX };
}

bool
lexer_keep(struct lexer *l, uint64_t octets)
{
	if (octets > l->octets)
		return false;
	l->octets -= octets;
	return true;
}

static bool
is_plain(char c)
{
	return c > ' ' && c < 0x7f;
}

static bool
ends_token(char c)
{
	return c == ' ' || c == '(' || c == ')' || c == '"' || c == '{';
}

/* "{n}" or "{n+}" at the end of the line; the '{' is here. */
static bool
scan_literal(struct cur *c, struct lexer_literal *lit)
{
	lit->at = cur_offset(c);
	if (!cur_take(c, '{') || !cur_u64(c, UINT64_MAX, &lit->octets))
		return false;
	lit->sync = !cur_take(c, '+');
	return cur_take(c, '}') && cur_end(c);
}

/* A quoted string with its quotes; the first is here. */
static bool
scan_quoted(struct cur *c)
{
	const char *from = c->p;
	bool high = false;
	int octet;

	(void)cur_next(c);
	while ((octet = cur_next(c)) != '"') {
		if (octet == '\\') {
			octet = cur_next(c);
			if (octet != '"' && octet != '\\')
				return false;
		}
		/* The end is -1; NUL is no CHAR. */
		if (octet <= 0 || octet == '\r' || octet == '\n')
			return false;
		high = high || octet > 0x7f;
	}
	/* RFC 6855 3: what is no UTF-8 must be refused. */
	return !high || utf8_valid(cur_since(c, from));
}

static bool
scan_bracket(struct lexer *l, struct cur *c)
{
	if (cur_next(c) == ')') {
		if (l->depth < IMAP_DEPTH_MAX)
			l->depth++;
		return true;
	}
	if (l->depth == 0)
		return false;
	l->depth--;
	return true;
}

/* A run of octets that is neither string nor bracket. */
static bool
scan_run(struct cur *c)
{
	const char *from = c->p;

	while (!cur_end(c) && !ends_token(*c->p)) {
		if (!is_plain(*c->p))
			return false;
		c->p++;
	}
	return c->p > from;
}

enum lexer_verdict
lexer_line(struct lexer *l, struct span line, struct lexer_literal *lit,
    const char **why)
{
	struct cur c;
	bool ok;

	if (!lexer_keep(l, line.n + 2)) {
		*why = "Command too long";
		return LEXER_BAD;
	}
	cur_init(&c, line, 0, l->items);
	while (!cur_end(&c)) {
		if (cur_take(&c, ' '))
			continue;
		if (!cur_item(&c)) {
			*why = "Too many arguments";
			return LEXER_BAD;
		}
		l->items = c.items;
		if (cur_peek(&c) == '{') {
			*why = "Invalid literal";
			return scan_literal(&c, lit) ? LEXER_LITERAL :
			    LEXER_BAD;
		}
		if (cur_peek(&c) == '(' || cur_peek(&c) == ')') {
			*why = "Too many levels of brackets";
			ok = scan_bracket(l, &c);
		} else if (cur_peek(&c) == '"') {
			*why = "Invalid quoted string";
			ok = scan_quoted(&c);
		} else {
			*why = "Invalid character";
			ok = scan_run(&c);
		}
		if (!ok)
			return LEXER_BAD;
	}
	return LEXER_DONE;
}

bool
lexer_is_atom_char(char c)
{
	return is_plain(c) && strchr("(){%*\"\\]", c) == NULL;
}

static bool
is_astring_char(char c)
{
	return lexer_is_atom_char(c) || c == ']';
}

static bool
is_list_char(char c)
{
	return is_astring_char(c) || c == '%' || c == '*';
}

bool
lexer_sp(struct cur *c)
{
	return cur_take(c, ' ');
}

bool
lexer_atom(struct cur *c, struct span *out)
{
	*out = cur_while(c, lexer_is_atom_char);
	return out->n > 0;
}

/* The text between quotes, as it stands, with n backslashes to go. */
static bool
unescape(struct span raw, size_t n, struct arena *mem, struct span *out)
{
	char *p = arena_alloc(mem, raw.n - n + 1);
	size_t at = 0;

	if (p == NULL)
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\')
			i++;
		p[at++] = raw.p[i];
	}
	*out = span_of(p, at);
	return true;
}

static bool
take_quoted(struct cur *c, struct arena *mem, struct span *out)
{
	const char *from = c->p;
	size_t backslashes = 0;
	struct span raw;

	if (!scan_quoted(c))
		return false;
	raw = span_of(from + 1, (size_t)(c->p - from) - 2);
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] == '\\') {
			backslashes++;
			i++;
		}
	*out = raw;
	return backslashes == 0 || unescape(raw, backslashes, mem, out);
}

static bool
take_literal(struct cur *c, struct span *out)
{
	uint64_t n;

	if (!cur_take(c, '{') || !cur_u64(c, IMAP_COMMAND_MAX, &n))
		return false;
	(void)cur_take(c, '+');
	if (!cur_take_str(c, "}\r\n") || n > cur_left(c))
		return false;
	*out = span_of(c->p, (size_t)n);
	c->p += n;
	/* literal = "{" number "}" CRLF *CHAR8: no NUL. */
	return !span_has(*out, '\0');
}

bool
lexer_string(struct cur *c, struct arena *mem, struct span *out)
{
	if (cur_peek(c) == '"')
		return take_quoted(c, mem, out);
	return take_literal(c, out);
}

bool
lexer_astring(struct cur *c, struct arena *mem, struct span *out)
{
	*out = cur_while(c, is_astring_char);
	return out->n > 0 || lexer_string(c, mem, out);
}

bool
lexer_nstring(struct cur *c, struct arena *mem, struct span *out)
{
	if (cur_take_istr(c, "NIL")) {
		*out = SPAN_NONE;
		return true;
	}
	return lexer_string(c, mem, out);
}

bool
lexer_pattern(struct cur *c, struct arena *mem, struct span *out)
{
	*out = cur_while(c, is_list_char);
	return out->n > 0 || lexer_string(c, mem, out);
}

bool
lexer_number(struct cur *c, uint32_t *out)
{
	uint64_t n;

	if (!cur_u64(c, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool
lexer_nz_number(struct cur *c, uint32_t *out)
{
	/* nz-number = digit-nz *DIGIT: no zero in front either. */
	return cur_peek(c) != '0' && lexer_number(c, out);
}

bool
lexer_flag(struct cur *c, struct span *out)
{
	const char *from = c->p;
	struct span word;

	(void)cur_take(c, '\\');
	if (!lexer_atom(c, &word))
		return false;
	*out = cur_since(c, from);
	return true;
}

static bool
is_tag_char(char c)
{
	return is_astring_char(c) && c != '+';
}

bool
lexer_tag(struct cur *c, struct span *out)
{
	*out = cur_while(c, is_tag_char);
	return out->n > 0 && out->n <= IMAP_TAG_MAX;
}
