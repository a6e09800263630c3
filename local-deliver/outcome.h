/*
 * outcome - from an error or an exit code to done, later or never.  Pure.
 */
#ifndef LOCAL_DELIVER_OUTCOME_H
#define LOCAL_DELIVER_OUTCOME_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "ipc/msg_deliver.h"

/* All but out->index; text is made printable and cut. */
void	outcome_done(struct result *out, const char *text);
void	outcome_from_why(struct result *out, const struct why *why);
/*
 * What a program's end means (sysexits(3); doubts are temporary).
 * code     exit code, or -1
 * signal   that killed it, or 0
 * output   what it said
 */
void	outcome_from_exit(struct result *out, int code, int signal,
	    struct span output);

#endif
