/*
 * root - the directories beneath which all mailboxes lie, held open since before
 * confinement; and the way from there to one mailbox.
 */
#ifndef STORE_ROOT_H
#define STORE_ROOT_H

#include "base/base.h"
#include "base/why.h"

#define MAIL_ROOTS_MAX	16

struct mail_roots {
	char	   *path[MAIL_ROOTS_MAX];	/* absolute */
	int	    fd[MAIL_ROOTS_MAX + 1];	/* ended by -1: for confinement */
	size_t	    n;
};

/*
 * Add one; path is copied: settings change at a reload, roots do not.
 * returns  0; -1 with errno: cannot be opened, or too many
 */
int	mail_roots_add(struct mail_roots *r, const char *path) must_use;
/* For daemons: one that cannot be added is logged; the others count. */
void	mail_roots_use(struct mail_roots *r, const char *path);
/*
 * Open a Maildir, as its owner; what is missing on the way to it is made (0700),
 * and its cur, new and tmp.  No symbolic link is followed below the root.
 * maildir  absolute, below one of the roots
 * returns  descriptor of the caller's; -1 with why (WHY_TEMP)
 */
int	mail_roots_open(const struct mail_roots *r, const char *maildir,
	    struct why *why) must_use;
/* -1 with why: it has mail in a form that is none of ours. */
int	mail_root_check(int root, struct why *why) must_use;
/* A directory that is there, below one of the roots; -1 with errno. */
int	mail_roots_find(const struct mail_roots *r, const char *path) must_use;
/* Closes the roots (in a child that has its mailbox). */
void	mail_roots_close(struct mail_roots *r);

#endif
