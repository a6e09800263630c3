/*
 * Any octets as what a server says, line by line: what is kept is printable
 * and bounded; a whole reply that we write again reads the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mail/esc.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct reply *r)
{
	struct ehlo e;
	struct why why;
	struct buf b;

	if (r->code < 200 || r->code > 599 || r->lines > REPLY_LINES_MAX ||
	    r->text.n > REPLY_TEXT_MAX)
		abort();
	for (size_t i = 0; i < r->text.n; i++)
		if ((r->text.p[i] < ' ' || r->text.p[i] > '~') &&
		    r->text.p[i] != '\n')
			abort();
	buf_init(&b, 1000);
	reply_one_line(r, &b);
	if (b.full || span_has(buf_span(&b), '\n'))
		abort();
	reply_why(r, &why);
	ehlo_parse(&e, buf_span(&r->text));
	buf_clear(&b);
	(void)ehlo_put(&b, SPAN_LIT("x"), &e);	/* may be over the cap */
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	struct reply r;
	struct esc e;

	if (esc_take(rest, &e, NULL) == 0 && esc_text(&e)[0] == 0)
		abort();
	reply_init(&r);
	while (rest.p != NULL) {
		enum reply_step step = reply_feed(&r, span_cut(&rest, '\n'));

		if (step == REPLY_DONE)
			check(&r);
		if (step != REPLY_MORE)
			reply_clear(&r);
	}
	reply_fini(&r);
	return 0;
}
