/*
 * authors - see authors.h.
 * A reader of mail shows the first From or the last, the address before a
 * comment or the one within it, the decoded form of an encoded word or the
 * word.  None of that matters when there is one field, the list parser took
 * all of it without a complaint, and each address has one spelling.  Groups
 * (RFC 5322 3.4) may be empty, and From may have none (3.6.2): refused too.
 */
#include "smtpd/authors.h"

#include "mail/addrlist.h"

/* "=?": to some readers a local part may be an encoded word (RFC 2047 5). */
static bool
is_encoded(struct span s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '=' && s.p[i + 1] == '?')
			return true;
	return false;
}

static bool
known(const struct authors *a, const struct addr *one)
{
	for (size_t i = 0; i < a->n; i++)
		if (addr_eq(&a->list[i], one))
			return true;
	return false;
}

static void
take_item(struct authors *a, const struct addrlist_item *item)
{
	struct addr one;

	if (item->kind != ADDRLIST_MAILBOX || item->route.n > 0 ||
	    is_encoded(item->mailbox) ||
	    addr_make(&one, item->mailbox, item->host) != 0)
		a->bad = true;
	else if (known(a, &one))
		return;
	else if (a->n == AUTHORS_MAX)
		a->bad = true;
	else
		a->list[a->n++] = one;
}

/* Returns the number of items in the field. */
static size_t
take_list(struct authors *a, struct span value)
{
	struct addrlist_item item;
	struct addrlist l;
	size_t n = 0;

	addrlist_init(&l, value, AUTHORS_MAX + 1);
	for (; addrlist_next(&l, &item); n++)
		take_item(a, &item);
	if (l.bad || l.cut || n == 0)
		a->bad = true;
	addrlist_fini(&l);
	return n;
}

void
authors_take(struct authors *a, const struct header_field *f)
{
	if (span_ieq_str(f->name, "From")) {
		if (a->from++ == 0)
			(void)take_list(a, f->value);
	} else if (span_ieq_str(f->name, "Sender")) {
		if (a->sender++ == 0 && take_list(a, f->value) != 1)
			a->bad = true;
	}
}

bool
authors_clear(const struct authors *a, enum header_end end)
{
	return !a->bad && a->from <= 1 && a->sender <= 1 &&
	    (end == HEADER_EMPTY_LINE || end == HEADER_NO_BODY);
}
