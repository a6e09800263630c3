/*
 * bug - see bug.h.
 * The last line of a process goes the same way as all its other lines.  It is
 * formatted without the heap, because the lack of memory may be the reason;
 * should the sink itself run into bug() or die(), the second call ends the
 * process at once instead of going round.
 */
#include "base/bug.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"

static volatile bool ending;

static _Noreturn void
end(const char *event, enum exit_code code, const char *fmt, va_list ap)
{
	char text[LOG_VALUE_MAX];

	if (!ending) {
		ending = true;
		if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
			text[0] = '\0';
		log_error(LF_STR("event", event), LF_STR("why", text));
	}
	_exit((int)code);
}

void
bug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end("bug", EXIT_SOFTWARE, fmt, ap);
}

void
die(enum exit_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end("die", code, fmt, ap);
}

static void *
or_die(void *p, size_t n)
{
	if (p == NULL)
		die(EXIT_TEMPFAIL, "out of memory: %zu octets", n);
	return p;
}

void *
xmalloc(size_t n)
{
	return or_die(malloc(n > 0 ? n : 1), n);
}

void *
xcalloc(size_t count, size_t size)
{
	size_t n;

	if (!num_mul(count, size, &n))
		n = SIZE_MAX;
	return or_die(n < SIZE_MAX ? calloc(1, n > 0 ? n : 1) : NULL, n);
}

void *
xrealloc(void *p, size_t n)
{
	return or_die(realloc(p, n > 0 ? n : 1), n);
}

void *
xreallocarray(void *p, size_t count, size_t size)
{
	size_t n;

	if (!num_mul(count, size, &n))
		die(EXIT_TEMPFAIL, "out of memory: %zu times %zu octets",
		    count, size);
	return xrealloc(p, n);
}

char *
xstrdup(const char *s)
{
	return xmemdup_str(s, strlen(s));
}

char *
xmemdup_str(const char *p, size_t n)
{
	char *copy;
	size_t size;

	if (!num_add(n, 1, &size))
		die(EXIT_TEMPFAIL, "out of memory: %zu octets", n);
	copy = xmalloc(size);
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}
