/*
 * uidl - see uidl.h.  The letters are those of Dovecot's pop3_uidl_format, so
 * that its value can be taken over; which letters there are is checked with
 * the settings.
 */
#include "pop3d/uidl.h"

#include <stdio.h>

#include "base/buf.h"

struct spec {
	bool	 zeros, hex;
	unsigned width;
};

static void
put_number(struct buf *out, const struct spec *s, uint32_t n)
{
	char text[UIDL_MAX + 1];
	int width = (int)s->width;

	if (s->hex)
		(void)snprintf(text, sizeof(text), s->zeros ? "%0*x" : "%*x",
		    width, n);
	else
		(void)snprintf(text, sizeof(text), s->zeros ? "%0*u" : "%*u",
		    width, n);
	(void)buf_add_str(out, text);		/* `full` tells */
}

static struct spec
take_spec(struct span *rest)
{
	struct spec s = { .zeros = rest->n > 0 && rest->p[0] == '0' };

	while (rest->n > 0 && ascii_isdigit(rest->p[0])) {
		s.width = s.width * 10 + (unsigned)(rest->p[0] - '0');
		if (s.width > UIDL_MAX)
			s.width = UIDL_MAX;
		*rest = span_from(*rest, 1);
	}
	if (rest->n > 0 && rest->p[0] == 'X') {
		s.hex = true;
		*rest = span_from(*rest, 1);
	}
	return s;
}

static void
put_fact(struct buf *out, char letter, const struct spec *s,
    const struct uidl_facts *f)
{
	switch (letter) {
	case 'u':
		put_number(out, s, f->uid);
		break;
	case 'v':
		put_number(out, s, f->uidvalidity);
		break;
	case 'f':
		(void)buf_add_span(out, f->file);
		break;
	case 'g':
		(void)buf_add_span(out, f->guid);
		break;
	default:
		(void)buf_add_char(out, letter);
	}
}

bool
uidl_is_good(struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return false;
	return id.n > 0 && id.n <= UIDL_MAX;
}

int
uidl_make(struct span format, const struct uidl_facts *f,
    char out[UIDL_MAX + 1])
{
	struct buf id;
	struct spec s;
	int rc;

	buf_init(&id, UIDL_MAX);
	while (format.n > 0) {
		char c = format.p[0];

		format = span_from(format, 1);
		if (c != '%') {
			(void)buf_add_char(&id, c);
			continue;
		}
		s = take_spec(&format);
		if (format.n == 0)
			break;
		put_fact(&id, format.p[0], &s, f);
		format = span_from(format, 1);
	}
	rc = id.full || !uidl_is_good(buf_span(&id)) ? -1 :
	    span_copy(buf_span(&id), out, UIDL_MAX + 1);
	buf_fini(&id);
	return rc;
}
