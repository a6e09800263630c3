/*
 * envelope - see envelope.h.
 * Recipients stand one behind the other in one buffer: a thousand of them
 * cost what their letters cost, and forgetting them is one store.
 */
#include "smtpd/envelope.h"

#include <string.h>

#include "base/bug.h"
#include "smtp/unitext.h"
#include "smtp/xtext.h"

#define WISHES_SIZE	502	/* ORCPT is at most 500: RFC 3461 4.2 */

void
envelope_init(struct envelope *e, size_t rcpts_max)
{
	*e = (struct envelope){ .size = 0 };
	e->rcpts_max = rcpts_max;
	buf_init(&e->rcpts, rcpts_max * (ADDR_SIZE + WISHES_SIZE));
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
	e->body_8bit = e->utf8 = false;
	e->from_own = false;
	e->ret = VERB_RET_NONE;
	e->envid[0] = e->verp[0] = '\0';
	e->from = (struct addr){ .kind = ADDR_NULL };
}

/* verb_parse() has seen that it is xtext and how long. */
static void
put_envid(struct envelope *e, struct span xtext)
{
	struct buf plain;

	buf_init(&plain, ENVELOPE_ENVID_MAX);
	if (xtext_decode(&plain, xtext) == 0)
		span_copy_cut(buf_span(&plain), e->envid, sizeof(e->envid));
	buf_fini(&plain);
}

void
envelope_begin(struct envelope *e, const struct verb_mail *m)
{
	envelope_clear(e);
	e->from = m->from;
	e->size = m->has_size ? m->size : 0;
	e->body_8bit = m->body == VERB_BODY_8BITMIME;
	e->utf8 = m->utf8;
	e->ret = m->ret;
	put_envid(e, m->envid);
}

/* "rfc822;" or "utf-8;" as it is, the address behind it decoded. */
static int
put_orcpt(struct buf *out, struct span orcpt)
{
	size_t type_n = span_chr(orcpt, ';') + 1;
	struct span address = span_from(orcpt, type_n);

	if (orcpt.n > 0 &&
	    (buf_add_span(out, span_head(orcpt, type_n)) != 0 ||
	    (unitext_is(orcpt) ? unitext_decode(out, address) :
	    xtext_decode(out, address)) != 0))
		return -1;
	return buf_add_char(out, '\0');
}

int
envelope_add(struct envelope *e, const struct addr *to,
    const struct verb_rcpt *how)
{
	size_t was = e->rcpts.n;

	/* The NUL behind the text goes with it. */
	if (e->rcpts_n == e->rcpts_max || buf_add(&e->rcpts, to->text,
	    (size_t)to->text_n + 1) != 0 ||
	    buf_add_char(&e->rcpts, (char)how->notify) != 0 ||
	    put_orcpt(&e->rcpts, how->orcpt) != 0) {
		buf_cut(&e->rcpts, was);
		return -1;
	}
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
	struct queue_rcpt *v = xcalloc(e->rcpts_n + 1, sizeof(*v));
	const char *p = e->rcpts.p;

	for (size_t i = 0; i < e->rcpts_n; i++) {
		v[i].address = v[i].original = span_str(p);
		p += v[i].address.n + 1;
		v[i].notify = (uint8_t)*p++;
		v[i].orcpt = span_str(p);
		p += v[i].orcpt.n + 1;
	}
	return v;
}

struct queue_rcpt *
envelope_rcpts_bcc(const struct envelope *e, const struct addr *bcc)
{
	struct queue_rcpt *v = envelope_rcpts(e);
	struct queue_rcpt *last = &v[e->rcpts_n];	/* there is room */

	last->address = last->original = addr_text(bcc);
	last->notify = QUEUE_NOTIFY_NEVER;
	return v;
}
