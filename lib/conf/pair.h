/*
 * pair - one item of the setting `certificates`: "/certificate /key", and
 * behind it, if not all services may use it, which of smtp pop3 imap.  Pure.
 */
#ifndef CONF_PAIR_H
#define CONF_PAIR_H

#include "base/base.h"
#include "ipc/roles.h"

#define CONF_PAIR_PATH	512

struct conf_pair {
	char	 certificate[CONF_PAIR_PATH];	/* absolute paths */
	char	 key[CONF_PAIR_PATH];
	uint32_t roles;		/* ROLE_BIT()s of those who may serve it */
};

/* -1: what is wrong is in *wrong. */
int	conf_pair_parse(const char *item, struct conf_pair *out,
	    const char **wrong) must_use;

/*
 * A private key that others can read or change is no secret.  Its group may
 * read it, as Debian's ssl-cert does.
 * mode     permission bits of its file
 * returns  NULL, or why it is refused
 */
const char *conf_key_mode_wrong(uint32_t mode);

#endif
