/*
 * envelope - see envelope.h.
 * One walk over the header finds the fields; then each member is put from its
 * field, with From in the place of a missing Sender or Reply-To.  Several fields
 * of one kind, which RFC 5322 3.6 forbids, count as one long list of addresses,
 * for which the header is walked again; of other fields the first counts.  Nothing is
 * decoded: that is the client's part.
 *
 * A list is read again only as it is written here, without a lexer: SEARCH
 * does so for every message of a folder.
 */
#include "imapd/envelope.h"

#include <string.h>

#include "base/num.h"
#include "imapd/limits.h"
#include "imapd/strings.h"
#include "mail/addrlist.h"
#include "mail/header.h"

enum member { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC,
	IN_REPLY_TO, MESSAGE_ID, MEMBERS };

static const struct {
	struct span name;
	bool addresses;
} fields[MEMBERS] = {
	{ SPAN_LIT("Date"), false }, { SPAN_LIT("Subject"), false },
	{ SPAN_LIT("From"), true }, { SPAN_LIT("Sender"), true },
	{ SPAN_LIT("Reply-To"), true }, { SPAN_LIT("To"), true },
	{ SPAN_LIT("Cc"), true }, { SPAN_LIT("Bcc"), true },
	{ SPAN_LIT("In-Reply-To"), false }, { SPAN_LIT("Message-ID"), false },
};

struct envelope {
	struct span header;
	struct span value[MEMBERS];	/* of the first field; NULL: none */
	bool	    more[MEMBERS];	/* there are others of that name */
	size_t	    from, from_n;	/* what was put for From, in the list */
	struct buf  line;
};

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
static void
put_address(struct buf *out, const struct addrlist_item *item)
{
	bool group = item->kind == ADDRLIST_GROUP;

	buf_add_char(out, '(');
	strings_put_n(out, group ? SPAN_NONE : item->name);
	buf_add_char(out, ' ');
	strings_put_n(out, item->route);
	buf_add_char(out, ' ');
	strings_put_n(out, group ? item->name : item->mailbox);
	buf_add_char(out, ' ');
	/* NIL would make a group of a mailbox without a host. */
	if (item->kind == ADDRLIST_MAILBOX && item->host.p == NULL)
		buf_add_str(out, "\"\"");
	else
		strings_put_n(out, item->host);
	buf_add_char(out, ')');
}

static void
put_list(struct buf *out, struct span value, unsigned *left)
{
	struct addrlist list;
	struct addrlist_item item;

	addrlist_init(&list, value, *left);
	while (addrlist_next(&list, &item)) {
		if (*left > 0)
			--*left;
		put_address(out, &item);
	}
	addrlist_fini(&list);
}

/* Of all fields of that name. */
static void
put_lists(struct buf *out, const struct envelope *e, enum member m)
{
	unsigned left = IMAP_ADDRESSES_MAX;
	struct header_walk w;
	struct header_field f;

	if (!e->more[m]) {
		put_list(out, e->value[m], &left);
		return;
	}
	header_walk_init(&w, e->header, SIZE_MAX);
	while (header_next(&w, &f))
		if (span_ieq(f.name, fields[m].name))
			put_list(out, f.value, &left);
}

/* RFC 3501 7.4.2: Sender and Reply-To that are absent or empty are From. */
static bool
put_from_again(struct buf *out, const struct envelope *e, enum member m)
{
	char *to;

	if ((m != SENDER && m != REPLY_TO) || e->from_n == 0)
		return false;
	to = buf_room(out, e->from_n);
	if (to != NULL) {
		memcpy(to, out->p + e->from, e->from_n);
		buf_grown(out, e->from_n);
	}
	return true;
}

static void
put_addresses(struct buf *out, struct envelope *e, enum member m)
{
	size_t begin = out->n;

	buf_add_char(out, '(');
	if (e->value[m].p != NULL)
		put_lists(out, e, m);
	if (out->n > begin + 1) {
		buf_add_char(out, ')');
		if (m == FROM) {
			e->from = begin;
			e->from_n = out->n - begin;
		}
		return;
	}
	if (out->n > begin)
		buf_cut(out, begin);
	if (!put_from_again(out, e, m))
		buf_add_str(out, "NIL");
}

static void
put_text(struct buf *out, struct envelope *e, enum member m)
{
	struct span value = span_trim_ws(e->value[m]);

	/* Present but empty is "", not NIL: RFC 3501 7.4.2. */
	if (e->value[m].p == NULL)
		buf_add_str(out, "NIL");
	else if (!span_has(value, '\n') && !span_has(value, '\r') &&
	    !span_has(value, '\0'))
		strings_put(out, value);
	else {
		buf_clear(&e->line);
		(void)header_unfold(&e->line, value); /* never longer */
		strings_put(out, buf_span(&e->line));
	}
}

static void
find_fields(struct envelope *e)
{
	struct header_walk w;
	struct header_field f;

	header_walk_init(&w, e->header, SIZE_MAX);
	while (header_next(&w, &f))
		for (enum member m = 0; m < MEMBERS; m++) {
			if (f.name.n != fields[m].name.n ||
			    !span_ieq(f.name, fields[m].name))
				continue;
			if (e->value[m].p == NULL)
				e->value[m] = f.value;
			else
				e->more[m] = true;
			break;
		}
}

void
envelope_put(struct buf *out, struct span header)
{
	struct envelope e = { .header = header };

	buf_init(&e.line, header.n + 1);
	find_fields(&e);
	for (enum member m = 0; m < MEMBERS; m++) {
		buf_add_char(out, m == 0 ? '(' : ' ');
		if (fields[m].addresses)
			put_addresses(out, &e, m);
		else
			put_text(out, &e, m);
	}
	buf_add_char(out, ')');
	buf_fini(&e.line);
}

/* Behind the first quote; mem is used where something is quoted in it. */
static bool
take_quoted(struct span *rest, struct buf *mem, struct span *out)
{
	size_t end = span_chr(*rest, '"'), i;

	if (end == rest->n)
		return false;
	*out = span_head(*rest, end);
	if (!span_has(*out, '\\')) {
		*rest = span_from(*rest, end + 1);
		return true;
	}
	buf_clear(mem);
	for (i = 0; i < rest->n && rest->p[i] != '"'; i++) {
		i += rest->p[i] == '\\';
		if (i < rest->n)
			buf_add_char(mem, rest->p[i]);
	}
	if (i >= rest->n)
		return false;
	*rest = span_from(*rest, i + 1);
	*out = buf_span(mem);
	return !mem->full;
}

/* Behind the brace. */
static bool
take_literal(struct span *rest, struct span *out)
{
	struct span digits = span_head(*rest, span_chr(*rest, '}'));
	uint64_t n;

	*rest = span_from(*rest, digits.n + 3);		/* }CRLF */
	if (num_parse(digits, 0, rest->n, &n) != 0)
		return false;
	*out = span_head(*rest, (size_t)n);
	*rest = span_from(*rest, (size_t)n);
	return true;
}

/* p == NULL: NIL */
static bool
take_nstring(struct span *rest, struct buf *mem, struct span *out)
{
	char first = rest->n > 0 ? rest->p[0] : '\0';

	*out = SPAN_NONE;
	if (span_starts(*rest, SPAN_LIT("NIL"))) {
		*rest = span_from(*rest, 3);
		return true;
	}
	*rest = span_from(*rest, 1);
	if (first == '"')
		return take_quoted(rest, mem, out);
	return first == '{' && take_literal(rest, out);
}

bool
envelope_subject(struct span envelope, struct buf *mem, struct span *subject)
{
	struct span rest = span_from(envelope, 1), date;

	if (!take_nstring(&rest, mem, &date))
		return false;
	rest = span_from(rest, 1);
	return take_nstring(&rest, mem, subject) && subject->p != NULL;
}
