/*
 * paquebot_map - compiles the maps from their texts.
 */
#ifndef TOOLS_PAQUEBOT_MAP_H
#define TOOLS_PAQUEBOT_MAP_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "conf/view.h"

struct maps {
	const struct conf_view *conf;
	int	   dir;		/* map_dir, also the working directory */
	bool	   quiet;	/* no line about what was compiled */
};

/* Enter map_dir.  0, or -1 after a line to standard error. */
int	maps_enter(struct maps *m, const struct conf_view *conf) must_use;
/*
 * Compile the text of that name to its map or maps.
 * must  a text that is missing is an error
 * returns  an exit code; a line to standard error tells what was wrong
 */
int	maps_compile(struct maps *m, const char *name, bool must) must_use;
/* Who hears of the texts. */
struct maps_reader {
	/* what is wrong with the text, which is not read further */
	void (*mistake)(void *ctx, const char *text, const struct why *why);
	/* a good entry; the key is valid during the call */
	void (*entry)(void *ctx, const char *text, struct span key);
	void *ctx;
};
/*
 * Read all texts of m->dir as maps_compile() does, and compile nothing.  One
 * that is not there, or may not be read, is passed over.
 */
void	maps_read(struct maps *m, const struct maps_reader *to);
/* Is this a good entry of the text users?  As map_build.check; ctx: maps. */
int	maps_check_user(struct span key, struct span value, void *ctx,
	    struct why *why) must_use;
/* The ids of mailbox_user, and mailbox_path. */
struct account_defaults;
void	maps_defaults(const struct maps *m, struct account_defaults *d);

#endif
