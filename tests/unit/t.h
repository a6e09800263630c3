/*
 * t.h - what every unit test includes: cmocka, and checks that name the row
 * of the table in which they failed.
 */
#ifndef TESTS_UNIT_T_H
#define TESTS_UNIT_T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/span.h"

static const char *t_case_name = "";

/* Which row is being tried; name must live until the next call. */
static inline void
t_case(const char *name)
{
	t_case_name = name != NULL ? name : "(null)";
}

static inline void
t_check(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	print_error("case \"%s\": %s\n", t_case_name, what);
	_fail(file, line);
}

static inline void
t_check_span(struct span got, struct span want, const char *file, int line)
{
	if (span_eq(got, want))
		return;
	print_error("case \"%s\": got \"%.*s\" (%zu octets), "
	    "want \"%.*s\" (%zu octets)\n", t_case_name, SPAN_ARG(got), got.n,
	    SPAN_ARG(want), want.n);
	_fail(file, line);
}

static inline void
t_check_int(long long got, long long want, const char *file, int line)
{
	if (got == want)
		return;
	print_error("case \"%s\": got %lld, want %lld\n", t_case_name, got,
	    want);
	_fail(file, line);
}

/*
 * The same octets in a place of exactly their size, where the sanitizer and
 * valgrind see a step past the end.  Valid until the next call.
 */
static inline struct span
t_exact(struct span s)
{
	static char *place;

	free(place);
	place = malloc(s.n > 0 ? s.n : 1);
	if (place == NULL)
		_fail(__FILE__, __LINE__);
	if (s.n > 0)
		memcpy(place, s.p, s.n);
	return (struct span){ place, s.n };
}

#define T_TRUE(claim)	t_check((claim), #claim, __FILE__, __LINE__)
/* got: a span; want: a span or, for T_STR, a C string. */
#define T_SPAN(got, want) t_check_span((got), (want), __FILE__, __LINE__)
#define T_STR(got, want) \
	t_check_span((got), span_str(want), __FILE__, __LINE__)
#define T_INT(got, want) \
	t_check_int((long long)(got), (long long)(want), __FILE__, __LINE__)

#endif
