/*
 * bug - ends of a process that are nobody's input: a broken invariant, no
 * memory.  And the exit codes that master and the shell see.
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

#include "base/base.h"

enum exit_code {		/* sysexits(3) where it has a name for it */
	EXIT_USAGE = 64,
	EXIT_DATA = 65,
	EXIT_NOUSER = 67,
	EXIT_UNAVAILABLE = 69,
	EXIT_SOFTWARE = 70,
	EXIT_OSERR = 71,
	EXIT_CANTCREAT = 73,
	EXIT_IOERR = 74,
	EXIT_TEMPFAIL = 75,
	EXIT_PROTOCOL = 76,
	EXIT_NOPERM = 77,
	EXIT_CONFIG = 78
};

/*
 * A line to the log, then _exit(EXIT_SOFTWARE).  Never for what was received.
 */
_Noreturn void	bug(const char *fmt, ...) printf_like(1, 2);
/* What cannot go on, though it is no bug: logged, then _exit(code). */
_Noreturn void	die(enum exit_code code, const char *fmt, ...)
	    printf_like(2, 3);

/* Never return NULL: out of memory is logged and ends with EXIT_TEMPFAIL. */
void   *xmalloc(size_t n);
void   *xcalloc(size_t count, size_t size);
void   *xrealloc(void *p, size_t n);
void   *xreallocarray(void *p, size_t count, size_t size);
char   *xstrdup(const char *s);
/* A NUL-ended copy. */
char   *xmemdup_str(const char *p, size_t n);

#endif
