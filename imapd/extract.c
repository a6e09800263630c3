/*
 * extract - see extract.h.
 * The text is cut into runs that end before a lone LF; each run goes out (or
 * is counted) whole, then CRLF.  A CRLF that stands in the file stays as it is.
 * Each octet is looked at once, by memchr().
 */
#include "imapd/extract.h"

#include <string.h>

void
extract_init(struct extract *x, struct stream *to, uint64_t from,
    uint64_t octets)
{
	*x = (struct extract){ .to = to, .from = from,
		.end = octets > UINT64_MAX - from ? UINT64_MAX :
		    from + octets };
}

/* n octets that go over the wire as they are. */
static void
pass(struct extract *x, const char *p, size_t n)
{
	uint64_t begin = x->at, end = x->at + n;

	x->at = end;
	if (begin < x->from)
		begin = x->from;
	if (end > x->end)
		end = x->end;
	if (x->to != NULL && begin < end)
		stream_write(x->to, p + (n - (size_t)(x->at - begin)),
		    (size_t)(end - begin));
}

size_t
extract_piece(struct extract *x, struct span piece)
{
	size_t i = 0, run;
	const char *lf;

	while (i < piece.n && x->at < x->end) {
		lf = memchr(piece.p + i, '\n', piece.n - i);
		run = lf == NULL ? piece.n - i : (size_t)(lf - piece.p) - i;
		if (run > 0) {
			pass(x, piece.p + i, run);
			x->after_cr = piece.p[i + run - 1] == '\r';
		}
		i += run;
		if (lf == NULL)
			break;
		pass(x, x->after_cr ? "\n" : "\r\n", x->after_cr ? 1 : 2);
		x->after_cr = false;
		i++;
	}
	return i;
}

uint64_t
extract_octets(struct span text)
{
	struct extract x;

	extract_init(&x, NULL, 0, UINT64_MAX);
	(void)extract_piece(&x, text);	/* nothing is left over: no end */
	return x.at;
}
