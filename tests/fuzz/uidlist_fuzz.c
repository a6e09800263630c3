/*
 * Any octets as a dovecot-uidlist: records ascend, the next UID is above all
 * of them, and what was read, written anew, is a good list with the same in it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "store/uidlist.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint32_t   last;
	size_t	   n, stop;
	struct buf *copy;	/* NULL: only count */
};

static bool
on_record(const struct uidlist_record *r, void *ctx)
{
	struct seen *s = ctx;

	if (r->uid <= s->last || r->base.n == 0 || span_has(r->base, '/') ||
	    span_has(r->base, '\n') || span_has(r->base, '\0'))
		abort();
	if (uidlist_ext(r->ext, 'P').n > r->ext.n)
		abort();
	s->last = r->uid;
	s->n++;
	if (s->copy != NULL && uidlist_put_record(s->copy, r) != 0)
		abort();
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uidlist_header h, back;
	struct buf records, text;
	struct seen s = { .copy = &records }, again = { .copy = NULL };

	buf_init(&records, 4 * size + 64);
	buf_init(&text, 8 * size + 2048);
	(void)uidlist_parse(span_of(data, size), &h, on_record, &s);
	if (h.nextuid == 0 || h.nextuid <= s.last)
		abort();
	if (h.uidvalidity != 0) {
		for (size_t i = 0; i < 32; i++)
			h.guid[i] = 'a';
		if (uidlist_put_header(&text, &h) != 0 ||
		    buf_add_span(&text, buf_span(&records)) != 0 ||
		    !uidlist_parse(buf_span(&text), &back, on_record, &again) ||
		    again.n != s.n || again.last != s.last ||
		    back.nextuid != h.nextuid ||
		    back.uidvalidity != h.uidvalidity)
			abort();
	}
	buf_fini(&text);
	buf_fini(&records);
	return 0;
}
