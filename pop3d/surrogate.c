/*
 * surrogate.c - see surrogate.h.  Field by field, each by what its grammar allows:
 * addresses, parameters, text; and where that leads nowhere, a '?' for each
 * character.  The same header gives the same surrogate each time.
 */
#include "pop3d/surrogate.h"

#include "base/utf8.h"
#include "mail/addrlist.h"
#include "mail/header.h"
#include "mail/header_out.h"
#include "mail/intl.h"
#include "mail/mime_type.h"

#define NAME_MAX_OCTETS	76	/* of a field that we write anew */
#define VALUE_MAX	(64 * KIB)
#define ITEMS_MAX	1000
#define HOST_MAX	256

enum form { FORM_TEXT, FORM_ADDRESSES, FORM_TYPE, FORM_DISPOSITION, FORM_TAME };

static const struct { const char *name; enum form form; } forms[] = {
	{ "From", FORM_ADDRESSES }, { "Sender", FORM_ADDRESSES },
	{ "Reply-To", FORM_ADDRESSES }, { "To", FORM_ADDRESSES },
	{ "Cc", FORM_ADDRESSES }, { "Bcc", FORM_ADDRESSES },
	{ "Resent-From", FORM_ADDRESSES }, { "Resent-Sender", FORM_ADDRESSES },
	{ "Resent-To", FORM_ADDRESSES }, { "Resent-Cc", FORM_ADDRESSES },
	{ "Resent-Bcc", FORM_ADDRESSES },
	{ "Disposition-Notification-To", FORM_ADDRESSES },
	{ "Content-Type", FORM_TYPE },
	{ "Content-Disposition", FORM_DISPOSITION },
	{ "Return-Path", FORM_TAME }, { "Delivered-To", FORM_TAME },
	{ "Received", FORM_TAME }, { "Message-ID", FORM_TAME },
	{ "In-Reply-To", FORM_TAME }, { "References", FORM_TAME },
	{ "Resent-Message-ID", FORM_TAME }, { "Date", FORM_TAME },
	{ "Resent-Date", FORM_TAME }, { "MIME-Version", FORM_TAME },
	{ "Content-Transfer-Encoding", FORM_TAME },
	{ "Content-ID", FORM_TAME }, { "DKIM-Signature", FORM_TAME },
	{ "Authentication-Results", FORM_TAME },
	{ "ARC-Seal", FORM_TAME }, { "ARC-Message-Signature", FORM_TAME },
	{ "ARC-Authentication-Results", FORM_TAME },
	{ "Received-SPF", FORM_TAME },
};

static enum form
form_of(struct span name)
{
	for (size_t i = 0; i < COUNT(forms); i++)
		if (span_ieq_str(name, forms[i].name))
			return forms[i].form;
	return span_istarts(name, SPAN_LIT("List-")) ? FORM_TAME : FORM_TEXT;
}

static bool
is_ascii(struct span s)
{
	return utf8_ascii(s) == s.n;
}

/* All buffers below have caps above what they can need, or `full` tells. */
static void
put_tame(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < 0x80)
			(void)buf_add_char(out, s.p[i]);
		else if (c >= 0xc0)	/* the first of each character */
			(void)buf_add_char(out, '?');
	}
}

static void
put_quoted(struct buf *out, struct span s)
{
	(void)buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			(void)buf_add_char(out, '\\');
		(void)buf_add_char(out, s.p[i]);
	}
	(void)buf_add_char(out, '"');
}

/* ------------------------------------------------------------- addresses */

static bool
is_dot_atom(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) &&
		    !span_has(SPAN_LIT("!#$%&'*+-/=?^_`{|}~."), s.p[i]))
			return false;
	return s.n > 0;
}

/* "local@host" in ASCII; false: it cannot be written so. */
static bool
put_mailbox(struct buf *out, const struct addrlist_item *a)
{
	char host[HOST_MAX];

	if (!is_ascii(a->mailbox))
		return false;
	if (is_ascii(a->host)) {
		if (span_copy(a->host, host, sizeof(host)) != 0)
			return false;
	} else if (intl_domain(a->host, host, sizeof(host)) != 0) {
		return false;
	}
	if (is_dot_atom(a->mailbox))
		(void)buf_add_span(out, a->mailbox);
	else
		put_quoted(out, a->mailbox);
	if (host[0] != '\0')
		(void)buf_addf(out, "@%s", host);
	return true;
}

/* RFC 5322 3.4: a group may have no members. */
static int
put_removed(struct buf *out, const char *name, const struct addrlist_item *a)
{
	struct buf text;
	int rc = -1;

	buf_init(&text, VALUE_MAX);
	if (a->name.n > 0)
		(void)buf_addf(&text, "%.*s ", (int)a->name.n, a->name.p);
	(void)buf_addf(&text, "<%.*s@%.*s>", (int)a->mailbox.n, a->mailbox.p,
	    (int)a->host.n, a->host.n > 0 ? a->host.p : "");
	if (!text.full)
		rc = header_out_phrase(out, name, buf_span(&text));
	(void)buf_add_str(out, ":;");
	buf_fini(&text);
	return rc;
}

struct addresses {
	struct buf value;
	const char *field;
	bool	in_group, first;
};

static int
put_address(struct addresses *to, const struct addrlist_item *a)
{
	struct buf mailbox;
	int rc = 0;

	buf_init(&mailbox, VALUE_MAX);
	if (!put_mailbox(&mailbox, a)) {
		/* A group cannot stand in a group. */
		if (!to->in_group) {
			(void)buf_add_str(&to->value, to->first ? "" : ", ");
			rc = put_removed(&to->value, to->field, a);
			to->first = false;
		}
		buf_fini(&mailbox);
		return rc;
	}
	(void)buf_add_str(&to->value, to->first ? "" : ", ");
	if (a->name.n > 0) {
		rc = header_out_phrase(&to->value, to->field, a->name);
		(void)buf_add_char(&to->value, ' ');
	}
	(void)buf_addf(&to->value, "<%s>", buf_cstr(&mailbox));
	to->first = false;
	buf_fini(&mailbox);
	return rc;
}

static int
put_item(struct addresses *to, const struct addrlist_item *a)
{
	int rc = 0;

	switch (a->kind) {
	case ADDRLIST_MAILBOX:
		return put_address(to, a);
	case ADDRLIST_GROUP:
		(void)buf_add_str(&to->value, to->first ? "" : ", ");
		rc = header_out_phrase(&to->value, to->field, a->name);
		(void)buf_add_str(&to->value, ": ");
		to->in_group = to->first = true;
		return rc;
	case ADDRLIST_GROUP_END:
		(void)buf_add_char(&to->value, ';');
		to->in_group = to->first = false;
	}
	return rc;
}

static int
addresses_out(struct buf *out, const char *name, struct span value)
{
	struct addresses to = { .field = name, .first = true };
	struct addrlist list;
	struct addrlist_item item;
	int rc = 0;

	buf_init(&to.value, VALUE_MAX);
	addrlist_init(&list, value, ITEMS_MAX);
	while (rc == 0 && addrlist_next(&list, &item))
		rc = put_item(&to, &item);
	if (rc == 0)
		rc = to.value.full || to.value.n == 0 ? -1 :
		    header_out(out, name, buf_span(&to.value));
	addrlist_fini(&list);
	buf_fini(&to.value);
	return rc;
}

/* ------------------------------------------------------------ parameters */

/* RFC 2231 4 */
static void
put_extended(struct buf *out, struct span value)
{
	(void)buf_add_str(out, "*=utf-8''");
	for (size_t i = 0; i < value.n; i++)
		if (ascii_isalnum(value.p[i]) ||
		    span_has(SPAN_LIT("-._~"), value.p[i]))
			(void)buf_add_char(out, value.p[i]);
		else
			(void)buf_addf(out, "%%%02X",
			    (unsigned)(uint8_t)value.p[i]);
}

static void
put_params(struct buf *out, const struct mime_params *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		struct span name = ps->v[i].name, value = ps->v[i].value;

		/* Who encodes and has UTF-8 all the same means nothing good. */
		if (!is_ascii(name) ||
		    (span_has(name, '*') && !is_ascii(value)))
			continue;
		(void)buf_add_str(out, "; ");
		(void)buf_add_span(out, name);
		if (!is_ascii(value)) {
			put_extended(out, value);
		} else {
			(void)buf_add_char(out, '=');
			put_quoted(out, value);
		}
	}
}

static int
params_out(struct buf *out, const char *name, struct span value, bool type)
{
	struct mime_disposition d;
	struct mime_type t;
	struct arena *mem = arena_new(4 * VALUE_MAX);
	struct buf text;
	int rc = -1;

	buf_init(&text, VALUE_MAX);
	if (type && mime_type_parse(value, mem, &t) == 0) {
		(void)buf_addf(&text, "%.*s/%.*s", (int)t.type.n, t.type.p,
		    (int)t.subtype.n, t.subtype.p);
		put_params(&text, &t.params);
		rc = 0;
	} else if (!type && mime_disposition_parse(value, mem, &d) == 0) {
		(void)buf_add_span(&text, d.kind);
		put_params(&text, &d.params);
		rc = 0;
	}
	if (rc == 0)
		rc = text.full ? -1 : header_out(out, name, buf_span(&text));
	buf_fini(&text);
	arena_free(&mem);
	return rc;
}

/* ----------------------------------------------------------------- fields */

static int
text_out(struct buf *out, const char *name, struct span value)
{
	struct buf line;
	int rc;

	buf_init(&line, value.n + 1);
	rc = header_unfold(&line, value);
	if (rc == 0)
		rc = header_out_text(out, name, buf_span(&line));
	buf_fini(&line);
	return rc;
}

static void
field_out(struct buf *out, const struct header_field *f)
{
	char name[NAME_MAX_OCTETS + 1];
	int rc = -1;

	if (!is_ascii(f->name) || span_copy(f->name, name, sizeof(name)) != 0) {
		put_tame(out, f->whole);
		return;
	}
	switch (form_of(f->name)) {
	case FORM_TEXT:
		rc = text_out(out, name, f->value);
		break;
	case FORM_ADDRESSES:
		rc = addresses_out(out, name, f->value);
		break;
	case FORM_TYPE:
	case FORM_DISPOSITION:
		rc = params_out(out, name, f->value,
		    form_of(f->name) == FORM_TYPE);
		break;
	case FORM_TAME:
		break;
	}
	if (rc != 0)
		put_tame(out, f->whole);
}

static bool
is_ours(const struct header_field *f)
{
	return !is_ascii(f->whole) && utf8_valid(f->whole);
}

bool
surrogate_needed(struct span header)
{
	struct header_walk w;
	struct header_field f;

	if (is_ascii(header))
		return false;
	header_walk_init(&w, header, SURROGATE_FIELDS_MAX);
	while (header_next(&w, &f))
		if (is_ours(&f))
			return true;
	return false;
}

int
surrogate_make(struct buf *out, struct span header)
{
	struct header_walk w;
	struct header_field f;
	const char *at = header.p;

	header_walk_init(&w, header, SURROGATE_FIELDS_MAX);
	while (header_next(&w, &f)) {
		if (is_ours(&f))
			field_out(out, &f);
		else
			(void)buf_add_span(out, f.whole);	/* `full` tells */
		at = f.whole.p + f.whole.n;
	}
	(void)buf_add(out, at, (size_t)(header.p + header.n - at));
	return out->full ? -1 : 0;
}
