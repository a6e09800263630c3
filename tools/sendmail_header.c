/*
 * sendmail_header - see sendmail_header.h.
 * A message that is sent again (RFC 5322 3.6.6) goes to those of the Resent-
 * fields and not to its first readers; a Bcc field is for the sender alone
 * (3.6.3).  Fields that stay are copied as they are.
 */
#include "tools/sendmail_header.h"

#include "mail/addr.h"
#include "mail/addrlist.h"
#include "mail/header.h"
#include "mail/header_out.h"

void
sendmail_rcpts_init(struct sendmail_rcpts *r)
{
	buf_init(&r->text, (size_t)SENDMAIL_RCPTS_MAX * ADDR_SIZE);
	r->n = 0;
}

void
sendmail_rcpts_fini(struct sendmail_rcpts *r)
{
	buf_fini(&r->text);
}

static int
add_one(struct sendmail_rcpts *r, const struct addrlist_item *item,
    struct span domain, struct why *why)
{
	struct addr a;

	if (addr_make(&a, item->mailbox,
	    item->host.n > 0 ? item->host : domain) != 0) {
		why_set(why, WHY_PERM, "5.1.3", "%.*s%s%.*s: not an address",
		    SPAN_ARG(item->mailbox), item->host.n > 0 ? "@" : "",
		    SPAN_ARG(item->host));
		return -1;
	}
	if (r->n == SENDMAIL_RCPTS_MAX ||
	    buf_add(&r->text, a.text, (size_t)a.text_n + 1) != 0) {
		why_set(why, WHY_PERM, "5.5.3", "too many recipients");
		return -1;
	}
	r->n++;
	return 0;
}

int
sendmail_rcpts_add(struct sendmail_rcpts *r, struct span list,
    struct span domain, struct why *why)
{
	struct addrlist_item item;
	struct addrlist l;
	bool bad = false;
	int rc = 0;

	addrlist_init(&l, list, SENDMAIL_RCPTS_MAX);
	while (rc == 0 && addrlist_next(&l, &item)) {
		/* A user of this host is named without its name. */
		if (l.bad && !l.lone_word)
			bad = true;
		l.bad = false;
		if (item.kind == ADDRLIST_MAILBOX)
			rc = add_one(r, &item, domain, why);
	}
	if (rc == 0 && (bad || l.bad || l.cut)) {
		why_set(why, WHY_PERM, "5.1.3", "%.*s: not an address list",
		    SPAN_ARG(span_head(list, 100)));
		rc = -1;
	}
	addrlist_fini(&l);
	return rc;
}

/* What a look through the header finds. */
struct found {
	bool resent;		/* any Resent- field of a sender or recipient */
	bool from, to;		/* From; any of To, Cc, Bcc that stays */
};

static bool
is_bcc(struct span name)
{
	return span_ieq_str(name, "Bcc") || span_ieq_str(name, "Resent-Bcc");
}

static bool
names_recipients(struct span name, bool resent)
{
	if (resent && !span_istarts(name, SPAN_LIT("Resent-")))
		return false;
	if (resent)
		name = span_from(name, 7);
	return span_ieq_str(name, "To") || span_ieq_str(name, "Cc") ||
	    span_ieq_str(name, "Bcc");
}

static struct found
look(struct span text, bool strip_bcc)
{
	struct found f = { false, false, false };
	struct header_walk w;
	struct header_field field;

	header_walk_init(&w, text, SENDMAIL_FIELDS_MAX);
	while (header_next(&w, &field)) {
		if (names_recipients(field.name, true))
			f.resent = true;
		if (span_ieq_str(field.name, "From"))
			f.from = true;
		if (names_recipients(field.name, false) &&
		    !(strip_bcc && is_bcc(field.name)))
			f.to = true;
	}
	return f;
}

static int
take_recipients(const struct header_field *field, bool resent, struct span domain,
    struct sendmail_rcpts *rcpts, struct why *why)
{
	if (rcpts != NULL && names_recipients(field->name, resent))
		return sendmail_rcpts_add(rcpts, field->value, domain, why);
	return 0;
}

static void
put_field(const struct header_field *field, struct buf *out)
{
	(void)buf_add_span(out, field->whole);
	/* The last one may lack its line end. */
	if (!span_ends(field->whole, SPAN_LIT("\n")))
		(void)buf_add_str(out, "\r\n");
}

static int
put_from(const struct sendmail_author *author, struct buf *out,
    struct why *why)
{
	/* A name that cannot be written is left out. */
	if (header_out_mailbox(out, "From", author->name,
	    author->mailbox) == 0 ||
	    header_out_mailbox(out, "From", SPAN_NONE, author->mailbox) == 0)
		return 0;
	why_set(why, WHY_PERM, "5.6.0", "cannot write a From field");
	return -1;
}

int
sendmail_header(struct span text, const struct sendmail_author *author,
    struct sendmail_rcpts *rcpts, struct buf *out, struct why *why)
{
	struct found f = look(text, rcpts != NULL);
	struct header_field field;
	struct header_walk w;

	header_walk_init(&w, text, SENDMAIL_FIELDS_MAX);
	while (header_next(&w, &field)) {
		if (take_recipients(&field, f.resent, author->domain, rcpts,
		    why) != 0)
			return -1;
		if (rcpts == NULL || !is_bcc(field.name))
			put_field(&field, out);
	}
	if (!f.from && put_from(author, out, why) != 0)
		return -1;
	if (!f.to)
		(void)buf_add_str(out, "To: undisclosed-recipients:;\r\n");
	(void)buf_add_str(out, "\r\n");
	/* Without an empty line the walk stands at the first body line. */
	if (w.why_end == HEADER_STRAY_LINE)
		(void)buf_add(out, w.p, (size_t)(w.end - w.p));
	if (out->full) {
		why_set(why, WHY_PERM, "5.3.4", "header too large");
		return -1;
	}
	return 0;
}
