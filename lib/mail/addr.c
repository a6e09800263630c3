/*
 * One spelling per mailbox, so that policy, look-up and delivery can never see
 * two different addresses in the same octets: the local part is taken apart
 * into plain text and put together again with the least quoting, the domain is
 * checked and written in lower case and with A-labels, literals go through
 * inet_pton and back.  What is refused here never reaches a table, a file name
 * or a header.
 */
#include "mail/addr.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/hostname.h"
#include "mail/intl.h"

static const char tag_ipv6[] = "IPv6:";

/* Of UTF-8; the whole is judged by intl_text_ok(). */
static bool
is_high(char c)
{
	return (unsigned char)c > 127;
}

/* RFC 5321 4.1.2, RFC 6531 3.3 */
static bool
is_atext(char c)
{
	return ascii_isalnum(c) || is_high(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_print(char c)
{
	return (c >= ' ' && c <= '~') || is_high(c);
}

/* RFC 5321 4.1.2 Dot-string */
static bool
is_dot_string(struct span s)
{
	char before = '.';

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? before == '.' : !is_atext(s.p[i]))
			return false;
		before = s.p[i];
	}
	return before != '.';
}

static int
refuse(struct why *why, const char *text)
{
	why_set(why, WHY_PERM, "5.1.3", "%s", text);
	return -1;
}

/* RFC 5321 4.1.2 Quoted-string: its plain text. */
static int
take_quoted(struct cur *c, struct buf *plain, struct why *why)
{
	cur_next(c);
	for (;;) {
		int ch = cur_next(c);

		if (ch == '"')
			return 0;
		if (ch == '\\')
			ch = cur_next(c);
		if (ch < 0 || !is_print((char)ch))
			return refuse(why, "bad quoted local part");
		if (buf_add_char(plain, (char)ch) != 0)
			return refuse(why, "local part too long");
	}
}

static bool
is_dot_string_char(char c)
{
	return c == '.' || is_atext(c);
}

static int
take_local(struct cur *c, struct buf *plain, struct why *why)
{
	const char *from = c->p;
	struct span s;

	if (cur_peek(c) == '"') {
		if (take_quoted(c, plain, why) != 0)
			return -1;
		if (plain->n == 0)
			return refuse(why, "empty local part");
	} else {
		s = cur_while(c, is_dot_string_char);
		if (!is_dot_string(s))
			return refuse(why, "bad local part");
		if (buf_add_span(plain, s) != 0)
			return refuse(why, "local part too long");
	}
	if (cur_since(c, from).n > ADDR_LOCAL_MAX)
		return refuse(why, "local part too long");
	return 0;
}

/* The least quoting that will do (RFC 5321 4.1.2). */
static int
put_local(struct buf *out, struct span plain)
{
	size_t from = out->n;

	if (is_dot_string(plain))
		return buf_add_span(out, plain);
	buf_add_char(out, '"');
	for (size_t i = 0; i < plain.n; i++) {
		if (!is_print(plain.p[i]))
			return -1;
		if (plain.p[i] == '"' || plain.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, plain.p[i]);
	}
	buf_add_char(out, '"');
	return out->full || out->n - from > ADDR_LOCAL_MAX ? -1 : 0;
}

/*
 * RFC 5321 4.1.3.  General-address-literal: no tag but IPv6 is known to us.
 * inet_pton takes no leading zeros: an octal reading elsewhere cannot differ.
 */
static int
parse_literal(struct span s, char out[ADDR_DOMAIN_SIZE])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN], norm[INET6_ADDRSTRLEN];
	uint8_t ip[16];
	bool six;
	struct buf b;

	if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return -1;
	s = span_of(s.p + 1, s.n - 2);
	six = span_istarts(s, span_str(tag_ipv6));
	if (six)
		s = span_from(s, sizeof(tag_ipv6) - 1);
	if (span_copy(s, text, sizeof(text)) != 0 ||
	    inet_pton(six ? AF_INET6 : AF_INET, text, ip) != 1)
		return -1;
	if (six && memcmp(ip, mapped, sizeof(mapped)) == 0) {
		memmove(ip, ip + 12, 4);
		six = false;
	}
	if (inet_ntop(six ? AF_INET6 : AF_INET, ip, norm,
	    sizeof(norm)) == NULL)
		return -1;
	buf_init(&b, ADDR_DOMAIN_MAX);
	buf_addf(&b, "[%s%s]", six ? tag_ipv6 : "", norm);
	if (span_copy(buf_span(&b), out, ADDR_DOMAIN_SIZE) != 0)
		out[0] = '\0';	/* cannot be: 53 octets at most */
	buf_fini(&b);
	return 0;
}

int
addr_parse_domain(struct span s, char out[ADDR_DOMAIN_SIZE], bool *literal)
{
	bool lit = s.n > 0 && s.p[0] == '[';
	char ascii[ADDR_DOMAIN_SIZE];

	if (literal != NULL)
		*literal = lit;
	if (lit)
		return parse_literal(s, out);
	if (intl_is_needed(s)) {
		if (intl_domain(s, ascii, sizeof(ascii)) != 0)
			return -1;
		s = span_str(ascii);
	}
	/* RFC 5321 4.1.2 Domain */
	if (s.n > ADDR_DOMAIN_MAX || hostname_labels(s, false) == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		out[i] = ascii_lower(s.p[i]);
	out[s.n] = '\0';
	return 0;
}

/* Canonical text from a plain local part and a domain as written. */
static int
assemble(struct addr *out, struct span plain, struct span domain,
    struct why *why)
{
	struct addr a = { .kind = ADDR_MAILBOX,
		.utf8 = intl_is_needed(plain) || intl_is_needed(domain) };
	char name[ADDR_DOMAIN_SIZE];
	struct buf b;
	int rc;

	if (!intl_text_ok(plain))
		return refuse(why, "bad local part");
	if (addr_parse_domain(domain, name, &a.literal) != 0)
		return refuse(why, domain.n == 0 ? "domain missing" :
		    "bad domain or address literal");
	buf_init(&b, ADDR_MAX);
	rc = put_local(&b, plain);
	a.local_n = (uint8_t)b.n;
	buf_add_char(&b, '@');
	buf_add_str(&b, name);
	if (rc != 0 || b.full || span_copy(buf_span(&b), a.text,
	    sizeof(a.text)) != 0)
		rc = refuse(why, "address too long");
	a.text_n = (uint8_t)b.n;
	buf_fini(&b);
	if (rc == 0)
		*out = a;
	return rc;
}

static bool
is_domain_char(char c)
{
	return c != '>' && c != ' ' && is_print(c);
}

/* RFC 5321 4.1.2 Mailbox */
static int
take_mailbox(struct cur *c, struct addr *out, struct why *why)
{
	const char *from = c->p;
	struct buf plain;
	struct span domain;
	int rc;

	buf_init(&plain, ADDR_LOCAL_MAX);
	rc = take_local(c, &plain, why);
	if (rc == 0 && !cur_take(c, '@'))
		rc = refuse(why, "domain missing");
	if (rc == 0) {
		domain = cur_while(c, is_domain_char);
		if (cur_since(c, from).n > ADDR_MAX)
			rc = refuse(why, "address too long");
		else
			rc = assemble(out, buf_span(&plain), domain, why);
	}
	buf_fini(&plain);
	return rc;
}

static void
set_special(struct addr *out, enum addr_kind kind, const char *text)
{
	*out = (struct addr){ .kind = kind };
	if (span_copy(span_str(text), out->text, sizeof(out->text)) == 0)
		out->text_n = out->local_n = (uint8_t)strlen(text);
}

static int
take_path(struct cur *c, enum addr_side side, struct addr *out,
    struct why *why)
{
	struct addr a;

	if (!cur_take(c, '<'))
		return refuse(why, "address must stand in <>");
	if (cur_peek(c) == '@')
		return refuse(why, "no source routes here");	/* 3.6.1 */
	if (side == ADDR_REVERSE && cur_peek(c) == '>')
		set_special(&a, ADDR_NULL, "");
	else if (side == ADDR_FORWARD && cur_take_istr(c, "postmaster>")) {
		set_special(out, ADDR_POSTMASTER, "postmaster");
		return 0;
	} else if (take_mailbox(c, &a, why) != 0)
		return -1;
	if (!cur_take(c, '>'))
		return refuse(why, "'>' missing");
	*out = a;
	return 0;
}

int
addr_take_path(struct cur *c, enum addr_side side, struct addr *out,
    struct why *why)
{
	struct cur at = *c;
	struct why w;

	if (take_path(&at, side, out, &w) == 0) {
		*c = at;
		return 0;
	}
	/* RFC 3463: the sender's syntax is 5.1.7, a recipient's 5.1.3 */
	why_set(why, WHY_PERM, side == ADDR_REVERSE ? "5.1.7" : "5.1.3", "%s",
	    w.text);
	return -1;
}

int
addr_parse_path(struct span s, enum addr_side side, struct addr *out,
    struct why *why)
{
	struct addr a;
	struct cur c;

	cur_init(&c, s, 0, 0);
	if (addr_take_path(&c, side, &a, why) != 0)
		return -1;
	if (!cur_end(&c)) {
		why_set(why, WHY_PERM,
		    side == ADDR_REVERSE ? "5.1.7" : "5.1.3",
		    "text behind the address");
		return -1;
	}
	*out = a;
	return 0;
}

int
addr_parse(struct span s, struct addr *out, struct why *why)
{
	struct addr a;
	struct cur c;

	cur_init(&c, s, 0, 0);
	if (take_mailbox(&c, &a, why) != 0)
		return -1;
	if (!cur_end(&c))
		return refuse(why, "text behind the address");
	*out = a;
	return 0;
}

int
addr_make(struct addr *out, struct span local, struct span domain)
{
	if (local.n == 0 || local.n > ADDR_LOCAL_MAX)
		return -1;
	return assemble(out, local, domain, NULL);
}

struct span
addr_text(const struct addr *a)
{
	return span_of(a->text, a->text_n);
}

struct span
addr_local(const struct addr *a)
{
	return span_of(a->text, a->local_n);
}

struct span
addr_domain(const struct addr *a)
{
	if (a->kind != ADDR_MAILBOX)
		return SPAN_LIT("");
	return span_from(addr_text(a), (size_t)a->local_n + 1);
}

void
addr_local_plain(const struct addr *a, char out[ADDR_LOCAL_SIZE])
{
	struct span s = addr_local(a);
	size_t n = 0;

	if (s.n >= 2 && s.p[0] == '"')
		s = span_of(s.p + 1, s.n - 2);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		out[n++] = s.p[i];
	}
	out[n] = '\0';
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return a->kind == b->kind && span_eq(addr_text(a), addr_text(b));
}

bool
addr_local_routes(const struct addr *a)
{
	struct span s = addr_local(a);

	return span_has(s, '%') || span_has(s, '!') || span_has(s, '@');
}

int
addr_put_path(struct buf *out, const struct addr *a)
{
	return buf_addf(out, "<%s>", a->text);
}
