/*
 * why - see why.h.
 * The text goes into SMTP replies, bounces and logs, and may hold foreign
 * octets (a file name, another server's reply).  It is therefore made
 * printable here, once, so that no user of it can be made to send a second
 * line (RFC 5321 section 4.2: a reply line ends at CRLF).
 */
#include "base/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"

void
why_clear(struct why *why)
{
	if (why != NULL)
		*why = (struct why){ .kind = WHY_NONE };
}

/* By way of a copy: an argument may be the text that stands in why. */
static void
fill(struct why *why, enum why_kind kind, const char *esc, const char *fmt,
    va_list ap)
{
	char text[WHY_TEXT_SIZE];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	why->kind = kind;
	span_copy_cut(span_str(esc), why->esc, sizeof(why->esc));
	span_copy_cut(span_str(text), why->text, sizeof(why->text));
}

static void
make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

void
why_set(struct why *why, enum why_kind kind, const char *esc,
    const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	if (why == NULL)
		return;
	va_start(ap, fmt);
	fill(why, kind, esc, fmt, ap);
	va_end(ap);
	make_printable(why->text);
	errno = saved;
}

void
why_sys(struct why *why, enum why_kind kind, const char *esc,
    const char *fmt, ...)
{
	va_list ap;
	int saved = errno;
	size_t n;

	if (why == NULL)
		return;
	va_start(ap, fmt);
	fill(why, kind, esc, fmt, ap);
	va_end(ap);
	n = strlen(why->text);
	(void)snprintf(why->text + n, sizeof(why->text) - n, ": %s",
	    strerror(saved));	/* cut to what fits, as the contract says */
	make_printable(why->text);
	errno = saved;
}
