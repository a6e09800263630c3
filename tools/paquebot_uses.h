/*
 * paquebot_uses - when a password was last used, from the file that authd
 * writes (map/logins.h).
 */
#ifndef TOOLS_PAQUEBOT_USES_H
#define TOOLS_PAQUEBOT_USES_H

#include "base/base.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/span.h"
#include "conf/view.h"
#include "map/logins.h"

struct uses {
	struct buf   text;
	struct hash *lines;
};

/* Without auth_dir, or what it should hold, there are none. */
void	uses_load(struct uses *u, const struct conf_view *conf);
void	uses_fini(struct uses *u);
/* app: its name, or "-" for the account's own password.  false: unknown. */
bool	uses_find(const struct uses *u, struct span user, struct span app,
	    struct login_line *out);

#endif
