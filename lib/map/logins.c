/*
 * logins.c - see logins.h.  What cannot be read back is not written.
 */
#include "map/logins.h"

#include "base/num.h"

static bool
is_word(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 127)
			return false;
	return s.n > 0;
}

static bool
is_good(const struct login_line *l)
{
	return is_word(l->network) && is_word(l->user) && l->at_s >= 0 &&
	    (l->kind == LOGIN_KNOWN ||
	    (is_word(l->service) && is_word(l->app)));
}

int
logins_parse(struct span line, struct login_line *out)
{
	struct span kind = span_cut(&line, ' ');
	uint64_t at;

	*out = (struct login_line){ .kind = LOGIN_USE };
	if (line.n > LOGINS_LINE_MAX ||
	    num_parse(span_cut(&line, ' '), 0, INT64_MAX, &at) != 0)
		return -1;
	out->at_s = (int64_t)at;
	if (span_eq_str(kind, "known"))
		out->kind = LOGIN_KNOWN;
	else if (span_eq_str(kind, "use"))
		out->service = span_cut(&line, ' ');
	else
		return -1;
	out->network = span_cut(&line, ' ');
	out->user = span_cut(&line, ' ');
	if (out->kind == LOGIN_USE)
		out->app = span_cut(&line, ' ');
	return line.p == NULL && is_good(out) ? 0 : -1;
}

int
logins_write(struct buf *out, const struct login_line *l)
{
	if (!is_good(l))
		return -1;
	if (l->kind == LOGIN_KNOWN)
		return buf_addf(out, "known %lld %.*s %.*s\n",
		    (long long)l->at_s, SPAN_ARG(l->network),
		    SPAN_ARG(l->user));
	return buf_addf(out, "use %lld %.*s %.*s %.*s %.*s\n",
	    (long long)l->at_s, SPAN_ARG(l->service), SPAN_ARG(l->network),
	    SPAN_ARG(l->user), SPAN_ARG(l->app));
}
