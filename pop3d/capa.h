/*
 * capa - what CAPA lists, before and after log-in (RFC 2449 5, 6).
 */
#ifndef POP3D_CAPA_H
#define POP3D_CAPA_H

#include "base/base.h"
#include "base/buf.h"

#define CAPA_MAX	KIB

/*
 * One a line, CRLF, without the status line; ends with ".".
 * user       a password may be asked for
 * keep_days  0: nothing is ever removed for its age
 */
void	capa_put(struct buf *out, bool user, unsigned keep_days);

#endif
