/*
 * select - see select.h.
 * One table of keys, so that the command line, the daemon and the man page's
 * list cannot drift apart in what a word means.
 */
#include "queue/select.h"

#include <string.h>

#include "base/date.h"
#include "base/num.h"

static bool
no_number(const struct queue_select *s)
{
	return s->older_s < 0 && s->newer_s < 0 && s->larger < 0 &&
	    s->smaller < 0;
}

void
queue_select_init(struct queue_select *s)
{
	memset(s, 0, sizeof(*s));
	s->older_s = s->newer_s = s->larger = s->smaller = -1;
}

/* ------------------------------------------------------------------- words */

static int
take_id(struct queue_select *s, struct span v)
{
	if (s->id[0] != '\0' || !id_valid(v))
		return -1;
	return span_copy(v, s->id, sizeof(s->id));
}

static int
take_text(struct queue_select *s, size_t which, struct span v)
{
	if (s->text[which].given || v.n == 0 || v.n > QUEUE_SELECT_MAX)
		return -1;
	s->text[which].given = true;
	if (which == SELECT_SENDER && span_eq_str(v, "<>"))
		return 0;	/* n stays 0 */
	s->text[which].n = v.n;
	memcpy(s->text[which].p, v.p, v.n);
	return 0;
}

static int
take_duration(int64_t *out, struct span v)
{
	return *out >= 0 ? -1 : duration_parse(v, out);
}

static int
take_size(int64_t *out, struct span v)
{
	uint64_t n;

	if (*out >= 0 || num_parse_size(v, INT64_MAX, &n) != 0)
		return -1;
	*out = (int64_t)n;
	return 0;
}

static int
take_state(struct queue_select *s, struct span v)
{
	if (s->by_state)
		return -1;
	s->by_state = true;
	s->active = span_eq_str(v, "active");
	for (s->state = QUEUE_INCOMING; s->state < QUEUE_NONE; s->state++)
		if (span_eq_str(v, queue_state_name(s->state)))
			return 0;
	return s->active ? 0 : -1;
}

static int
take(struct queue_select *s, struct span key, struct span v)
{
	static const char *const texts[SELECT_TEXTS] = {
		[SELECT_SENDER] = "sender", [SELECT_RCPT] = "rcpt",
		[SELECT_ACCOUNT] = "account", [SELECT_ERROR] = "error",
	};

	for (size_t i = 0; i < SELECT_TEXTS; i++)
		if (span_eq_str(key, texts[i]))
			return take_text(s, i, v);
	if (span_eq_str(key, "id"))
		return take_id(s, v);
	if (span_eq_str(key, "older"))
		return take_duration(&s->older_s, v);
	if (span_eq_str(key, "newer"))
		return take_duration(&s->newer_s, v);
	if (span_eq_str(key, "larger"))
		return take_size(&s->larger, v);
	if (span_eq_str(key, "smaller"))
		return take_size(&s->smaller, v);
	if (span_eq_str(key, "state"))
		return take_state(s, v);
	return 1;
}

int
queue_select_add(struct queue_select *s, struct span word, struct why *why)
{
	struct span rest = word, key = span_cut(&rest, '=');
	struct buf value;
	int rc = -1;

	buf_init(&value, QUEUE_SELECT_MAX);
	if (rest.p == NULL)
		rc = 1;
	else if (queue_get_word(rest, &value) == 0)
		rc = take(s, key, buf_span(&value));
	buf_fini(&value);
	if (rc < 0)
		why_set(why, WHY_PERM, "5.3.0", "%.*s: no such value",
		    SPAN_ARG(span_head(word, 64)));
	s->given += rc == 0;
	return rc;
}

int
queue_select_put(struct buf *out, const char *key, struct span value)
{
	size_t start = out->n;

	if (start > 0)
		(void)!buf_add_char(out, ' ');	/* judged by out->full */
	(void)!buf_addf(out, "%s=", key);
	if (value.n <= QUEUE_SELECT_MAX && queue_put_word(out, value) == 0 &&
	    !out->full)
		return 0;
	buf_cut(out, start);
	return -1;
}

/* ----------------------------------------------------------------- matching */

bool
queue_select_reads(const struct queue_select *s)
{
	for (size_t i = 0; i < SELECT_TEXTS; i++)
		if (s->text[i].given)
			return true;
	return !no_number(s);
}

static struct span
text_of(const struct queue_select *s, enum queue_select_text which)
{
	return span_of(s->text[which].p, s->text[which].n);
}

/* "@domain" is any address there; else it is the address itself. */
static bool
is_address(struct span want, struct span have)
{
	if (want.n > 0 && want.p[0] == '@')
		return span_iends(have, want);
	return span_ieq(want, have);
}

static bool
has_rcpt(const struct queue_envelope *e, struct span want)
{
	for (size_t i = 0; i < e->rcpts_n; i++)
		if (is_address(want, e->rcpts[i].address) ||
		    is_address(want, e->rcpts[i].original))
			return true;
	return false;
}

static bool
has_text(struct span in, struct span want)
{
	for (size_t at = 0; at + want.n <= in.n; at++)
		if (span_ieq(span_head(span_from(in, at), want.n), want))
			return true;
	return false;
}

static bool
texts_match(const struct queue_select *s, const struct queue_facts *f)
{
	const struct queue_envelope *e = f->envelope;

	if (s->text[SELECT_SENDER].given &&
	    !is_address(text_of(s, SELECT_SENDER), e->from))
		return false;
	if (s->text[SELECT_RCPT].given &&
	    !has_rcpt(e, text_of(s, SELECT_RCPT)))
		return false;
	if (s->text[SELECT_ACCOUNT].given &&
	    !span_ieq(text_of(s, SELECT_ACCOUNT), e->auth))
		return false;
	return !s->text[SELECT_ERROR].given ||
	    has_text(f->errors, text_of(s, SELECT_ERROR));
}

static bool
numbers_match(const struct queue_select *s, const struct queue_facts *f,
    int64_t now_s)
{
	int64_t age_s = now_s - f->envelope->time;
	uint64_t n = f->message_octets;

	return (s->older_s < 0 || age_s >= s->older_s) &&
	    (s->newer_s < 0 || age_s < s->newer_s) &&
	    (s->larger < 0 || n >= (uint64_t)s->larger) &&
	    (s->smaller < 0 || n < (uint64_t)s->smaller);
}

bool
queue_select_match(const struct queue_select *s, const struct queue_facts *f,
    int64_t now_s)
{
	if (s->id[0] != '\0' && strcmp(s->id, f->id) != 0)
		return false;
	if (s->by_state && (s->active ? !f->active :
	    f->active || s->state != f->place))
		return false;
	if (!queue_select_reads(s))
		return true;
	return f->envelope != NULL && texts_match(s, f) &&
	    numbers_match(s, f, now_s);
}
