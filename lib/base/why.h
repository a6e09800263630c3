/*
 * why - the reason of a failure, filled once where it happens, carried up
 * unchanged to the reply, the bounce and the log.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include "base/base.h"

enum why_kind {
	WHY_NONE,	/* nothing failed */
	WHY_TEMP,	/* try again later */
	WHY_PERM	/* never */
};

#define WHY_ESC_SIZE	12	/* "5.999.999" and NUL */
#define WHY_TEXT_SIZE	256

struct why {
	enum why_kind kind;
	char	      esc[WHY_ESC_SIZE];	/* RFC 3463 code, "4.3.0" */
	char	      text[WHY_TEXT_SIZE];	/* printable ASCII, one line */
};

void	why_clear(struct why *why);
/*
 * why   may be NULL (nobody asks)
 * esc   as RFC 3463; its class should agree with kind
 * text  cut to WHY_TEXT_SIZE - 1; controls and octets over 126 become '?'
 */
void	why_set(struct why *why, enum why_kind kind, const char *esc,
	    const char *fmt, ...) printf_like(4, 5);
/* The same with ": " and the text of errno behind it; keeps errno. */
void	why_sys(struct why *why, enum why_kind kind, const char *esc,
	    const char *fmt, ...) printf_like(4, 5);

#endif
