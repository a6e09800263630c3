/*
 * prompt - a secret from the person at the terminal, not shown; from a pipe or
 * file, the first line of standard input.
 */
#ifndef OS_PROMPT_H
#define OS_PROMPT_H

#include "base/base.h"
#include "base/secret.h"

/* Is there a person to be asked (twice, perhaps)? */
bool	prompt_person(void);
/*
 * question  shown at a terminal only
 * out       without the line end; initialised here
 * returns   0; -1: end of input, too long, or it holds a NUL
 */
int	prompt_secret(const char *question, struct secret *out) must_use;
/* The first line of standard input, whatever that is; else the same. */
int	prompt_piped(struct secret *out) must_use;

#endif
