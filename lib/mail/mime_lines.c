/*
 * mime_lines - see mime_lines.h.
 * One step for each octet, whatever the pieces were: the only thing that one
 * octet leaves to the next is whether it was a CR.
 */
#include "mail/mime_lines.h"

#include "base/num.h"

void
mime_lines_init(struct mime_lines *l)
{
	*l = (struct mime_lines){ .ended = true };
}

static void
line_feed(struct mime_lines *l)
{
	if (!l->cr) {
		l->bad = true;
		return;
	}
	l->longest = num_max(l->longest, l->line_n);
	l->line_n = 0;
	l->cr = false;
	l->ended = true;
}

void
mime_lines_add(struct mime_lines *l, struct span octets)
{
	for (size_t i = 0; i < octets.n; i++) {
		unsigned char c = (unsigned char)octets.p[i];

		if (c == '\n') {
			line_feed(l);
			continue;
		}
		if (c == '\0' || l->cr)
			l->bad = true;
		l->cr = c == '\r';
		l->eight_bit = l->eight_bit || c > 127;
		l->line_n += l->cr ? 0 : 1;
		l->ended = false;
	}
	l->longest = num_max(l->longest, l->line_n);
}

void
mime_lines_end(struct mime_lines *l)
{
	if (l->cr)
		l->bad = true;
}
