/*
 * folder_commit - the changes that folder_commit() is made of; only for
 * lib/store/folder*.c.
 */
#ifndef STORE_FOLDER_COMMIT_H
#define STORE_FOLDER_COMMIT_H

#include "store/folder_priv.h"

/* folder_commit.c: look where the files are now; *looked is set. */
int	commit_look_again(struct folder *f, bool *looked, struct why *why)
	    must_use;
enum tried {
	TRIED_DONE,
	TRIED_SAME,		/* nothing to do */
	TRIED_CHANGED,		/* by others, since */
	TRIED_GONE,		/* no such name any more */
	TRIED_FAILED
};

/* Tell whoever wants to know. */
void	commit_tick(const struct folder_change *c, size_t done);
/*
 * The name of a message that is finished, by its flags: in new/ nothing has
 * flags, in cur/ the name has ":2,".
 */
int	commit_name(struct folder *f, const struct folder_change *c,
	    struct arrival *a, struct folder_result *r, struct why *why)
	    must_use;

/* folder_replace.c */
int	commit_replace(struct folder *f, const struct folder_change *c,
	    struct folder_result *r, struct why *why) must_use;

/* folder_flags.c */
int	commit_flags(struct folder *f, const struct folder_change *c,
	    struct folder_result *r, struct why *why) must_use;

/* folder_copy.c */
int	folder_copy(struct folder *f, const struct folder_change *c,
	    struct folder_result *r, struct why *why) must_use;
int	folder_move(struct folder *f, const struct folder_change *c,
	    struct folder_result *r, struct why *why) must_use;
/* keep: they are expunged, and not elsewhere, too (kept.h). */
int	commit_expunge(struct folder *f, const struct folder_change *c,
	    bool keep, struct folder_result *r, struct why *why) must_use;

#endif
