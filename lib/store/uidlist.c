/*
 * uidlist - see uidlist.h: the text of a dovecot-uidlist (pure); the file is
 * in uidlist_file.c.
 *
 * Lines are taken in order until one is no record or its UID does not ascend:
 * from there on the file is damaged.  What stands behind the damage gives no
 * message a UID, but no UID that it names is given again.  Version 1 (old
 * Dovecot, Courier) is read: "1 <uidvalidity> <next>", "<uid> <name>".
 */
#include "store/uidlist.h"

#include "base/num.h"

#define UID_LAST	(UINT32_MAX - 1)

struct parse {
	struct uidlist_header *header;
	uint32_t last;			/* highest UID so far */
	unsigned version;
};

static struct span
word(struct span *rest)
{
	struct span w;

	do
		w = span_cut(rest, ' ');
	while (w.n == 0 && rest->p != NULL);
	return w;
}

static bool
parse_number(struct span s, uint32_t most, uint32_t *out)
{
	uint64_t v;

	if (num_parse(s, 1, most, &v) != 0)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool
parse_uid(struct span s, uint32_t *out)
{
	return parse_number(s, UID_LAST, out);
}

/* "<uid> " and what follows it. */
static bool
record_begin(struct span line, uint32_t *uid, struct span *rest)
{
	size_t at = span_chr(line, ' ');

	if (at == line.n || line.n > UIDLIST_LINE_MAX ||
	    span_has(line, '\0') || !parse_uid(span_head(line, at), uid))
		return false;
	*rest = span_from(line, at + 1);
	return true;
}

static bool
base_ok(struct span base)
{
	return base.n > 0 && !span_has(base, '/');
}

bool
uidlist_parse_record(struct span line, struct uidlist_record *out)
{
	struct span rest;
	size_t i = 0;

	if (!record_begin(line, &out->uid, &rest))
		return false;
	/* The name begins at the first word that begins with ':'. */
	while (i < rest.n && rest.p[i] != ':') {
		i += span_chr(span_from(rest, i), ' ');
		while (i < rest.n && rest.p[i] == ' ')
			i++;
	}
	out->ext = span_trim(span_head(rest, i));
	rest = span_from(rest, i + 1);
	/* Flags behind the base are not part of it. */
	out->base = span_head(rest, span_chr(rest, ':'));
	return base_ok(out->base);
}

static bool
parse_v1_record(struct span line, struct uidlist_record *out)
{
	struct span rest;

	out->ext = SPAN_NONE;
	if (!record_begin(line, &out->uid, &rest))
		return false;
	out->base = span_head(rest, span_chr(rest, ':'));
	return base_ok(out->base);
}

static bool
guid_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isxdigit(s.p[i]))
			return false;
	return s.n == 32;
}

/* A further word of the header, kept as it is; false: no room for it. */
static bool
keep_word(struct uidlist_header *h, struct span w)
{
	struct span have = span_str(h->others);
	struct buf b;
	bool fits;

	buf_init(&b, sizeof(h->others) - 1);
	(void)buf_add_span(&b, have);
	if (have.n > 0)
		(void)buf_add_char(&b, ' ');
	(void)buf_add_span(&b, w);
	fits = !b.full && span_copy(buf_span(&b), h->others,
	    sizeof(h->others)) == 0;
	buf_fini(&b);
	return fits;
}

static bool
header_word(struct uidlist_header *h, struct span w)
{
	struct span value = span_from(w, 1);

	switch (w.p[0]) {
	case 'V':
		return parse_uid(value, &h->uidvalidity);
	case 'N':		/* one more than the last possible one */
		return parse_number(value, UINT32_MAX, &h->nextuid);
	case 'G':
		if (!guid_ok(value))
			return true;	/* a new one will be made */
		for (size_t i = 0; i < value.n; i++)
			h->guid[i] = ascii_lower(value.p[i]);
		h->guid[value.n] = '\0';
		return true;
	default:
		return keep_word(h, w);
	}
}

static bool
parse_header(struct parse *p, struct span line)
{
	struct uidlist_header *h = p->header;
	struct span w = word(&line);

	*h = (struct uidlist_header){ .nextuid = 1 };
	if (line.n > UIDLIST_LINE_MAX || span_has(line, '\0'))
		return false;
	if (span_eq_str(w, "1")) {
		p->version = 1;
		return parse_uid(word(&line), &h->uidvalidity) &&
		    parse_uid(word(&line), &h->nextuid);
	}
	if (!span_eq_str(w, "3"))
		return false;
	p->version = 3;
	while (line.p != NULL) {
		w = word(&line);
		if (w.n > 0 && !header_word(h, w))
			return false;
	}
	return h->uidvalidity != 0;
}

static bool
parse_line(const struct parse *p, struct span line, struct uidlist_record *r)
{
	return p->version == 1 ? parse_v1_record(line, r) :
	    uidlist_parse_record(line, r);
}

static void
note_next(struct uidlist_header *h, uint32_t uid)
{
	if (uid >= h->nextuid)
		h->nextuid = uid + 1;
}

/* Behind the damage: whatever has the form of a record blocks its UID. */
static void
skip_rest(const struct parse *p, struct span text)
{
	struct uidlist_record r;

	while (text.p != NULL)
		if (parse_line(p, span_cut(&text, '\n'), &r))
			note_next(p->header, r.uid);
}

bool
uidlist_parse(struct span text, struct uidlist_header *header,
    bool (*each)(const struct uidlist_record *r, void *ctx), void *ctx)
{
	struct parse p = { .header = header, .version = 3 };
	bool whole = span_ends(text, SPAN_LIT("\n"));
	struct uidlist_record r;
	struct span rest;

	if (whole)
		text.n--;
	rest = text;
	if (!parse_header(&p, span_cut(&rest, '\n'))) {
		*header = (struct uidlist_header){ .nextuid = 1 };
		skip_rest(&p, text);
		return false;
	}
	while (rest.p != NULL) {
		text = rest;
		if (!parse_line(&p, span_cut(&rest, '\n'), &r) ||
		    r.uid <= p.last) {
			skip_rest(&p, text);
			return false;
		}
		p.last = r.uid;
		note_next(header, r.uid);
		if (!each(&r, ctx))
			return whole && p.version == 3;
	}
	return whole && p.version == 3 && header->guid[0] != '\0';
}

struct span
uidlist_ext(struct span ext, char key)
{
	struct span w;

	while (ext.p != NULL) {
		w = span_cut(&ext, ' ');
		if (w.n > 0 && w.p[0] == key)
			return span_from(w, 1);
	}
	return SPAN_NONE;
}

int
uidlist_put_header(struct buf *out, const struct uidlist_header *h)
{
	(void)buf_addf(out, "3 V%lu N%lu", (unsigned long)h->uidvalidity,
	    (unsigned long)h->nextuid);
	if (h->guid[0] != '\0')
		(void)buf_addf(out, " G%s", h->guid);
	if (h->others[0] != '\0')
		(void)buf_addf(out, " %s", h->others);
	return buf_add_char(out, '\n') != 0 || out->full ? -1 : 0;
}

int
uidlist_put_record(struct buf *out, const struct uidlist_record *r)
{
	(void)buf_add_u64(out, r->uid);
	(void)buf_add_char(out, ' ');
	if (r->ext.n > 0) {
		(void)buf_add_span(out, r->ext);
		(void)buf_add_char(out, ' ');
	}
	(void)buf_add_char(out, ':');
	(void)buf_add_span(out, r->base);
	return buf_add_char(out, '\n') != 0 || out->full ? -1 : 0;
}
