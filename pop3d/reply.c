/*
 * reply.c - puts lines into the stream, which sends them when the client is to speak
 * again.  A line longer than RFC 1939 3 allows (512 octets) is cut.
 */
#include "pop3d/reply.h"

#include <stdarg.h>

#include "base/buf.h"
#include "pop3d/session.h"

#define REPLY_MAX	510	/* and CRLF */

static void
put(struct session *s, const char *status, const char *fmt, va_list ap)
{
	struct buf line;

	buf_init(&line, 4 * REPLY_MAX);
	(void)buf_add_str(&line, status);
	(void)buf_vaddf(&line, fmt, ap);
	buf_cut(&line, line.n < REPLY_MAX ? line.n : REPLY_MAX);
	stream_write(&s->stream, line.p, line.n);
	stream_puts(&s->stream, "\r\n");
	buf_fini(&line);
}

void
reply_ok(struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(s, "+OK ", fmt, ap);
	va_end(ap);
}

void
reply_err(struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(s, "-ERR ", fmt, ap);
	va_end(ap);
}

void
reply_line(struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(s, "", fmt, ap);
	va_end(ap);
}

void
reply_end(struct session *s)
{
	stream_puts(&s->stream, ".\r\n");
}
