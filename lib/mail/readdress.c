/*
 * readdress.c - see readdress.h.
 * A field is parsed twice: once to see that all of it is addresses, then to
 * write it, piece by piece.  A piece begins where a line may, at an address, and
 * ends where the next begins; it is held back until its end is known, so that a
 * line which gets too long can be broken in front of it.  What was asked is kept
 * in a table for the whole header.
 */
#include "mail/readdress.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"
#include "mail/addrlist.h"
#include "mail/header.h"

#define LINE_MOST	998	/* RFC 5322 2.1.1, without CRLF */
#define ITEMS_MOST	1000000	/* as many as octets let there be */
#define KEY_SIZE	(ADDR_MAX + 2)

struct run {
	const struct readdress *how;
	struct readdress_count *count;
	struct hash *known;	/* side and address -> struct addr (owned) */
	struct why  *why;
	struct buf   field, piece;
	enum readdress_side side;
	size_t	     column;	/* of field, where its last line ends */
	bool	     blank;	/* that line holds nothing but white space */
	bool	     changed;
};

static bool
side_of(struct span name, enum readdress_side *side)
{
	static const struct { const char *name; enum readdress_side side; }
	    fields[] = {
		{ "From", READDRESS_SENDER },
		{ "Sender", READDRESS_SENDER },
		{ "Reply-To", READDRESS_SENDER },
		{ "Errors-To", READDRESS_SENDER },
		{ "Return-Receipt-To", READDRESS_SENDER },
		{ "Disposition-Notification-To", READDRESS_SENDER },
		{ "To", READDRESS_RECIPIENT },
		{ "Cc", READDRESS_RECIPIENT },
		{ "Bcc", READDRESS_RECIPIENT },
		{ "Apparently-To", READDRESS_RECIPIENT },
	};

	if (span_istarts(name, SPAN_LIT("Resent-")))
		name = span_from(name, 7);
	for (size_t i = 0; i < COUNT(fields); i++)
		if (span_ieq_str(name, fields[i].name)) {
			*side = fields[i].side;
			return true;
		}
	return false;
}

/* A word without '@' is no reason: many a program leaves the domain out. */
static bool
is_list(struct span value)
{
	struct addrlist_item item;
	struct addrlist l;
	bool good = true;

	addrlist_init(&l, value, ITEMS_MOST);
	while (good && addrlist_next(&l, &item)) {
		good = !l.bad || l.lone_word;
		if (l.lone_word)
			l.bad = false;
	}
	good = good && !l.bad && !l.cut;
	addrlist_fini(&l);
	return good;
}

/* ---------------------------------------------------------------- questions */

/* The answer, kept by the table; NULL: it is not known and may not be asked. */
static const struct addr *
recall(struct run *r, const struct addr *from, bool *failed)
{
	char key[KEY_SIZE];
	struct addr *to;
	struct span k;

	key[0] = r->side == READDRESS_SENDER ? 's' : 'r';
	span_copy_cut(addr_text(from), key + 1, sizeof(key) - 1);
	k = span_str(key);
	to = hash_get(r->known, k);
	if (to != NULL)
		return to;
	if (r->count->questions == r->how->questions_max) {
		r->count->passed++;
		return NULL;
	}
	r->count->questions++;
	to = xcalloc(1, sizeof(*to));
	to->kind = ADDR_NULL;
	*failed = r->how->ask(r->how->ctx, r->side, from, to, r->why) != 0;
	if (*failed || hash_put(r->known, k, to) != 0) {
		free(to);	/* as many places as questions */
		return NULL;
	}
	return to;
}

/* -------------------------------------------------------------------- octets */

/* What the piece adds to the line at which it begins. */
static size_t
first_line(struct span piece)
{
	size_t lf = span_chr(piece, '\n');

	return lf > 0 && lf < piece.n && piece.p[lf - 1] == '\r' ? lf - 1 : lf;
}

static void
note_column(struct run *r, struct span piece)
{
	size_t lf = span_rchr(piece, '\n');

	if (lf < piece.n) {
		piece = span_from(piece, lf + 1);
		r->column = 0;
		r->blank = true;
	}
	r->column += piece.n;
	r->blank = r->blank && span_trim(piece).n == 0;
}

/* The piece is whole: it goes to the field, behind a fold if need be. */
static void
put_piece(struct run *r)
{
	struct span piece = buf_span(&r->piece);

	if (!r->blank && r->column + first_line(piece) > LINE_MOST) {
		(void)!buf_add_str(&r->field, "\r\n\t"); /* full: judged once */
		r->column = 1;
		r->blank = true;
	}
	(void)!buf_add_span(&r->field, piece);
	note_column(r, piece);
	buf_clear(&r->piece);
}

/* The octets from *at up to `to`, and *at behind `next`. */
static void
copy_to(struct run *r, const char **at, const char *to, const char *next)
{
	(void)!buf_add(&r->piece, *at, (size_t)(to - *at));
	*at = next;
}

/* Text in the place of the octets there. */
static void
replace(struct run *r, const char **at, struct span there, struct span text)
{
	copy_to(r, at, there.p, there.p + there.n);
	(void)!buf_add_span(&r->piece, text);
	r->changed = true;
}

/* 0, or -1: cannot tell now. */
static int
put_item(struct run *r, const struct addrlist_item *item, const char **at)
{
	const struct addr *to;
	struct addr from;
	bool failed = false;

	if (item->kind != ADDRLIST_MAILBOX || item->begin == NULL)
		return 0;
	copy_to(r, at, item->begin, item->begin);
	put_piece(r);
	if (item->local_at.p == NULL || item->host_at.p == NULL ||
	    item->route.n > 0 ||
	    addr_make(&from, item->mailbox, item->host) != 0)
		return 0;
	to = recall(r, &from, &failed);
	if (failed)
		return -1;
	if (to == NULL || to->kind != ADDR_MAILBOX)
		return 0;
	if (!span_eq(addr_local(to), addr_local(&from)))
		replace(r, at, item->local_at, addr_local(to));
	if (!span_eq(addr_domain(to), addr_domain(&from)))
		replace(r, at, item->host_at, addr_domain(to));
	return 0;
}

/* ------------------------------------------------------------------- fields */

static int
write_field(struct run *r, const struct header_field *f)
{
	const char *at = f->whole.p;
	struct addrlist_item item;
	struct addrlist l;
	int rc = 0;

	r->changed = false;
	r->column = 0;
	r->blank = true;
	addrlist_init(&l, f->value, ITEMS_MOST);
	while (rc == 0 && addrlist_next(&l, &item))
		rc = put_item(r, &item, &at);
	addrlist_fini(&l);
	copy_to(r, &at, f->whole.p + f->whole.n, at);
	put_piece(r);
	return rc;
}

/*
 * The field into r->field if it is another one; else that is empty.
 * room  octets that it may be longer
 */
static int
change(struct run *r, const struct header_field *f, size_t room)
{
	size_t most = f->whole.n + room;
	bool full;
	int rc;

	if (!side_of(f->name, &r->side) || !r->how->sides[r->side] ||
	    !is_list(f->value))
		return 0;
	buf_init(&r->field, most);
	buf_init(&r->piece, most);
	rc = write_field(r, f);
	full = r->changed && (r->piece.full || r->field.full);
	if (full)
		r->count->too_long++;
	if (rc != 0 || !r->changed || full)
		buf_clear(&r->field);
	buf_fini(&r->piece);
	return rc;
}

static int
walk(struct run *r, struct span header, struct buf *out)
{
	size_t room = out->cap - header.n;
	const char *at = header.p, *end = header.p + header.n;
	struct header_walk w;
	struct header_field f;

	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, &f)) {
		int rc = change(r, &f, room);

		if (rc == 0 && r->field.n > 0) {
			room -= r->field.n > f.whole.n ?
			    r->field.n - f.whole.n : 0;
			(void)!buf_add(out, at, (size_t)(f.whole.p - at));
			(void)!buf_add_span(out, buf_span(&r->field));
			at = f.whole.p + f.whole.n;
			r->count->fields++;
		}
		buf_fini(&r->field);
		if (rc != 0)
			return -1;
	}
	(void)!buf_add(out, at, (size_t)(end - at));	/* within the cap */
	return 0;
}

int
readdress_header(const struct readdress *how, struct span header,
    struct buf *out, struct readdress_count *count, struct why *why)
{
	struct run r = { .how = how, .count = count, .why = why };
	int rc;

	*count = (struct readdress_count){ .fields = 0 };
	if (header.n == 0)
		return 0;
	buf_init(&r.field, 0);
	r.known = hash_new(how->questions_max, how->seed);
	rc = walk(&r, header, out);
	hash_free(&r.known, free);
	return rc;
}
