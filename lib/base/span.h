/*
 * span - borrowed text: a pointer and a length.  Owns nothing, is passed by
 * value, need not end in NUL and may hold any octet.  An empty span may have
 * a NULL pointer.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <string.h>

#include "base/base.h"

struct span {
	const char *p;
	size_t	    n;
};

#define SPAN_NONE	((struct span){ NULL, 0 })
#define SPAN_LIT(lit)	((struct span){ "" lit, sizeof(lit) - 1 })
/* For printf: "%.*s", SPAN_ARG(s); s shorter than INT_MAX. */
#define SPAN_ARG(s)	((int)(s).n), ((s).p != NULL ? (s).p : "")

/* The smallest stand here: most of their cost would be the call. */

/* s: a C string (NULL counts as empty); borrowed. */
static inline struct span
span_str(const char *s)
{
	return (struct span){ s, s != NULL ? strlen(s) : 0 };
}

static inline struct span
span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

bool	span_eq(struct span a, struct span b);
/* Equal but for the case of ASCII letters. */
bool	span_ieq(struct span a, struct span b);

static inline bool
span_eq_str(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

static inline bool
span_ieq_str(struct span a, const char *s)
{
	struct span b = span_str(s);

	return a.n == b.n && span_ieq(a, b);
}

bool	span_starts(struct span s, struct span prefix);
bool	span_istarts(struct span s, struct span prefix);
bool	span_ends(struct span s, struct span suffix);
bool	span_iends(struct span s, struct span suffix);
/* <0, 0, >0 as memcmp, the shorter first. */
int	span_cmp(struct span a, struct span b);

/* Index of the first (last) octet c, or s.n. */
size_t	span_chr(struct span s, char c);
size_t	span_rchr(struct span s, char c);
/* Index of the first place where needle stands, or s.n. */
size_t	span_find(struct span s, struct span needle);
bool	span_has(struct span s, char c);

/* Parts: bounds past the end are cut to the end. */
static inline struct span
span_head(struct span s, size_t n)
{
	return (struct span){ s.p, n < s.n ? n : s.n };
}

static inline struct span
span_from(struct span s, size_t at)
{
	if (at > s.n)
		at = s.n;
	/* Adding even 0 to a NULL pointer is undefined. */
	return (struct span){ at > 0 ? s.p + at : s.p, s.n - at };
}

/* Without spaces and tabs (CR and LF too: span_trim_ws) at both ends. */
struct span	span_trim(struct span s);
struct span	span_trim_ws(struct span s);

/*
 * Cut at the first sep: returns what stands before it and moves *rest behind
 * it.  Without sep all is returned and *rest becomes empty with p == NULL,
 * so "while (rest.p != NULL)" sees an empty last item.
 */
struct span	span_cut(struct span *rest, char sep);
/* The next word (spaces and tabs separate); empty at the end. */
struct span	span_word(struct span *rest);

/*
 * Copy to out and end it with NUL.
 * returns  0, or -1 if it does not fit or holds a NUL (out is then "").
 */
int	span_copy(struct span s, char *out, size_t out_size) must_use;
/* The same, cut to what fits, NULs as '?': for texts and logs only. */
void	span_copy_cut(struct span s, char *out, size_t out_size);

/* ASCII only: never depends on the locale. */
static inline bool
ascii_isdigit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool	ascii_isalpha(char c);
bool	ascii_isalnum(char c);
bool	ascii_isspace(char c);		/* space, tab, CR, LF, VT, FF */
bool	ascii_iscntrl(char c);		/* 0-31 and 127 */
bool	ascii_isxdigit(char c);
char	ascii_upper(char c);

#endif
