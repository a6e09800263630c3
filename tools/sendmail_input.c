/*
 * sendmail_input - see sendmail_input.h.
 * A piece is cut at the line end whatever the read(2)s brought, so a lone dot
 * is seen also where it comes alone from a terminal.  Each octet is looked at
 * once, and moved at most once more.
 */
#include "tools/sendmail_input.h"

#include <string.h>

#include "os/fd.h"

void
sendmail_input_init(struct sendmail_input *in, int fd, bool dot_ends)
{
	in->fd = fd;
	in->dot_ends = dot_ends;
	in->at_start = true;
	in->ended = false;
	in->at = in->end = 0;
}

/* 1: there is more; 0: the end of the input; -1 */
static int
fill(struct sendmail_input *in)
{
	ssize_t n;

	if (in->at > 0) {
		memmove(in->text, in->text + in->at, in->end - in->at);
		in->end -= in->at;
		in->at = 0;
	}
	n = fd_read(in->fd, in->text + in->end, sizeof(in->text) - in->end);
	if (n <= 0)
		return (int)n;
	in->end += (size_t)n;
	return 1;
}

static bool
is_final_dot(const struct sendmail_input *in, struct span piece)
{
	return in->dot_ends && in->at_start &&
	    (span_eq_str(piece, ".\n") || span_eq_str(piece, ".\r\n") ||
	    span_eq_str(piece, "."));
}

int
sendmail_input_next(struct sendmail_input *in, struct span *piece)
{
	size_t looked = 0, lf;
	struct span text;
	int more;

	while (!in->ended) {
		text = span_of(in->text + in->at, in->end - in->at);
		lf = looked + span_chr(span_from(text, looked), '\n');
		if (lf < text.n || text.n == sizeof(in->text))
			break;
		looked = text.n;
		more = fill(in);
		if (more < 0)
			return -1;
		if (more == 0)
			in->ended = true;
	}
	text = span_of(in->text + in->at, in->end - in->at);
	*piece = span_head(text, span_chr(text, '\n') + 1);
	if (piece->n == 0)
		return 0;
	in->at += piece->n;
	if (is_final_dot(in, *piece)) {
		in->ended = true;
		in->at = in->end;
		return 0;
	}
	in->at_start = piece->p[piece->n - 1] == '\n';
	return 1;
}
