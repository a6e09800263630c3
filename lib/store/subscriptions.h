/*
 * subscriptions - Dovecot's file of that name in a mail root; only for
 * lib/store.  One folder name a line, as it is on disk, with the separator of the
 * layout between components; or, behind a head line "V<TAB>2" and an empty line,
 * with TABs.
 */
#ifndef STORE_SUBSCRIPTIONS_H
#define STORE_SUBSCRIPTIONS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define SUBSCRIPTIONS_NAME	"subscriptions"
#define SUBSCRIPTIONS_FILE_MAX	(8 * MIB)

/* Each name of the text as folder_name() has it; others are passed over (pure). */
void	subscriptions_each(struct span text,
	    void (*each)(const char *name, void *ctx), void *ctx);
/*
 * The text with the name added or taken out, in its own version; unknown lines
 * stay (pure).
 * returns  1: changed; 0: it was so already; -1: too big
 */
int	subscriptions_edit(struct buf *out, struct span text,
	    const char *name, bool on) must_use;
/* The file; no file is an empty text. */
int	subscriptions_read(int root, struct buf *out, struct why *why) must_use;

#endif
