/*
 * kept - messages that were expunged, for as long as the operator may want them
 * back (setting expunge_keep_days).
 *
 * They lie in KEPT_DIR of the mail root, in a directory for each folder, as
 * <seconds>.<number>,<name of the file>: when they were expunged, and what makes
 * that unique.  KEPT_DIR is no folder: in Maildir++ those begin with a dot, and in
 * the layout fs none can have that name (Dovecot lists it there, without messages).
 * It has no cur, new or tmp, and no quota counts it.  If it is there, what is
 * expunged goes there; a log-in makes or removes it.
 */
#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "store/folders.h"

#define KEPT_DIR	"paquebot-kept"
#define KEPT_DAYS_MAX	366

/*
 * At a log-in.  What is older than days goes, and of the rest the oldest, by
 * the hour, until no more than octets are left; at most once an hour.
 * root     the mail root
 * days     0: nothing is kept, and what was kept goes
 * octets   0: no limit
 * returns  -1 with why: nothing was changed, or part of it
 */
int	kept_begin(int root, unsigned days, uint64_t octets, struct why *why)
	    must_use;

/*
 * Where what is expunged from a folder goes.
 * returns  a descriptor, the caller's to close; -1: nothing is kept
 */
int	kept_open(int root, const char *folder) must_use;
/*
 * Move a message's file there; not durable before fs_dirsync(kept).
 * returns  0; -1 errno ENOENT: there is no such file; other: it is where it was
 */
int	kept_take(int kept, int dir, const char *name, uint32_t number) must_use;
/* All messages of a folder that is being removed; dir: its directory. */
void	kept_take_folder(int root, const char *folder, int dir);

struct kept_item {
	char	    folder[FOLDER_NAME_SIZE];
	struct span id;		/* <seconds>.<number>, of its folder */
	struct span name;	/* of the file, as it was; long: cut */
	const char *file;	/* in dir */
	int	    dir;
	int64_t	    gone_s;	/* when it was expunged */
};
/* Which of them; all conditions must hold. */
struct kept_choice {
	const char *folder;	/* NULL: any */
	struct span id;		/* p NULL: any */
	int64_t	    since_s;	/* expunged then or later */
};
/*
 * Each that is chosen; each() returns 0 to go on.  Items are borrowed.
 * returns  what each() returned last; -1 with why
 */
int	kept_each(int root, const struct kept_choice *c,
	    int (*each)(const struct kept_item *item, void *ctx), void *ctx,
	    struct why *why) must_use;
/*
 * Put them back into their folders, which are made if they are gone: with their
 * flags but \Deleted, their INTERNALDATE, and new UIDs; with their keywords, if
 * the folder's table of these has not changed since.  What a quota says does not
 * matter.
 * n        how many were, also after a failure
 */
int	kept_restore(int root, const struct kept_choice *c, size_t *n,
	    struct why *why) must_use;

#endif
