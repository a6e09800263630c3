/*
 * tbs - is this really what a TLS server signs in a handshake?  Pure.
 */
#ifndef KEYD_TBS_H
#define KEYD_TBS_H

#include "base/base.h"
#include "base/span.h"

enum tbs {
	TBS_OTHER,		/* never signed */
	TBS_TLS12,		/* ServerKeyExchange by ECDHE */
	TBS_TLS13		/* CertificateVerify of a server */
};

/* What kind of text is this, by its form alone? */
enum tbs tbs_kind(struct span text);
/* May a text of that kind be signed by that enum sign_scheme? */
bool	tbs_scheme_fits(enum tbs kind, unsigned scheme);

#endif
