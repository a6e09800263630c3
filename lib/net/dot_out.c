/*
 * dot_out - the writing half of dot.h.  Line by line: the text between two LF
 * goes out in one piece, a dot in front of it if it begins with one (RFC 5321
 * 4.5.2, RFC 1939 3), CRLF behind it.  A CR at the end of a piece is held back
 * until it is known whether LF follows.
 */
#include "net/dot.h"

#include <string.h>

void
dot_out_init(struct dot_out *d, struct stream *s, enum dot_cr cr)
{
	*d = (struct dot_out){ .s = s, .cr = cr, .at_start = true };
}

/* Part of a line: no LF in it, and a CR in it is a bare one. */
static void
put_text(struct dot_out *d, const char *p, size_t n)
{
	const char *cr;
	size_t part;

	if (n == 0)
		return;
	if (d->at_start && *p == '.')
		(void)stream_write(d->s, ".", 1);	/* errors are sticky */
	d->at_start = false;
	while (n > 0) {
		cr = d->cr == DOT_CR_SPACE ? memchr(p, '\r', n) : NULL;
		part = cr != NULL ? (size_t)(cr - p) : n;
		(void)stream_write(d->s, p, part);
		if (cr == NULL)
			break;
		(void)stream_write(d->s, " ", 1);
		p += part + 1;
		n -= part + 1;
	}
}

static void
put_held_cr(struct dot_out *d)
{
	if (d->cr_held) {
		d->cr_held = false;
		put_text(d, "\r", 1);
	}
}

/* p .. p[n-1], then LF: a line end, whether CR stands before it or not. */
static enum stream_result
put_line(struct dot_out *d, const char *p, size_t n)
{
	if (n > 0) {
		put_held_cr(d);
		put_text(d, p, p[n - 1] == '\r' ? n - 1 : n);
	}
	d->cr_held = false;
	d->at_start = true;
	return stream_write(d->s, "\r\n", 2);
}

enum stream_result
dot_write(struct dot_out *d, const void *octets, size_t n)
{
	const char *p = octets, *lf;
	size_t part;

	while (n > 0 && (lf = memchr(p, '\n', n)) != NULL) {
		part = (size_t)(lf - p);
		if (put_line(d, p, part) != STREAM_OK)
			break;
		p += part + 1;
		n -= part + 1;
	}
	if (n > 0 && d->s->out_end_why == STREAM_OK) {
		put_held_cr(d);
		d->cr_held = p[n - 1] == '\r';
		put_text(d, p, d->cr_held ? n - 1 : n);
	}
	return stream_write(d->s, "", 0);
}

enum stream_result
dot_end(struct dot_out *d)
{
	put_held_cr(d);
	if (!d->at_start)
		(void)stream_write(d->s, "\r\n", 2);
	d->at_start = true;
	return stream_write(d->s, ".\r\n", 3);
}
