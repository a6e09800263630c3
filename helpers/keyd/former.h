/*
 * former - pairs that were replaced, forgotten or pushed out, for those who
 * still serve their certificates: a handshake that began with one must not fail
 * because of a reload.
 */
#ifndef KEYD_FORMER_H
#define KEYD_FORMER_H

#include "base/base.h"
#include "helpers/keyd/keys.h"

#define FORMER_MAX	1200	/* pairs; then the oldest goes */
#define FORMER_S	600	/* as long as sessions of smtpd may drain */

struct former;

struct former *former_new(void);
void	former_free(struct former **f);		/* wipes */

/* k's owner is f from now on, for FORMER_S; all zero afterwards. */
void	former_keep(struct former *f, struct key *k);
/* Those whose time is over are wiped. */
void	former_expire(struct former *f);

/* As keys_find(); valid until the next call that is not const. */
const struct key *former_find(const struct former *f, enum role role,
	    const struct sign_req *req);
/*
 * The last that was kept of that item, back.
 * k        the caller's, if it is true; untouched otherwise
 */
bool	former_take(struct former *f, const char *item, struct key *k)
	    must_use;

#endif
