/*
 * reply - every line that a POP3 session sends (RFC 1939 3).
 */
#ifndef POP3D_REPLY_H
#define POP3D_REPLY_H

#include "base/base.h"

struct session;

void	reply_ok(struct session *s, const char *fmt, ...) printf_like(2, 3);
void	reply_err(struct session *s, const char *fmt, ...) printf_like(2, 3);
/* A line of a multi-line answer that cannot begin with a dot. */
void	reply_line(struct session *s, const char *fmt, ...) printf_like(2, 3);
void	reply_end(struct session *s);	/* "." */

#endif
