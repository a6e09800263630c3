/*
 * foreign.c - methods as RFC 9110 9.1 and RFC 5789 2 list them, and the
 * preface of RFC 9113 3.4; no mail protocol has a command of these names.
 */
#include "net/foreign.h"

#define METHOD_MOST	7	/* octets: OPTIONS, CONNECT */

bool
foreign_is_http(struct span line)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "HEAD",
	    "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE", "PRI" };
	struct span word = span_head(line, span_chr(line, ' '));

	for (size_t i = 0; i < COUNT(methods); i++)
		if (span_eq_str(word, methods[i]))
			return true;
	return false;
}

bool
foreign_is_tls(struct span first)
{
	/* Record type handshake, then version 3.x of TLS. */
	return first.n > 0 && first.p[0] == 0x16 &&
	    (first.n == 1 || first.p[1] == 0x03);
}

bool
foreign_looked_at(struct span first)
{
	return first.n > METHOD_MOST || foreign_is_tls(first) ||
	    span_has(first, ' ') || span_has(first, '\n');
}
