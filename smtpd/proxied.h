/* proxied - connections that a proxy passes on: whose are they? */
#ifndef SMTPD_PROXIED_H
#define SMTPD_PROXIED_H

#include "base/base.h"
#include "smtpd/session.h"

/*
 * If the connection comes from one of proxy_clients: read its header and
 * learn who the client is.  Before anything is said or read.
 * returns  false: there was none, or a wrong one; the session is at its end
 */
bool	proxied_begin(struct session *s) must_use;

#endif
