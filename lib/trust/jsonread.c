/*
 * jsonread - see jsonread.h.
 * One recursive walk that only moves forward; the depth and the number of
 * items are counted by the cursor before they are entered.  A member is looked
 * up by the same walk over one object, so that what was found ok is found
 * again in the same way; keys are compared decoded, and twice the same key is
 * none: which one counts would be a matter of taste.
 */
#include "trust/jsonread.h"

#include "base/cur.h"
#include "base/num.h"
#include "base/utf8.h"

#define KEY_MAX		64	/* octets of a key that anybody asks for */
#define NUMBER_MAX	((uint64_t)1 << 53)

static bool walk(struct cur *c);

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
space(struct cur *c)
{
	(void)cur_while(c, is_space);
}

static bool
hex4(struct cur *c, uint64_t *out)
{
	struct span rest = cur_rest(c);

	if (rest.n < 4 || num_parse_hex(span_head(rest, 4), 0xffff, out) != 0)
		return false;
	for (int i = 0; i < 4; i++)
		(void)cur_next(c);
	return true;
}

/* Behind "\u": RFC 8259 7; a surrogate needs its other half, NUL is refused. */
static bool
escaped_unicode(struct cur *c, struct buf *out)
{
	uint64_t high, low;

	if (!hex4(c, &high) || high == 0 || (high >= 0xdc00 && high < 0xe000))
		return false;
	if (high >= 0xd800 && high < 0xdc00) {
		if (!cur_take_str(c, "\\u") || !hex4(c, &low) ||
		    low < 0xdc00 || low >= 0xe000)
			return false;
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	}
	return out == NULL || utf8_put(out, (uint32_t)high) == 0;
}

static bool
escaped(struct cur *c, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int octet = cur_next(c);

	if (octet == 'u')
		return escaped_unicode(c, out);
	for (size_t i = 0; from[i] != '\0'; i++)
		if (octet == from[i])
			return out == NULL || buf_add_char(out, to[i]) == 0;
	return false;
}

/* out: NULL: only passed over */
static bool
string(struct cur *c, struct buf *out)
{
	const char *from = c->p;

	if (!cur_take(c, '"'))
		return false;
	for (;;) {
		int octet = cur_next(c);

		if (octet == '"')
			return utf8_valid(cur_since(c, from));
		if (octet < ' ')		/* the end, too */
			return false;
		if (octet == '\\' ? !escaped(c, out) : out != NULL &&
		    buf_add_char(out, (char)octet) != 0)
			return false;
	}
}

static bool
digits(struct cur *c)
{
	return cur_while(c, ascii_isdigit).n > 0;
}

/* RFC 8259 6 */
static bool
number(struct cur *c)
{
	(void)cur_take(c, '-');
	if (!cur_take(c, '0') && !digits(c))
		return false;
	if (cur_take(c, '.') && !digits(c))
		return false;
	if (cur_take(c, 'e') || cur_take(c, 'E')) {
		if (!cur_take(c, '+'))
			(void)cur_take(c, '-');
		return digits(c);
	}
	return true;
}

static bool
member(struct cur *c)
{
	space(c);
	if (!string(c, NULL))
		return false;
	space(c);
	return cur_take(c, ':') && walk(c);
}

/* Items between open (taken already) and close, a comma between. */
static bool
items(struct cur *c, char close, bool (*one)(struct cur *))
{
	if (!cur_enter(c))
		return false;
	space(c);
	if (cur_take(c, close)) {
		cur_leave(c);
		return true;
	}
	do
		if (!cur_item(c) || !one(c))
			return false;
	while (cur_take(c, ','));
	cur_leave(c);
	return cur_take(c, close);
}

/* Any value with the spaces around it. */
static bool
walk(struct cur *c)
{
	bool ok;

	space(c);
	if (cur_take(c, '{'))
		ok = items(c, '}', member);
	else if (cur_take(c, '['))
		ok = items(c, ']', walk);
	else if (cur_peek(c) == '"')
		ok = string(c, NULL);
	else
		ok = cur_take_str(c, "true") || cur_take_str(c, "false") ||
		    cur_take_str(c, "null") || number(c);
	space(c);
	return ok;
}

bool
jsonread_ok(struct span text)
{
	struct cur c;

	cur_init(&c, text, JSONREAD_DEPTH, JSONREAD_ITEMS);
	space(&c);
	return cur_peek(&c) == '{' && walk(&c) && cur_end(&c);
}

/* A raw value without the spaces around it. */
static bool
raw(struct cur *c, struct span *value)
{
	const char *from;

	space(c);
	from = c->p;
	if (!walk(c))
		return false;
	*value = span_trim_ws(cur_since(c, from));
	return true;
}

/* The next key: is it the one?  false: this is no object. */
static bool
key_is(struct cur *c, const char *key, bool *same)
{
	struct cur ahead;
	struct buf text;

	space(c);
	ahead = *c;
	if (!string(c, NULL))
		return false;
	buf_init(&text, KEY_MAX);
	*same = string(&ahead, &text) && span_eq_str(buf_span(&text), key);
	buf_fini(&text);
	space(c);
	return cur_take(c, ':');
}

bool
jsonread_member(struct span object, const char *key, struct span *value)
{
	unsigned found = 0;
	struct span one;
	struct cur c;
	bool same;

	cur_init(&c, object, JSONREAD_DEPTH, JSONREAD_ITEMS);
	space(&c);
	if (!cur_take(&c, '{'))
		return false;
	do {
		if (!key_is(&c, key, &same) || !raw(&c, &one))
			break;
		if (same) {
			*value = one;
			found++;
		}
	} while (cur_take(&c, ','));
	return found == 1;
}

bool
jsonread_element(struct span *rest, struct span *value)
{
	struct cur c;

	cur_init(&c, *rest, JSONREAD_DEPTH, JSONREAD_ITEMS);
	space(&c);
	if (!cur_take(&c, '[') && !cur_take(&c, ','))
		return false;
	if (!raw(&c, value))
		return false;
	*rest = cur_rest(&c);
	return true;
}

bool
jsonread_is_array(struct span value)
{
	return value.n > 0 && value.p[0] == '[';
}

bool
jsonread_is_true(struct span value)
{
	return span_eq_str(value, "true") || span_eq_str(value, "\"true\"");
}

int
jsonread_string(struct span value, struct buf *out)
{
	size_t before = out->n;
	struct cur c;

	cur_init(&c, value, 0, 0);
	if (string(&c, out) && cur_end(&c))
		return 0;
	buf_cut(out, before);
	return -1;
}

int
jsonread_number(struct span value, int64_t *out)
{
	struct span whole = span_head(value, span_chr(value, '.'));
	uint64_t n;

	if (num_parse(whole, 0, NUMBER_MAX, &n) != 0)
		return -1;
	*out = (int64_t)n;
	return 0;
}
