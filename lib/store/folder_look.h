/*
 * folder_look - has anything changed since the last look?  Only for
 * lib/store/folder*.c.
 *
 * A stamp proves that nothing has changed if it was old when it was taken: what
 * changes within one tick of the system's clock cannot be told apart.  A change
 * of our own need not cost a listing: the directory was as we knew it right
 * before, and gets a time right after that no other change can give it.  What
 * another program did between these two is not seen that way; so who relies on
 * such a stamp lists the directory all the same, but not often: after
 * DOUBT_S and a hundredth of a second for each message, and a first look, for
 * which somebody waits, after ten times that.
 */
#ifndef STORE_FOLDER_LOOK_H
#define STORE_FOLDER_LOOK_H

#include "base/base.h"
#include "base/why.h"

#define DOUBT_S			2
#define DOUBT_MESSAGES_PER_S	100
#define DOUBT_FIRST		10

struct folder;

/* What may be other than at the last look. */
struct look {
	bool in_new, in_cur;	/* names in new/, in cur/ */
	bool list;		/* the uidlist */
	bool noted;		/* others have noted something in the index */
};

/*
 * Three calls, four with an index.  The stamps of what may have changed are
 * taken anew.
 * first    somebody waits who has seen nothing of the folder yet
 * returns  0; -1 with why: WHY_PERM: the folder is gone
 */
int	folder_look(struct folder *f, bool first, struct look *out,
	    struct why *why) must_use;
bool	look_is_same(const struct look *l) must_use;

/*
 * Around changes of our own in cur/, of which the view is told.  Nothing is
 * done, and the next look lists cur/, if it was not as we know it, and after
 * more changes than a listing is worth.
 */
struct own_change {
	int64_t	mtime_ns;	/* of cur/ when it began; 0: not as we know it */
};
void	own_change_begin(const struct folder *f, struct own_change *o);
void	own_change_end(struct folder *f, const struct own_change *o,
	    size_t changes);

#endif
