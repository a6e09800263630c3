/*
 * paquebot_password - a password from the operator, and what is stored of it.
 */
#ifndef TOOLS_PAQUEBOT_PASSWORD_H
#define TOOLS_PAQUEBOT_PASSWORD_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "conf/view.h"

#define PASSWORD_HASH_SIZE	384

/*
 * From the terminal, twice; else, or with piped, the first line of standard
 * input.  Never from the command line, where other users could see it.
 * returns  0, or an exit code after a line to standard error
 */
int	password_ask(bool piped, struct secret *out) must_use;

struct password_stored {
	char	   hash[PASSWORD_HASH_SIZE];	/* by crypt(3) */
	struct buf keys;	/* " scram-sha-256=..." for each of scram_keys */
};
/*
 * out      to be wiped by password_wipe in every case
 * returns  0, or an exit code after a line to standard error
 */
int	password_store(const struct conf_view *conf,
	    const struct secret *password, struct password_stored *out)
	    must_use;
void	password_wipe(struct password_stored *s);

#endif
