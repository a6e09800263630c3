/*
 * uidl - see uidl.h.  The letters are those of Dovecot's pop3_uidl_format, so
 * that its value can be taken over; which letters there are is checked with
 * the settings.
 */
#include "pop3d/uidl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/hash.h"

#define CUT_MAX	(UIDL_MAX - 8)	/* room for "-4000000" */

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

/* One for each id that is given, and for each that numbers stand behind. */
struct given {
	bool	 taken;
	uint32_t next;
};

struct uidl_table {
	struct hash *given;
	uint32_t *number;	/* of message i; 0: its id stays */
	size_t	  n, size;
};

struct uidl_table *
uidl_table_new(size_t n, const uint8_t seed[16])
{
	struct uidl_table *t = xcalloc(1, sizeof(*t));

	t->given = hash_new(3 * n + 1, seed);
	t->number = xcalloc(n + 1, sizeof(*t->number));
	t->size = n;
	return t;
}

void
uidl_table_free(struct uidl_table **t)
{
	if (*t == NULL)
		return;
	hash_free(&(*t)->given, free);
	free((*t)->number);
	free(*t);
	*t = NULL;
}

static struct given *
given_of(struct uidl_table *t, struct span id)
{
	struct given *g = hash_get(t->given, id);

	if (g != NULL)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->next = 2;
	if (hash_put(t->given, id, g) != 0)
		bug("more unique ids than messages");
	return g;
}

static void
put_numbered(const char *id, uint32_t number, char out[UIDL_MAX + 1])
{
	struct buf text;

	buf_init(&text, UIDL_MAX);
	/* It fits: there are not more numbers than messages. */
	(void)buf_add_span(&text, span_head(span_str(id), CUT_MAX));
	(void)buf_addf(&text, "-%u", number);
	span_copy_cut(buf_span(&text), out, UIDL_MAX + 1);
	buf_fini(&text);
}

void
uidl_table_add(struct uidl_table *t, const char *id)
{
	struct given *g = given_of(t, span_str(id)), *base, *other;
	char text[UIDL_MAX + 1];
	size_t i = t->n++;

	if (i >= t->size)
		bug("more messages than were announced");
	if (!g->taken) {
		g->taken = true;
		return;
	}
	base = given_of(t, span_head(span_str(id), CUT_MAX));
	do {
		t->number[i] = base->next++;
		put_numbered(id, t->number[i], text);
		other = hash_get(t->given, span_str(text));
	} while (other != NULL && other->taken);
	given_of(t, span_str(text))->taken = true;
}

void
uidl_table_rename(const struct uidl_table *t, size_t i,
    char id[UIDL_MAX + 1])
{
	char text[UIDL_MAX + 1];

	if (i >= t->n || t->number[i] == 0)
		return;
	put_numbered(id, t->number[i], text);
	if (span_copy(span_str(text), id, UIDL_MAX + 1) != 0)
		bug("a unique id that is too long");
}
