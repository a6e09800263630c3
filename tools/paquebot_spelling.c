/*
 * paquebot_spelling.c - only what is not ASCII is touched: operators search for
 * parts of things and for things that no parser would take.
 */
#include "tools/paquebot_spelling.h"

#include "base/buf.h"
#include "mail/intl.h"

static int
respell(struct span given, struct buf *out)
{
	bool at = span_starts(given, SPAN_LIT("@"));
	char domain[ADDR_DOMAIN_SIZE];
	struct addr a;

	if (!at && span_has(given, '@'))
		return addr_parse(given, &a, NULL) != 0 ? -1 :
		    buf_add_span(out, addr_text(&a));
	if (addr_parse_domain(span_from(given, at), domain, NULL) != 0)
		return -1;
	return buf_addf(out, "%s%s", at ? "@" : "", domain);
}

const char *
spelling(const char *given, struct spelling *s)
{
	const char *answer = given;
	struct buf text;

	buf_init(&text, sizeof(s->text) - 1);
	if (intl_is_needed(span_str(given)) &&
	    respell(span_str(given), &text) == 0 &&
	    span_copy(buf_span(&text), s->text, sizeof(s->text)) == 0)
		answer = s->text;
	buf_fini(&text);
	return answer;
}
