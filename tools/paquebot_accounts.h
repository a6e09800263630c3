/*
 * paquebot_accounts - the text users as `paquebot user` edits it: one account's
 * entry found, replaced or removed, the rest left as it is.
 */
#ifndef TOOLS_PAQUEBOT_ACCOUNTS_H
#define TOOLS_PAQUEBOT_ACCOUNTS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "map/account.h"
#include "map/table.h"
#include "tools/paquebot_map.h"

struct accounts {
	struct conf_view *conf;	/* borrowed */
	struct maps  maps;
	char	     name[MAP_KEY_MAX + 1];	/* "" : none is looked for */
	struct buf   text;	/* of users */
	size_t	     at, n;	/* where the entry stands in it; n 0: nowhere */
	struct buf   value;	/* of the entry, on one line */
	int	     lock;
};

/*
 * Read the text, under a lock when it is to be written, and find name.
 * returns  0, or an exit code after a line to standard error; then call
 *          accounts_close all the same
 */
int	accounts_open(struct accounts *a, struct conf_view *conf,
	    const char *name, bool writes) must_use;
void	accounts_close(struct accounts *a);	/* wipes */
/*
 * Put value (or, with SPAN_NONE, nothing) in the place of the entry, in one
 * step with owner and mode kept, and make the maps.  A text with a mistake
 * anywhere is not put in place.
 * returns  an exit code
 */
int	accounts_write(struct accounts *a, struct span value) must_use;
/* "paquebot: name: what" to standard error; EXIT_DATA. */
int	accounts_complain(const char *name, const char *what);
/* The entry as an account: 0, or an exit code after a line. */
int	accounts_parse(struct accounts *a, struct span name,
	    struct span value, struct account *out) must_use;

#endif
