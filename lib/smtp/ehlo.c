/*
 * One table of extensions for both directions.  Those with arguments have them
 * read and written beside it; a keyword that is not in the table means nothing
 * to us and is passed over (RFC 5321 4.1.1.1).
 */
#include "smtp/ehlo.h"

#include "base/num.h"
#include "smtp/xclient.h"

static const struct {
	const char *name;
	enum ehlo_cap cap;
} caps[] = {
	{ "PIPELINING", EHLO_PIPELINING },
	{ "SIZE", EHLO_SIZE },
	{ "8BITMIME", EHLO_8BITMIME },
	{ "STARTTLS", EHLO_STARTTLS },
	{ "AUTH", EHLO_AUTH },
	{ "ENHANCEDSTATUSCODES", EHLO_ENHANCED },
	{ "DSN", EHLO_DSN },
	{ "CHUNKING", EHLO_CHUNKING },
	{ "BINARYMIME", EHLO_BINARYMIME },
	{ "SMTPUTF8", EHLO_SMTPUTF8 },
	{ "LIMITS", EHLO_LIMITS },
	{ "XCLIENT", EHLO_XCLIENT },
	{ "XFORWARD", EHLO_XFORWARD },
	{ "XVERP", EHLO_XVERP },
};

static const struct {
	const char *name;
	enum ehlo_auth bit;
} mechs[] = {
	{ "PLAIN", EHLO_AUTH_PLAIN },
	{ "LOGIN", EHLO_AUTH_LOGIN },
	{ "SCRAM-SHA-1", EHLO_AUTH_SCRAM_SHA_1 },
	{ "SCRAM-SHA-256", EHLO_AUTH_SCRAM_SHA_256 },
	{ "SCRAM-SHA-1-PLUS", EHLO_AUTH_SCRAM_SHA_1_PLUS },
	{ "SCRAM-SHA-256-PLUS", EHLO_AUTH_SCRAM_SHA_256_PLUS },
	{ "EXTERNAL", EHLO_AUTH_EXTERNAL },
	{ "OAUTHBEARER", EHLO_AUTH_OAUTHBEARER },
	{ "XOAUTH2", EHLO_AUTH_XOAUTH2 },
};

void
ehlo_init(struct ehlo *e)
{
	*e = (struct ehlo){ .caps = 0 };
}

static void
read_mechs(struct ehlo *e, struct span args)
{
	struct span word;

	while ((word = span_word(&args)).n > 0)
		for (size_t i = 0; i < COUNT(mechs); i++)
			if (span_ieq_str(word, mechs[i].name))
				e->auth |= mechs[i].bit;
}

/* RFC 1870 4: without a number, or with 0, there is no fixed maximum. */
static void
read_size(struct ehlo *e, struct span args)
{
	if (num_parse(span_trim(args), 0, UINT64_MAX, &e->size) != 0)
		e->size = 0;
}

static void
read_limits(struct ehlo *e, struct span args)
{
	struct span word, name;
	uint64_t v;

	while ((word = span_word(&args)).n > 0) {
		name = span_cut(&word, '=');
		if (num_parse(word, 1, UINT32_MAX, &v) != 0)
			continue;	/* as good as none */
		if (span_ieq_str(name, "RCPTMAX"))
			e->rcptmax = v;
		else if (span_ieq_str(name, "MAILMAX"))
			e->mailmax = v;
	}
}

void
ehlo_parse_line(struct ehlo *e, struct span line)
{
	struct span args = span_trim(line), word = span_word(&args);

	/* "AUTH=PLAIN ..." of servers older than the standard */
	if (span_istarts(word, SPAN_LIT("AUTH="))) {
		e->caps |= EHLO_AUTH;
		read_mechs(e, span_from(word, 5));
		read_mechs(e, args);
		return;
	}
	for (size_t i = 0; i < COUNT(caps); i++) {
		if (!span_ieq_str(word, caps[i].name))
			continue;
		e->caps |= caps[i].cap;
		if (caps[i].cap == EHLO_SIZE)
			read_size(e, args);
		else if (caps[i].cap == EHLO_AUTH)
			read_mechs(e, args);
		else if (caps[i].cap == EHLO_LIMITS)
			read_limits(e, args);
		return;
	}
}

void
ehlo_parse(struct ehlo *e, struct span text)
{
	ehlo_init(e);
	(void)span_cut(&text, '\n');	/* the greeting */
	while (text.p != NULL)
		ehlo_parse_line(e, span_cut(&text, '\n'));
}

static void
put_limit(struct buf *out, const char *name, uint64_t v)
{
	if (v > 0) {
		buf_addf(out, " %s=", name);
		buf_add_u64(out, v);
	}
}

static void
put_args(struct buf *out, enum ehlo_cap cap, const struct ehlo *e)
{
	if (cap == EHLO_SIZE) {
		buf_add_char(out, ' ');
		buf_add_u64(out, e->size);
	} else if (cap == EHLO_AUTH) {
		for (size_t i = 0; i < COUNT(mechs); i++)
			if ((e->auth & mechs[i].bit) != 0)
				buf_addf(out, " %s", mechs[i].name);
	} else if (cap == EHLO_XCLIENT || cap == EHLO_XFORWARD) {
		buf_add_str(out, xclient_names(cap == EHLO_XFORWARD));
	} else if (cap == EHLO_LIMITS) {
		put_limit(out, "RCPTMAX", e->rcptmax);
		put_limit(out, "MAILMAX", e->mailmax);
	}
}

int
ehlo_put(struct buf *out, struct span greeting, const struct ehlo *e)
{
	size_t was = out->n;

	buf_add_span(out, greeting);
	for (size_t i = 0; i < COUNT(caps); i++)
		if ((e->caps & caps[i].cap) != 0) {
			buf_addf(out, "\n%s", caps[i].name);
			put_args(out, caps[i].cap, e);
		}
	if (!out->full)
		return 0;
	buf_cut(out, was);
	return -1;
}
