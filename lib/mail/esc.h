/*
 * esc - enhanced status codes, class.subject.detail (RFC 3463): their form
 * and their meanings.
 */
#ifndef MAIL_ESC_H
#define MAIL_ESC_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"

struct esc {
	unsigned class;		/* 2, 4, 5 */
	unsigned subject;	/* 0..999 */
	unsigned detail;	/* 0..999 */
};

/*
 * The code at the front of a reply's text: "5.1.1 No such user".  Digits
 * without leading zeros, and a space or the end behind it (RFC 2034 4).
 * rest     NULL, or set to the text behind the code and its space
 * returns  0, or -1: no code there
 */
int	esc_take(struct span text, struct esc *out, struct span *rest) must_use;
/* The whole of s is a code. */
int	esc_parse(struct span s, struct esc *out) must_use;
/* "5.1.1" */
void	esc_format(const struct esc *e, char out[WHY_ESC_SIZE]);
/* What subject and detail mean, in a few words; never NULL. */
const char *esc_text(const struct esc *e);

#endif
