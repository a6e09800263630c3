/*
 * paquebot_user - what the verbs of `paquebot user` share.
 */
#ifndef TOOLS_PAQUEBOT_USER_H
#define TOOLS_PAQUEBOT_USER_H

#include "base/base.h"
#include "base/span.h"
#include "tools/paquebot_accounts.h"

struct user_job {
	struct accounts a;
	const char *app;		/* name of an application */
	const char *services, *expires;	/* as given, or NULL */
	bool	    json, piped;
};

struct user_edit {
	const char *hash;	/* NULL: stays */
	/* which words of extra are left out; NULL: none */
	bool	  (*drop)(struct span word, const struct user_job *job);
	struct span add;	/* words, with a space in front of each */
};
/* Write the account's entry with that changed.  An exit code. */
int	user_edit(struct user_job *job, const struct user_edit *e) must_use;

/* The verbs of other files.  Exit codes. */
int	user_list(struct user_job *job);
int	user_show(struct user_job *job);
int	user_app_add(struct user_job *job);
int	user_app_del(struct user_job *job);
int	user_app_list(struct user_job *job);

#endif
