/*
 * subject - see subject.h.
 * What stands in front and behind is taken off by moving the ends of a span
 * over the text, so each octet is looked at a few times, whatever it is: a
 * "[...]" is passed over once, and goes only if something is left behind it.
 */
#include "imapd/subject.h"

#include "base/cur.h"

/* Step 1: tabs and line ends are spaces; one space stands for several. */
static void
squeeze(struct span text, struct buf *out)
{
	bool space = false;

	buf_clear(out);
	for (size_t i = 0; i < text.n; i++) {
		if (ascii_isspace(text.p[i])) {
			space = true;
			continue;
		}
		if (space)
			buf_add_char(out, ' ');
		space = false;
		buf_add_char(out, text.p[i]);
	}
}

/* subj-trailer = "(fwd)" / WSP, as often as there is one. */
static bool
cut_trailers(struct span *s)
{
	bool forward = false;

	for (;;) {
		*s = span_trim(*s);
		if (!span_iends(*s, SPAN_LIT("(fwd)")))
			return forward;
		forward = true;
		*s = span_head(*s, s->n - 5);
	}
}

static bool
is_blob_char(char c)
{
	return c != '[' && c != ']' && c != '\0';
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP */
static bool
take_blob(struct cur *c)
{
	struct cur ahead = *c;

	if (!cur_take(&ahead, '['))
		return false;
	(void)cur_while(&ahead, is_blob_char);
	if (!cur_take(&ahead, ']'))
		return false;
	(void)cur_while(&ahead, ascii_isspace);
	*c = ahead;
	return true;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool
take_refwd(struct cur *c)
{
	struct cur ahead = *c;

	if (cur_take_istr(&ahead, "fw"))
		(void)cur_take_istr(&ahead, "d");
	else if (!cur_take_istr(&ahead, "re"))
		return false;
	(void)cur_while(&ahead, ascii_isspace);
	(void)take_blob(&ahead);
	if (!cur_take(&ahead, ':'))
		return false;
	(void)cur_while(&ahead, ascii_isspace);
	*c = ahead;
	return true;
}

/* Steps 3 to 5. */
static bool
cut_leaders(struct span *s)
{
	bool reply = false, more = true;
	struct cur c, before;

	cur_init(&c, *s, 0, 0);
	while (more) {
		before = c;
		more = take_refwd(&c);
		reply = reply || more;
		if (more || !take_blob(&c))
			continue;
		/* Step 4: only where something is left. */
		more = !cur_end(&c);
		if (!more)
			c = before;
	}
	*s = cur_rest(&c);
	return reply;
}

bool
subject_base(struct span text, struct buf *out)
{
	bool reply = false, again = true;
	struct span s;

	squeeze(text, out);
	s = buf_span(out);
	while (again) {
		reply = cut_trailers(&s) || reply;	/* step 2 */
		reply = cut_leaders(&s) || reply;
		/* Step 6: subj-fwd-hdr and subj-fwd-trl. */
		again = span_istarts(s, SPAN_LIT("[fwd:")) &&
		    span_ends(s, SPAN_LIT("]"));
		if (again)
			s = span_head(span_from(s, 5), s.n - 6);
		reply = reply || again;
	}
	if (s.n == 0) {		/* it may point nowhere */
		buf_clear(out);
		return reply;
	}
	buf_cut(out, (size_t)(s.p - out->p) + s.n);
	buf_drop(out, out->n - s.n);
	return reply;
}
