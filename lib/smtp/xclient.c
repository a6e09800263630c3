/*
 * xclient - see xclient.h.
 * One table of names; those of which we make no use (NAME, PROTO, IDENT,
 * SOURCE) are checked all the same.
 */
#include "smtp/xclient.h"

#include "base/num.h"
#include "smtp/xtext.h"

#define VALUE_MAX	255	/* octets, decoded */

static const struct {
	const char *name;
	enum xclient_name bit;
	size_t at, size;	/* where a text goes; size 0: nowhere */
} names[] = {
	{ "NAME", XCLIENT_NAME, 0, 0 },
	{ "ADDR", XCLIENT_ADDR, offsetof(struct xclient, addr),
	    sizeof(((struct xclient *)0)->addr) },
	{ "PORT", XCLIENT_PORT, 0, 0 },
	{ "PROTO", XCLIENT_PROTO, 0, 0 },
	{ "HELO", XCLIENT_HELO, offsetof(struct xclient, helo),
	    sizeof(((struct xclient *)0)->helo) },
	{ "LOGIN", XCLIENT_LOGIN, offsetof(struct xclient, login),
	    sizeof(((struct xclient *)0)->login) },
	{ "IDENT", XCLIENT_IDENT, 0, 0 },
	{ "SOURCE", XCLIENT_SOURCE, 0, 0 },
};

static int
take_value(struct xclient *out, size_t i, struct span value)
{
	uint64_t port;

	if (span_ieq_str(value, "[UNAVAILABLE]") ||
	    span_ieq_str(value, "[TEMPUNAVAIL]"))
		return 0;
	if (value.n == 0)
		return -1;
	if (names[i].bit == XCLIENT_ADDR &&
	    span_istarts(value, SPAN_LIT("IPV6:")))
		value = span_from(value, 5);
	if (names[i].bit == XCLIENT_PORT) {
		if (num_parse(value, 0, UINT16_MAX, &port) != 0)
			return -1;
		out->port = (uint16_t)port;
	}
	return names[i].size == 0 ? 0 : span_copy(value,
	    (char *)out + names[i].at, names[i].size);
}

static int
take_word(struct xclient *out, unsigned allowed, struct span word)
{
	struct span name = span_cut(&word, '=');
	struct buf plain;
	int rc = -1;

	buf_init(&plain, VALUE_MAX);
	for (size_t i = 0; i < COUNT(names); i++)
		if (span_ieq_str(name, names[i].name) &&
		    (names[i].bit & allowed & ~out->given) != 0 &&
		    xtext_decode(&plain, word) == 0) {
			out->given |= names[i].bit;
			rc = take_value(out, i, buf_span(&plain));
			break;
		}
	buf_fini(&plain);
	return rc;
}

int
xclient_parse(struct span args, unsigned allowed, struct xclient *out)
{
	struct span word;

	*out = (struct xclient){ .given = 0 };
	while ((word = span_word(&args)).n > 0)
		if (take_word(out, allowed, word) != 0)
			return -1;
	return out->given != 0 ? 0 : -1;
}

const char *
xclient_names(bool xforward)
{
	return xforward ? " NAME ADDR PORT PROTO HELO IDENT SOURCE" :
	    " NAME ADDR PORT PROTO HELO LOGIN";
}
