/*
 * capa - what CAPA lists, before and after log-in (RFC 2449 5, 6).
 */
#ifndef POP3D_CAPA_H
#define POP3D_CAPA_H

#include "base/base.h"
#include "base/buf.h"

#define CAPA_MAX	KIB

struct capa_facts {
	bool	 user;		/* a password may be asked for */
	unsigned keep_days;	/* 0: nothing is ever removed for its age */
	unsigned login_delay_s;	/* 0: log-ins may follow each other at once */
};

/* One a line, CRLF, without the status line; ends with ".". */
void	capa_put(struct buf *out, const struct capa_facts *f);

#endif
