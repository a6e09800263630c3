/*
 * verp - see verp.h.
 * A recipient for whom no such address can be made is sent the mail from the
 * sender himself: a bounce that says less is better than one that is lost.
 */
#include "qmgr/verp.h"

#include "mail/addr.h"

int
verp_put(struct buf *out, struct span sender, struct span rcpt,
    struct span marks)
{
	size_t at = span_rchr(sender, '@'), rcpt_at = span_rchr(rcpt, '@');
	size_t was = out->n;
	struct addr a;

	if (marks.n != 2 || at >= sender.n || rcpt_at >= rcpt.n ||
	    span_has(sender, '"') || span_has(rcpt, '"'))
		return -1;
	(void)!buf_addf(out, "%.*s%c%.*s%c%.*s%.*s",
	    SPAN_ARG(span_head(sender, at)), marks.p[0],
	    SPAN_ARG(span_head(rcpt, rcpt_at)), marks.p[1],
	    SPAN_ARG(span_from(rcpt, rcpt_at + 1)),
	    SPAN_ARG(span_from(sender, at)));
	if (!out->full &&
	    addr_parse(span_from(buf_span(out), was), &a, NULL) == 0 &&
	    span_eq(addr_text(&a), span_from(buf_span(out), was)))
		return 0;
	buf_cut(out, was);
	return -1;
}
