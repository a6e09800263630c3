/*
 * envelope - see envelope.h.
 * One walk over the header makes each member as text of its own; then they
 * are put into their order, with From in the place of a missing Sender or
 * Reply-To.  Several fields of one kind, which RFC 5322 3.6 forbids, count
 * as one long list of addresses; of other fields the first counts.  Nothing is
 * decoded: that is the client's part.
 *
 * A list is read again only as it is written here, without a lexer: SEARCH
 * does so for every message of a folder.
 */
#include "imapd/envelope.h"

#include "base/num.h"
#include "imapd/limits.h"
#include "imapd/strings.h"
#include "mail/addrlist.h"
#include "mail/header.h"

enum member { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC,
	IN_REPLY_TO, MESSAGE_ID, MEMBERS };

static const struct {
	const char *name;
	bool addresses;
} fields[MEMBERS] = {
	{ "Date", false }, { "Subject", false }, { "From", true },
	{ "Sender", true }, { "Reply-To", true }, { "To", true },
	{ "Cc", true }, { "Bcc", true }, { "In-Reply-To", false },
	{ "Message-ID", false },
};

struct envelope {
	struct buf text[MEMBERS];
	unsigned   addresses[MEMBERS];	/* still allowed */
	bool	   present[MEMBERS];
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
add_addresses(struct envelope *e, enum member m, struct span value)
{
	struct addrlist list;
	struct addrlist_item item;

	addrlist_init(&list, value, e->addresses[m]);
	while (addrlist_next(&list, &item)) {
		if (e->addresses[m] > 0)
			e->addresses[m]--;
		put_address(&e->text[m], &item);
	}
	addrlist_fini(&list);
}

static void
add_text(struct envelope *e, enum member m, struct span value)
{
	struct buf line;

	if (e->present[m])
		return;
	e->present[m] = true;
	buf_init(&line, value.n + 1);
	(void)header_unfold(&line, value);	/* never longer than before */
	/* Present but empty is "", not NIL: RFC 3501 7.4.2. */
	strings_put(&e->text[m], buf_span(&line));
	buf_fini(&line);
}

static void
add_field(struct envelope *e, const struct header_field *f)
{
	for (enum member m = 0; m < MEMBERS; m++) {
		if (!span_ieq_str(f->name, fields[m].name))
			continue;
		if (fields[m].addresses)
			add_addresses(e, m, f->value);
		else
			add_text(e, m, f->value);
		return;
	}
}

/* RFC 3501 7.4.2: Sender and Reply-To that are absent or empty are From. */
static enum member
stands_for(const struct envelope *e, enum member m)
{
	if ((m == SENDER || m == REPLY_TO) && e->text[m].n == 0)
		return FROM;
	return m;
}

static void
put_member(struct buf *out, const struct envelope *e, enum member m)
{
	struct span text = buf_span(&e->text[m]);

	if (text.n == 0) {
		buf_add_str(out, "NIL");
		return;
	}
	if (fields[m].addresses)
		buf_add_char(out, '(');
	buf_add_span(out, text);
	if (fields[m].addresses)
		buf_add_char(out, ')');
}

void
envelope_put(struct buf *out, struct span header)
{
	struct envelope e;
	struct header_walk w;
	struct header_field f;

	for (enum member m = 0; m < MEMBERS; m++) {
		buf_init(&e.text[m], IMAP_ANSWER_MAX);
		e.addresses[m] = IMAP_ADDRESSES_MAX;
		e.present[m] = false;
	}
	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, &f))
		add_field(&e, &f);
	for (enum member m = 0; m < MEMBERS; m++) {
		buf_add_char(out, m == 0 ? '(' : ' ');
		put_member(out, &e, stands_for(&e, m));
	}
	buf_add_char(out, ')');
	for (enum member m = 0; m < MEMBERS; m++)
		buf_fini(&e.text[m]);
}

/* Behind the first quote; mem is used where something is quoted in it. */
static bool
take_quoted(struct span *rest, struct buf *mem, struct span *out)
{
	size_t end = span_chr(*rest, '"'), i;

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
