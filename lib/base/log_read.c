/*
 * log_read - see log_read.h.
 * The quoting leaves no space and no quote bare inside a value, so a line
 * splits without looking ahead; what a damaged line holds is taken as it is.
 */
#include "base/log_read.h"

#include "base/num.h"

/* Behind the backslash: the octet that is meant. */
static void
unescape(struct span *rest, struct buf *value)
{
	uint64_t octet;

	if (rest->n >= 3 && rest->p[0] == 'x' &&
	    num_parse_hex(span_of(rest->p + 1, 2), 255, &octet) == 0) {
		(void)!buf_add_char(value, (char)octet);
		*rest = span_from(*rest, 3);
	} else if (rest->n > 0) {
		(void)!buf_add_char(value, rest->p[0]);
		*rest = span_from(*rest, 1);
	}
}

static void
quoted(struct span *rest, struct buf *value)
{
	*rest = span_from(*rest, 1);
	while (rest->n > 0) {
		char c = rest->p[0];

		*rest = span_from(*rest, 1);
		if (c == '"')
			return;
		if (c == '\\')
			unescape(rest, value);
		else
			(void)!buf_add_char(value, c);
	}
}

bool
log_pair(struct span *rest, struct span *key, struct buf *value)
{
	while (rest->n > 0) {
		size_t space = span_chr(*rest, ' ');
		size_t equals = span_chr(span_head(*rest, space), '=');

		if (equals == space || equals == 0) {	/* no pair */
			*rest = span_from(*rest, space + 1);
			continue;
		}
		*key = span_head(*rest, equals);
		*rest = span_from(*rest, equals + 1);
		buf_clear(value);
		if (rest->n > 0 && rest->p[0] == '"') {
			quoted(rest, value);
		} else {
			(void)!buf_add_span(value, span_head(*rest,
			    space - equals - 1));
			*rest = span_from(*rest, space - equals - 1);
		}
		return true;
	}
	return false;
}
