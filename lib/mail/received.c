/*
 * The field is written from parts that are each made harmless by their own
 * rule: names become dot-atoms, addresses keep only the characters of
 * addresses, the recipient is canonical.  No part can end a comment, a line or
 * the field.
 */
#include "mail/received.h"

#include <string.h>

#include "base/date.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "mail/header_out.h"
#include "mail/intl.h"

#define NAME_MAX_OCTETS	255
#define ID_MAX_OCTETS	64

const char *
received_keyword(const struct received *r)
{
	static const char *const esmtp[][4] = {
		{ "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA" },
		{ "UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA" } };
	static const char *const lmtp[][4] = {
		{ "LMTP", "LMTPA", "LMTPS", "LMTPSA" },
		{ "UTF8LMTP", "UTF8LMTPA", "UTF8LMTPS", "UTF8LMTPSA" } };
	size_t i = (r->tls ? 2u : 0u) + (r->auth ? 1u : 0u);

	switch (r->how) {
	case RECEIVED_SMTP:
		return "SMTP";	/* RFC 3848 has no other forms of it */
	case RECEIVED_ESMTP:
		return esmtp[r->utf8][i];
	case RECEIVED_LMTP:
		return lmtp[r->utf8][i];
	case RECEIVED_LOCAL:
		break;
	}
	return "";
}

/* RFC 5321 4.4 TCP-info: an address literal. */
static void
put_ip(struct buf *b, struct span ip)
{
	buf_add_char(b, '[');
	if (span_has(ip, ':'))
		buf_add_str(b, "IPv6:");
	for (size_t i = 0; i < ip.n && i < 45; i++) {
		char c = ip.p[i];

		buf_add_char(b, ascii_isxdigit(c) || c == ':' || c == '.' ?
		    c : '?');
	}
	buf_add_char(b, ']');
}

/* RFC 5321 4.4 From-domain, Extended-Domain. */
static void
put_from(struct buf *b, const struct received *r)
{
	char domain[ADDR_DOMAIN_SIZE];

	buf_add_str(b, "from ");
	if (addr_parse_domain(r->helo, domain, NULL) == 0)
		buf_add_str(b, domain);
	else
		header_out_tame(b, r->helo, NAME_MAX_OCTETS);
	if (r->client_ip.n > 0) {
		buf_add_str(b, "\r\n\t(");
		if (r->client_name.n > 0) {
			header_out_tame(b, r->client_name, NAME_MAX_OCTETS);
			buf_add_char(b, ' ');
		}
		put_ip(b, r->client_ip);
		buf_add_char(b, ')');
	}
	buf_add_str(b, "\r\n\t");
}

static void
put_tls(struct buf *b, const struct received *r)
{
	buf_add_str(b, "\r\n\t(using ");
	header_out_tame(b, r->version, NAME_MAX_OCTETS);
	buf_add_str(b, " with cipher ");
	header_out_tame(b, r->cipher, NAME_MAX_OCTETS);
	buf_add_char(b, ')');
}

/* RFC 6531 3.7.3: UTF-8 only in a message that came with SMTPUTF8. */
static bool
may_stand(struct span s, bool utf8)
{
	return intl_text_ok(s) && (utf8 || !intl_is_needed(s));
}

/*
 * RFC 5321 4.4: "by", "with", "id", "for" in this order; 7.2: "for" tells one
 * recipient about another, so there is one only where there is no other.
 */
int
received_write(struct buf *out, const struct received *r)
{
	struct buf b;
	int rc;

	buf_init(&b, 4 * KIB);
	buf_add_str(&b, "Received: ");
	if (r->how != RECEIVED_LOCAL)
		put_from(&b, r);
	buf_add_str(&b, "by ");
	header_out_tame(&b, r->by, NAME_MAX_OCTETS);
	if (r->how != RECEIVED_LOCAL)
		buf_addf(&b, " with %s", received_keyword(r));
	if (r->tls && r->version.n > 0)
		put_tls(&b, r);
	if (r->id.n > 0) {
		buf_add_str(&b, " id ");
		header_out_tame(&b, r->id, ID_MAX_OCTETS);
	}
	if (r->for_rcpt.n > 0 && r->for_rcpt.n <= ADDR_MAX &&
	    may_stand(r->for_rcpt, r->utf8)) {
		buf_add_str(&b, "\r\n\tfor <");
		buf_add_span(&b, r->for_rcpt);
		buf_add_char(&b, '>');
	}
	buf_add_str(&b, ";\r\n\t");
	date_rfc5322(&b, r->time, r->zone_minutes);
	buf_add_str(&b, "\r\n");
	rc = b.full ? -1 : buf_add_span(out, buf_span(&b));
	buf_fini(&b);
	return rc;
}

static bool
same_mailbox(struct span value, struct span mailbox)
{
	struct addr a, b;

	value = span_trim_ws(value);
	if (value.n >= 2 && value.p[0] == '<' && value.p[value.n - 1] == '>')
		value = span_of(value.p + 1, value.n - 2);
	if (addr_parse(value, &a, NULL) != 0 ||
	    addr_parse(mailbox, &b, NULL) != 0)
		return span_ieq(value, mailbox);
	return addr_eq(&a, &b);
}

bool
received_delivered_to(struct span header, struct span mailbox)
{
	struct header_walk w;
	struct header_field f;

	header_walk_init(&w, header, SIZE_MAX);
	while (header_next(&w, &f))
		if (span_ieq_str(f.name, "Delivered-To") &&
		    same_mailbox(f.value, mailbox))
			return true;
	return false;
}
