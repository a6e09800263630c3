/*
 * parse_fetch - what FETCH asks for (RFC 3501 section 9: fetch, fetch-att,
 * section).  Each item gets its label, the words by which the answer names it.
 */
#include "base/buf.h"
#include "base/num.h"
#include "imapd/lexer.h"
#include "imapd/limits.h"
#include "imapd/parse.h"
#include "imapd/strings.h"

#define ITEMS_MAX	(IMAP_ITEMS_MAX + 5)
#define LABEL_MAX	(IMAP_COMMAND_MAX + 64)

static const struct {
	const char *name;	/* a name that begins another comes later */
	enum fetch_kind kind;
	enum section_text text;
	bool peek;
} names[] = {
	{ "FLAGS", FETCH_FLAGS, 0, true },
	{ "EMAILID", FETCH_EMAILID, 0, true },		/* RFC 8474 5.3 */
	{ "THREADID", FETCH_THREADID, 0, true },
	{ "SAVEDATE", FETCH_SAVEDATE, 0, true },	/* RFC 8514 4.2 */
	{ "MODSEQ", FETCH_MODSEQ, 0, true },	/* RFC 7162 3.1.4.2 */
	{ "UID", FETCH_UID, 0, true },
	{ "INTERNALDATE", FETCH_DATE, 0, true },
	{ "ENVELOPE", FETCH_ENVELOPE, 0, true },
	{ "RFC822.SIZE", FETCH_SIZE, 0, true },
	{ "RFC822.HEADER", FETCH_SECTION, SECTION_HEADER, true },
	{ "RFC822.TEXT", FETCH_SECTION, SECTION_TEXT, false },
	{ "RFC822", FETCH_SECTION, SECTION_ALL, false },
	{ "BODYSTRUCTURE", FETCH_STRUCTURE, 0, true },
	{ "BODY", FETCH_BODY, 0, true },
	{ "PREVIEW", FETCH_PREVIEW, 0, true },		/* RFC 8970 6 */
};

/* header-fld-name: what a field can be called (RFC 5322 2.2). */
static bool
is_field_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == ':')
			return false;
	return name.n > 0;
}

/* header-list = "(" header-fld-name *(SP header-fld-name) ")" */
static bool
take_fields(struct cur *c, struct arena *mem, struct section *out)
{
	struct cur ahead = *c;
	size_t most = 1;

	for (int octet; (octet = cur_next(&ahead)) >= 0 && octet != ')';)
		if (octet == ' ')
			most++;
	most = num_min(most, IMAP_FIELD_NAMES);
	out->fields = arena_array(mem, most, sizeof(out->fields[0]));
	if (out->fields == NULL || !lexer_sp(c) || !cur_take(c, '('))
		return false;
	do {
		if (out->fields_n == most ||
		    !lexer_astring(c, mem, &out->fields[out->fields_n]) ||
		    !is_field_name(out->fields[out->fields_n]))
			return false;
		out->fields_n++;
	} while (lexer_sp(c));
	return cur_take(c, ')');
}

static bool
take_section_text(struct cur *c, struct arena *mem, struct section *out)
{
	if (cur_take_istr(c, "HEADER.FIELDS.NOT")) {
		out->text = SECTION_FIELDS_NOT;
		return take_fields(c, mem, out);
	}
	if (cur_take_istr(c, "HEADER.FIELDS")) {
		out->text = SECTION_FIELDS;
		return take_fields(c, mem, out);
	}
	if (cur_take_istr(c, "HEADER"))
		out->text = SECTION_HEADER;
	else if (cur_take_istr(c, "TEXT"))
		out->text = SECTION_TEXT;
	else if (out->part_n > 0 && cur_take_istr(c, "MIME"))
		out->text = SECTION_MIME;
	else
		return false;
	return true;
}

/* section-part = nz-number *("." nz-number); *dot: a "." stands behind it. */
static bool
take_part(struct cur *c, struct arena *mem, struct section *out, bool *dot)
{
	*dot = false;
	if (!ascii_isdigit((char)cur_peek(c)))
		return true;
	out->part = arena_array(mem, IMAP_PARTS_DEPTH, sizeof(out->part[0]));
	if (out->part == NULL)
		return false;
	do {
		if (out->part_n == IMAP_PARTS_DEPTH ||
		    !lexer_nz_number(c, &out->part[out->part_n++]))
			return false;
		*dot = cur_take(c, '.');
	} while (*dot && ascii_isdigit((char)cur_peek(c)));
	return true;
}

bool
parse_section(struct cur *c, struct arena *mem, struct section *out)
{
	bool dot;

	*out = (struct section){ .text = SECTION_ALL };
	if (!cur_take(c, '['))
		return false;
	if (cur_take(c, ']'))
		return true;
	if (!take_part(c, mem, out, &dot))
		return false;
	if ((dot || out->part_n == 0) && !take_section_text(c, mem, out))
		return false;
	return cur_take(c, ']');
}

/* ["<" number "." nz-number ">"] */
static bool
take_partial(struct cur *c, struct fetch_item *item)
{
	if (!cur_take(c, '<'))
		return true;
	item->partial = true;
	return lexer_number(c, &item->from) && cur_take(c, '.') &&
	    lexer_nz_number(c, &item->octets) && cur_take(c, '>');
}

static void
put_fields(struct buf *b, const struct section *s)
{
	for (size_t i = 0; i < s->fields_n; i++) {
		buf_add_str(b, i == 0 ? " (" : " ");
		strings_put_astring(b, s->fields[i]);
	}
	buf_add_char(b, ')');
}

/* msg-att-static: "BODY" section ["<" number ">"] */
static void
put_label(struct buf *b, const struct fetch_item *item)
{
	static const char *const words[] = { "", "HEADER", "HEADER.FIELDS",
		"HEADER.FIELDS.NOT", "TEXT", "MIME" };
	const struct section *s = &item->section;

	if (item->kind == FETCH_SECTION)
		buf_add_str(b, "BODY[");
	else
		buf_add_str(b, item->kind == FETCH_BINARY ? "BINARY[" :
		    "BINARY.SIZE[");
	for (size_t i = 0; i < s->part_n; i++) {
		if (i > 0)
			buf_add_char(b, '.');
		buf_add_u64(b, s->part[i]);
	}
	if (s->part_n > 0 && s->text != SECTION_ALL)
		buf_add_char(b, '.');
	buf_add_str(b, words[s->text]);
	if (s->text == SECTION_FIELDS || s->text == SECTION_FIELDS_NOT)
		put_fields(b, s);
	buf_add_char(b, ']');
	if (item->partial)
		buf_addf(b, "<%u>", item->from);
}

static bool
make_label(struct arena *mem, struct fetch_item *item)
{
	struct buf b;

	buf_init(&b, LABEL_MAX);
	put_label(&b, item);
	item->label = arena_span(mem, buf_span(&b));
	buf_fini(&b);
	return item->label.p != NULL;
}

static bool
take_body_section(struct cur *c, struct arena *mem, struct fetch_item *item,
    bool peek)
{
	item->kind = FETCH_SECTION;
	item->peek = peek;
	return parse_section(c, mem, &item->section) &&
	    take_partial(c, item) && make_label(mem, item);
}

/* RFC 3516 7: section-binary = "[" [section-part] "]" */
static bool
take_binary(struct cur *c, struct arena *mem, struct fetch_item *item)
{
	bool size = cur_take_istr(c, ".SIZE");

	item->kind = size ? FETCH_BINARY_SIZE : FETCH_BINARY;
	item->peek = size || cur_take_istr(c, ".PEEK");
	return parse_section(c, mem, &item->section) &&
	    item->section.text == SECTION_ALL &&
	    (size || take_partial(c, item)) && make_label(mem, item);
}

/* RFC 8970 6: [SP "(" preview-mod *(SP preview-mod) ")"] */
static bool
take_preview(struct cur *c, struct fetch_item *item)
{
	if (!cur_take_str(c, " ("))
		return true;
	do {
		if (!cur_take_istr(c, "LAZY"))
			return false;
	} while (lexer_sp(c));
	item->lazy = true;
	return cur_take(c, ')');
}

static bool
take_item(struct cur *c, struct arena *mem, struct fetch_item *item)
{
	*item = (struct fetch_item){ .kind = FETCH_FLAGS };
	if (cur_take_istr(c, "BODY.PEEK"))
		return take_body_section(c, mem, item, true);
	if (cur_take_istr(c, "BINARY"))
		return take_binary(c, mem, item);
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!cur_take_istr(c, names[i].name))
			continue;
		if (names[i].kind == FETCH_BODY && cur_peek(c) == '[')
			return take_body_section(c, mem, item, false);
		item->kind = names[i].kind;
		item->label = span_str(names[i].name);
		item->old = item->kind == FETCH_SECTION;
		item->section.text = names[i].text;
		item->peek = names[i].peek;
		return item->kind != FETCH_PREVIEW || take_preview(c, item);
	}
	return false;
}

/* ALL, FULL, FAST: RFC 3501 6.4.5. */
static bool
take_macro(struct cur *c, struct arena *mem, union args *a)
{
	static const struct { const char *name, *items; } macros[] = {
		{ "ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE" },
		{ "FAST", "FLAGS INTERNALDATE RFC822.SIZE" },
		{ "FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY" },
	};
	struct cur items;

	for (size_t i = 0; i < COUNT(macros); i++) {
		if (!cur_take_istr(c, macros[i].name))
			continue;
		cur_init(&items, span_str(macros[i].items), 0, 0);
		do {
			if (!take_item(&items, mem, &a->fetch.v[a->fetch.n++]))
				return false;
		} while (lexer_sp(&items));
		return true;
	}
	return false;
}

static bool
decodes(const struct fetch_item *item)
{
	return item->kind == FETCH_BINARY || item->kind == FETCH_BINARY_SIZE ||
	    item->kind == FETCH_PREVIEW;
}

static bool
take_list(struct cur *c, struct arena *mem, union args *a, size_t most)
{
	struct fetch_item *item;
	size_t decoded = 0;

	do {
		if (a->fetch.n == most)
			return false;
		item = &a->fetch.v[a->fetch.n++];
		if (!take_item(c, mem, item))
			return false;
		if (decodes(item) && ++decoded > IMAP_DECODED_MAX)
			return false;
	} while (lexer_sp(c));
	return cur_take(c, ')');
}

/* CHANGEDSINCE adds the item MODSEQ (RFC 7162 3.1.4.1). */
static void
add_modseq(union args *a)
{
	for (size_t i = 0; i < a->fetch.n; i++)
		if (a->fetch.v[i].kind == FETCH_MODSEQ)
			return;
	a->fetch.v[a->fetch.n++] = (struct fetch_item){ .kind = FETCH_MODSEQ,
		.label = SPAN_LIT("MODSEQ"), .peek = true };
}

static bool
take_modifier(struct cur *c, union args *a)
{
	if (cur_take_istr(c, "CHANGEDSINCE")) {
		a->fetch.has_since = true;
		return lexer_sp(c) &&
		    parse_modseq(c, false, &a->fetch.changed_since);
	}
	if (cur_take_istr(c, "PARTIAL")) {
		/* RFC 9394 3.3: one range. */
		if (a->fetch.has_partial)
			return false;
		a->fetch.has_partial = true;
		return lexer_sp(c) && parse_partial(c, &a->fetch.partial);
	}
	a->fetch.vanished = cur_take_istr(c, "VANISHED");
	return a->fetch.vanished;
}

/* [SP "(" fetch-modifier *(SP fetch-modifier) ")"]: RFC 4466 section 2.4. */
static bool
take_modifiers(struct cur *c, union args *a)
{
	if (cur_end(c))
		return true;
	if (!lexer_sp(c) || !cur_take(c, '('))
		return false;
	do {
		if (!take_modifier(c, a))
			return false;
	} while (lexer_sp(c));
	if (a->fetch.has_since)
		add_modseq(a);
	/* RFC 7162 3.2.6: VANISHED only together with CHANGEDSINCE. */
	return (a->fetch.has_since || !a->fetch.vanished) &&
	    cur_take(c, ')') && cur_end(c);
}

bool
parse_fetch(struct cur *c, struct arena *mem, union args *a)
{
	size_t most = 6;	/* of the longest macro, and MODSEQ */
	struct span rest;

	a->fetch.n = 0;
	if (!lexer_sp(c) || !seqset_parse(c, mem, &a->fetch.set) ||
	    !lexer_sp(c))
		return false;
	rest = cur_rest(c);
	for (size_t i = 0; i < rest.n; i++)
		most += rest.p[i] == ' ';
	a->fetch.v = arena_array(mem, num_min(most, ITEMS_MAX),
	    sizeof(a->fetch.v[0]));
	if (a->fetch.v == NULL)
		return false;
	a->fetch.has_since = a->fetch.vanished = a->fetch.has_partial = false;
	if (cur_take(c, '('))
		return take_list(c, mem, a, num_min(most, ITEMS_MAX)) &&
		    take_modifiers(c, a);
	if (take_macro(c, mem, a))
		return take_modifiers(c, a);
	a->fetch.n = 1;
	return take_item(c, mem, &a->fetch.v[0]) && take_modifiers(c, a);
}
