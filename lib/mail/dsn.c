/*
 * The report is written from top to bottom into one buffer with a cap; what
 * does not fit shows in buf.full and undoes the whole.  Everything that came
 * from elsewhere goes through put_line(), which leaves one line of printable
 * ASCII or UTF-8 of bounded length, or through put_header(), which keeps lines
 * apart.  A part is made by itself first: its octets decide how it is called.
 */
#include "mail/dsn.h"

#include <string.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/qp.h"
#include "mail/esc.h"
#include "mail/header.h"
#include "mail/header_out.h"
#include "mail/intl.h"
#include "mail/mime_type.h"

#define TEXT_MAX	500	/* octets of an address, a name, an id */
#define LINE_MAX_OCTETS	998	/* RFC 5322 2.1.1 */
#define TYPE_MEM	(16 * KIB)

static void
put_ascii(struct buf *b, struct span s, size_t max)
{
	s = span_head(s, max);
	for (size_t i = 0; i < s.n; i++)
		buf_add_char(b, s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '?');
	buf_add_str(b, "\r\n");
}

static void
put_line(struct buf *b, const char *before, struct span s, size_t max)
{
	buf_add_str(b, before);
	if (s.n > max || !intl_text_ok(s)) {
		put_ascii(b, s, max);
		return;
	}
	buf_add_span(b, s);
	buf_add_str(b, "\r\n");
}

static void
put_date(struct buf *b, const char *name, int64_t t, int zone_minutes)
{
	if (t == 0)
		return;
	buf_add_str(b, name);
	date_rfc5322(b, t, zone_minutes);
	buf_add_str(b, "\r\n");
}

/* A status of the right form for the action, RFC 3464 2.3.4. */
static void
status_of(const struct dsn_recipient *r, struct esc *e)
{
	bool good = esc_parse(r->status, e) == 0;

	switch (r->action) {
	case DSN_FAILED:	/* also 4: gave up after trying for long */
		if (!good || e->class == 2)
			*e = (struct esc){ 5, 0, 0 };
		break;
	case DSN_DELAYED:
		if (!good || e->class != 4)
			*e = (struct esc){ 4, 0, 0 };
		break;
	case DSN_DELIVERED:
	case DSN_RELAYED:
	case DSN_EXPANDED:
		if (!good || e->class != 2)
			*e = (struct esc){ 2, 0, 0 };
		break;
	}
}

static bool
any_is(const struct dsn *d, enum dsn_action action)
{
	for (size_t i = 0; i < d->rcpts_n; i++)
		if (d->rcpts[i].action == action)
			return true;
	return false;
}

static struct span
subject_of(const struct dsn *d)
{
	const struct dsn_words *w = d->words;

	if (w != NULL && d->for_postmaster && w->postmaster_subject.n > 0)
		return w->postmaster_subject;
	if (w != NULL && w->subject.n > 0)
		return w->subject;
	if (any_is(d, DSN_FAILED))
		return SPAN_LIT("Your message could not be delivered");
	if (any_is(d, DSN_DELAYED))
		return SPAN_LIT("Your message is delayed");
	return SPAN_LIT("Your message was delivered");
}

static int
put_from(struct buf *b, const struct dsn *d)
{
	struct buf mailbox;
	int rc;

	buf_init(&mailbox, KIB);
	buf_add_str(&mailbox, "MAILER-DAEMON@");
	buf_add_span(&mailbox, d->host);
	rc = header_out_mailbox(b, "From", d->words != NULL &&
	    d->words->from.n > 0 ? d->words->from :
	    SPAN_LIT("Mail Delivery System"), buf_span(&mailbox));
	buf_fini(&mailbox);
	return rc;
}

/* RFC 6522 3: multipart/report; RFC 3464 2: to the return address. */
static int
put_head(struct buf *b, const struct dsn *d, struct span boundary, bool eight)
{
	int rc = 0;

	rc |= put_from(b, d);
	rc |= header_out_mailbox(b, "To", SPAN_NONE, d->to);
	rc |= header_out_text(b, "Subject", subject_of(d));
	put_date(b, "Date: ", d->now, d->zone_minutes);
	buf_add_str(b, "Message-ID: <");
	header_out_tame(b, d->unique, 64);
	buf_add_char(b, '@');
	buf_add_span(b, d->host);
	buf_add_str(b, ">\r\nAuto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"");
	buf_add_span(b, boundary);
	buf_add_str(b, "\"\r\n");
	if (eight)	/* RFC 2045 6.4: as the part that has it */
		buf_add_str(b, "Content-Transfer-Encoding: 8bit\r\n");
	buf_add_str(b, "\r\n");
	return rc;
}

/* wide: the text has a charset in which UTF-8 is what it is. */
static void
put_rcpt_text(struct buf *b, const struct dsn_recipient *r, bool wide)
{
	struct esc e;

	status_of(r, &e);
	buf_add_str(b, "\r\n  ");
	if (wide)
		put_line(b, "", r->final, TEXT_MAX);
	else
		put_ascii(b, r->final, TEXT_MAX);
	buf_addf(b, "    %s (%u.%u.%u)\r\n", esc_text(&e), e.class, e.subject,
	    e.detail);
	if (r->remote_mta.n > 0)
		put_line(b, "    mail server: ", r->remote_mta, TEXT_MAX);
	if (r->diagnostic.n > 0)
		put_line(b, r->by_smtp ? "    it said: " : "    reason: ",
		    r->diagnostic, DSN_DIAGNOSTIC_MAX);
}

static void
put_group(struct buf *b, const struct dsn *d, enum dsn_action action,
    const char *text)
{
	if (!any_is(d, action))
		return;
	buf_add_str(b, text);
	for (size_t i = 0; i < d->rcpts_n; i++)
		if (d->rcpts[i].action == action)
			put_rcpt_text(b, &d->rcpts[i], true);
	buf_add_str(b, "\r\n");
}

static void
put_text(struct buf *b, const struct dsn *d)
{
	buf_add_str(b, "This is the mail system at host ");
	put_line(b, "", d->host, TEXT_MAX);
	buf_add_str(b, "\r\n");
	put_group(b, d, DSN_FAILED, "Your message could not be delivered to "
	    "the recipients below.\r\nNo further attempt will be made.\r\n");
	put_group(b, d, DSN_DELAYED, "Your message could not be delivered "
	    "yet to the recipients below.\r\nThe mail system goes on trying; "
	    "you need not send it again.\r\n");
	put_group(b, d, DSN_DELIVERED, "Your message was delivered to:\r\n");
	put_group(b, d, DSN_RELAYED, "Your message was handed to a mail "
	    "system that sends no such reports, for:\r\n");
	put_group(b, d, DSN_EXPANDED, "Your message was passed on to all "
	    "members of:\r\n");
	if (d->queue_id.n > 0)
		put_line(b, "Queue id of the message: ", d->queue_id,
		    TEXT_MAX);
	buf_add_str(b, "\r\n");
}

/* RFC 3464 2.3, in the order of its grammar. */
static void
put_rcpt_fields(struct buf *b, const struct dsn *d,
    const struct dsn_recipient *r)
{
	static const char *const actions[] = { "failed", "delayed",
		"delivered", "relayed", "expanded" };
	char status[WHY_ESC_SIZE];
	struct esc e;

	status_of(r, &e);
	esc_format(&e, status);
	buf_add_str(b, "\r\n");
	if (r->original.n > 0)
		put_line(b, "Original-Recipient: ", r->original, TEXT_MAX);
	/* RFC 6533 3: the type of an address that is not ASCII. */
	put_line(b, intl_is_needed(r->final) ? "Final-Recipient: utf-8; " :
	    "Final-Recipient: rfc822; ", r->final, TEXT_MAX);
	buf_addf(b, "Action: %s\r\nStatus: %s\r\n", actions[r->action],
	    status);
	if (r->remote_mta.n > 0)
		put_line(b, "Remote-MTA: dns; ", r->remote_mta, TEXT_MAX);
	if (r->diagnostic.n > 0)
		put_line(b, r->by_smtp ? "Diagnostic-Code: smtp; " :
		    "Diagnostic-Code: x-paquebot; ", r->diagnostic,
		    DSN_DIAGNOSTIC_MAX);
	put_date(b, "Last-Attempt-Date: ", r->last_attempt, d->zone_minutes);
	if (r->action == DSN_DELAYED)	/* 2.3.9: not for others */
		put_date(b, "Will-Retry-Until: ", r->retry_until,
		    d->zone_minutes);
}

/* RFC 3464 2.2 */
static void
put_status(struct buf *b, const struct dsn *d)
{
	if (d->envid.n > 0)
		put_line(b, "Original-Envelope-Id: ", d->envid, TEXT_MAX);
	put_line(b, "Reporting-MTA: dns; ", d->host, TEXT_MAX);
	if (d->queue_id.n > 0)
		put_line(b, "X-Paquebot-Queue-ID: ", d->queue_id, TEXT_MAX);
	put_date(b, "Arrival-Date: ", d->arrival, d->zone_minutes);
	for (size_t i = 0; i < d->rcpts_n; i++)
		put_rcpt_fields(b, d, &d->rcpts[i]);
	buf_add_str(b, "\r\n");
}

/* The returned header: whole lines, none too long, no stray controls. */
static void
put_header(struct buf *b, struct span header, size_t line_max)
{
	while (header.n > 0) {
		struct span line = span_cut(&header, '\n');

		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		line = span_head(line, line_max);
		for (size_t i = 0; i < line.n; i++)
			buf_add_char(b, line.p[i] == '\0' ||
			    line.p[i] == '\r' ? '?' : line.p[i]);
		buf_add_str(b, "\r\n");
	}
}

/* Names of a part: of ASCII, and with SMTPUTF8 (RFC 6533 4). */
struct part {
	const char *plain, *wide;
	struct buf  body;
	bool	    raw;	/* never encoded: it has no SMTPUTF8 in it */
};
enum { TEXT, STATUS, RETURNED, PARTS };

static bool
is_wide(const struct part *p)
{
	return !p->raw && intl_is_needed(buf_span(&p->body));
}

/* Does it stand as it is, with octets over 126? */
static bool
stays_8bit(const struct part *p, const struct dsn *d)
{
	return intl_is_needed(buf_span(&p->body)) &&
	    (p->raw || intl_is_needed(d->to));
}

static int
put_part(struct buf *b, struct span boundary, const struct part *p,
    bool eight)
{
	int rc = 0;

	buf_add_str(b, "--");
	buf_add_span(b, boundary);
	buf_addf(b, "\r\nContent-Type: %s\r\n",
	    is_wide(p) ? p->wide : p->plain);
	if (eight) {
		buf_add_str(b, "Content-Transfer-Encoding: 8bit\r\n\r\n");
		buf_add_span(b, buf_span(&p->body));
	} else if (is_wide(p)) {
		buf_add_str(b, "Content-Transfer-Encoding: "
		    "quoted-printable\r\n\r\n");
		rc = qp_encode(b, buf_span(&p->body));
	} else {
		buf_add_str(b, "\r\n");
		buf_add_span(b, buf_span(&p->body));
	}
	return rc;
}

/* The site's words, and then who it is about. */
static void
put_words(struct part *p, const struct dsn *d, struct buf *type)
{
	struct span charset = d->words->charset;
	bool ascii = span_ieq_str(charset, "us-ascii");
	bool wide = ascii || span_ieq_str(charset, "utf-8");

	buf_addf(type, "text/plain; charset=%.*s", SPAN_ARG(charset));
	p->plain = buf_cstr(type);
	p->wide = ascii ? "text/plain; charset=utf-8" : p->plain;
	p->raw = intl_is_needed(d->words->body);
	if (dsn_words_put(&p->body, d->words, &d->values) != 0)
		p->body.full = true;
	for (size_t i = 0; i < d->rcpts_n; i++)
		put_rcpt_text(&p->body, &d->rcpts[i], wide);
	buf_add_str(&p->body, "\r\n");
}

/* RFC 6522 3, 4: the message, or its header alone. */
static void
put_returned(struct part *p, const struct dsn *d, struct span header)
{
	p->plain = d->whole ? "message/rfc822" : "text/rfc822-headers";
	p->wide = d->whole ? "message/global" : "message/global-headers";
	p->raw = !d->utf8;
	put_header(&p->body, header, d->whole ? header.n : LINE_MAX_OCTETS);
	buf_add_str(&p->body, "\r\n");
}

/* A boundary that the returned text does not hold (RFC 2046 5.1.1). */
static void
make_boundary(struct buf *b, const struct dsn *d, struct span header)
{
	buf_add_str(b, "=_");
	header_out_tame(b, d->unique, 32);
	for (int i = 0; i < 16; i++) {
		if (span_find(header, buf_span(b)) == header.n)
			return;
		buf_add_char(b, '_');
	}
}

static int
put_parts(struct buf *b, const struct dsn *d, struct span boundary,
    const struct part *parts, size_t n)
{
	bool eight = false;
	int rc;

	for (size_t i = 0; i < n; i++)
		eight = eight || stays_8bit(&parts[i], d);
	rc = put_head(b, d, boundary, eight);
	for (size_t i = 0; i < n; i++) {
		rc |= put_part(b, boundary, &parts[i],
		    stays_8bit(&parts[i], d));
		if (parts[i].body.full)
			rc = -1;
	}
	buf_add_str(b, "--");
	buf_add_span(b, boundary);
	buf_add_str(b, "--\r\n");
	return rc;
}

int
dsn_write(struct buf *out, const struct dsn *d)
{
	struct part parts[PARTS] = {
		[TEXT] = { .plain = "text/plain; charset=us-ascii",
		    .wide = "text/plain; charset=utf-8" },
		[STATUS] = { .plain = "message/delivery-status",
		    .wide = "message/global-delivery-status" },
	};
	struct span header = span_head(d->header, d->header_max);
	size_t was = out->n, n;
	struct buf boundary, type;
	int rc;

	if (header.n < d->header.n)	/* no half line at the end */
		header = span_head(header, span_rchr(header, '\n') + 1);
	n = header.n > 0 ? PARTS : RETURNED;
	for (size_t i = 0; i < PARTS; i++)
		buf_init(&parts[i].body, out->cap);
	buf_init(&boundary, 64);
	make_boundary(&boundary, d, header);
	buf_init(&type, KIB);
	if (d->words != NULL)
		put_words(&parts[TEXT], d, &type);
	else
		put_text(&parts[TEXT].body, d);
	put_status(&parts[STATUS].body, d);
	if (header.n > 0)
		put_returned(&parts[RETURNED], d, header);
	rc = put_parts(out, d, buf_span(&boundary), parts, n);
	buf_fini(&boundary);
	buf_fini(&type);
	for (size_t i = 0; i < PARTS; i++)
		buf_fini(&parts[i].body);
	if (rc == 0 && !out->full)
		return 0;
	buf_cut(out, was);
	return -1;
}

bool
dsn_is_report(struct span header)
{
	struct header_field f;
	struct mime_type type;
	struct arena *mem;
	bool is;

	if (!header_find(header, "Content-Type", &f))
		return false;
	mem = arena_new(TYPE_MEM);
	is = mime_type_parse(f.value, mem, &type) == 0 &&
	    mime_type_is(&type, "multipart", "report");
	arena_free(&mem);
	return is;
}
