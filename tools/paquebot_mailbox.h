/*
 * paquebot_mailbox - what the verbs of "paquebot mailbox" share.  They run as
 * the mailbox's owner, in the mailbox.
 */
#ifndef TOOLS_PAQUEBOT_MAILBOX_H
#define TOOLS_PAQUEBOT_MAILBOX_H

#include "base/base.h"
#include "conf/view.h"

struct mailbox {
	int	    root;	/* the mail root */
	const char *user;	/* of the account, as given */
	char	  **words;	/* behind the user; only for restore */
	int	    words_n;
	struct conf_view *conf;
};

/* To standard error; EXIT_IOERR. */
int	mailbox_complain(const char *who, const char *what);
/* For each folder; the first exit code that is not 0. */
int	mailbox_each_folder(const struct mailbox *m,
	    int (*run)(const struct mailbox *m, const char *name));

/* paquebot_adopt.c: exit codes */
int	mailbox_adopt(const struct mailbox *m);
int	mailbox_leave(const struct mailbox *m);
/* paquebot_restore.c */
int	mailbox_kept(const struct mailbox *m);
int	mailbox_restore(const struct mailbox *m);

#endif
