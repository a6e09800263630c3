/*
 * envelope - see envelope.h.
 * Recipients stand one behind the other in one buffer: a thousand of them
 * cost what their letters cost, and forgetting them is one store.
 */
#include "smtpd/envelope.h"

#include <string.h>

#include "base/bug.h"

void
envelope_init(struct envelope *e, size_t rcpts_max)
{
	*e = (struct envelope){ .size = 0 };
	buf_init(&e->rcpts, rcpts_max * ADDR_SIZE);
}

void
envelope_fini(struct envelope *e)
{
	buf_fini(&e->rcpts);
}

void
envelope_clear(struct envelope *e)
{
	buf_clear(&e->rcpts);
	e->rcpts_n = 0;
	e->size = 0;
	e->body_8bit = false;
	e->from_own = false;
	e->from = (struct addr){ .kind = ADDR_NULL };
}

void
envelope_begin(struct envelope *e, const struct verb_mail *m)
{
	envelope_clear(e);
	e->from = m->from;
	e->size = m->has_size ? m->size : 0;
	e->body_8bit = m->body == VERB_BODY_8BITMIME;
}

int
envelope_add(struct envelope *e, const struct addr *to)
{
	/* The NUL behind the text goes with it. */
	if (buf_add(&e->rcpts, to->text, (size_t)to->text_n + 1) != 0)
		return -1;
	e->rcpts_n++;
	return 0;
}

struct span
envelope_first(const struct envelope *e)
{
	return e->rcpts_n > 0 ? span_str(e->rcpts.p) : SPAN_NONE;
}

struct queue_rcpt *
envelope_rcpts(const struct envelope *e)
{
	struct queue_rcpt *v = xcalloc(e->rcpts_n, sizeof(*v));
	const char *p = e->rcpts.p;

	for (size_t i = 0; i < e->rcpts_n; i++) {
		v[i].address = v[i].original = span_str(p);
		p += v[i].address.n + 1;
	}
	return v;
}
