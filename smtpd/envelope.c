/*
 * envelope - see envelope.h.
 * Recipients stand one behind the other in one buffer: a thousand of them
 * cost what their letters cost, and forgetting them is one store.
 */
#include "smtpd/envelope.h"

#include <string.h>

#include "base/bug.h"
#include "mail/intl.h"
#include "smtp/unitext.h"
#include "smtp/xtext.h"

#define WISHES_SIZE	502	/* ORCPT is at most 500: RFC 3461 4.2 */
/* Copies among which one is looked for; qmgr finds all that go to one place. */
#define COPIES_COMPARED	16

void
envelope_init(struct envelope *e, size_t rcpts_max, size_t kept)
{
	*e = (struct envelope){ .places = QUEUE_RCPTS_MAX - kept };
	e->rcpts_max = rcpts_max;
	buf_init(&e->rcpts, rcpts_max * (2 * ADDR_SIZE + WISHES_SIZE));
	/* One a recipient, and the sender's. */
	buf_init(&e->copies, (rcpts_max + 1) * ADDR_SIZE);
}

void
envelope_fini(struct envelope *e)
{
	buf_fini(&e->rcpts);
	buf_fini(&e->copies);
}

void
envelope_clear(struct envelope *e)
{
	buf_clear(&e->rcpts);
	buf_clear(&e->copies);
	e->rcpts_n = e->copies_n = 0;
	e->size = 0;
	e->body_8bit = e->binary = e->utf8 = false;
	e->from_own = e->from_asked = false;
	e->asks = 0;
	e->ret = VERB_RET_NONE;
	e->envid[0] = e->verp[0] = '\0';
	e->from = e->sender = (struct addr){ .kind = ADDR_NULL };
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
	e->from = e->sender = m->from;
	e->size = m->has_size ? m->size : 0;
	e->body_8bit = m->body == VERB_BODY_8BITMIME;
	e->binary = m->body == VERB_BODY_BINARYMIME;
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

/* The address as it came, where nothing else tells of it. */
static int
put_first(struct buf *out, const struct addr *to)
{
	struct span text = addr_text(to);

	return buf_add_str(out, intl_is_needed(text) ? "utf-8;" : "rfc822;") !=
	    0 || buf_add_span(out, text) != 0 ||
	    buf_add_char(out, '\0') != 0 ? -1 : 0;
}

/* Among the first few: most messages have one or two. */
static bool
has_copy(const struct envelope *e, const struct addr *to)
{
	const char *p = e->copies.p;

	for (size_t i = 0; i < e->copies_n && i < COPIES_COMPARED; i++) {
		struct span one = span_str(p);

		if (span_eq(one, addr_text(to)))
			return true;
		p += one.n + 1;
	}
	return false;
}

int
envelope_copy(struct envelope *e, const struct addr *to, struct why *why)
{
	if (to->kind != ADDR_MAILBOX || has_copy(e, to))
		return 0;
	if (e->rcpts_n + e->copies_n >= e->places ||
	    buf_add(&e->copies, to->text, (size_t)to->text_n + 1) != 0) {
		why_set(why, WHY_TEMP, "4.5.3", "too many copies");
		return -1;
	}
	e->copies_n++;
	return 0;
}

int
envelope_add(struct envelope *e, const struct addr *to,
    const struct addr *as, const struct verb_rcpt *how,
    const struct addr *copy)
{
	bool first = as->kind == ADDR_MAILBOX && how->orcpt.n == 0;
	size_t was = e->rcpts.n;
	struct why why;

	/* The NUL behind the text goes with it. */
	if (e->rcpts_n == e->rcpts_max ||
	    e->rcpts_n + e->copies_n >= e->places ||
	    buf_add(&e->rcpts, to->text, (size_t)to->text_n + 1) != 0 ||
	    buf_add_char(&e->rcpts, (char)how->notify) != 0 ||
	    (first ? put_first(&e->rcpts, to) :
	    put_orcpt(&e->rcpts, how->orcpt)) != 0 ||
	    buf_add(&e->rcpts, as->text, (size_t)as->text_n + 1) != 0)
		goto full;
	e->rcpts_n++;
	if (envelope_copy(e, copy, &why) == 0)
		return 0;
	e->rcpts_n--;
full:
	buf_cut(&e->rcpts, was);
	return -1;
}

struct span
envelope_first(const struct envelope *e)
{
	return e->rcpts_n > 0 ? span_str(e->rcpts.p) : SPAN_NONE;
}

static void
put_copy(struct queue_rcpt *r, struct span address)
{
	r->address = r->original = address;
	r->notify = QUEUE_NOTIFY_NEVER;
}

struct queue_rcpt *
envelope_rcpts(const struct envelope *e, const struct addr *bcc, size_t *n)
{
	size_t most = e->rcpts_n + e->copies_n;
	struct queue_rcpt *v = xcalloc(most + 1, sizeof(*v));
	const char *p = e->rcpts.p;

	for (size_t i = 0; i < e->rcpts_n; i++) {
		v[i].address = v[i].original = span_str(p);
		p += v[i].address.n + 1;
		v[i].notify = (uint8_t)*p++;
		v[i].orcpt = span_str(p);
		p += v[i].orcpt.n + 1;
		if (*p != '\0')
			v[i].address = span_str(p);
		p += strlen(p) + 1;
	}
	p = e->copies.p;
	for (size_t i = e->rcpts_n; i < most; i++) {
		put_copy(&v[i], span_str(p));
		p += v[i].address.n + 1;
	}
	*n = most;
	if (bcc->kind != ADDR_NULL)
		put_copy(&v[(*n)++], addr_text(bcc));
	return v;
}
