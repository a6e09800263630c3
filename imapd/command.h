/*
 * command - the table of all commands of a session, and the dispatch.
 */
#ifndef IMAPD_COMMAND_H
#define IMAPD_COMMAND_H

#include "base/base.h"
#include "imapd/parse.h"
#include "imapd/session.h"

/* What of the folder may be told before the tagged answer. */
enum command_sync {
	SYNC_NONE,
	SYNC_KEEP,	/* no EXPUNGE: the command names sequence numbers */
	SYNC_ALL
};

struct command {
	const char *name;	/* "UID FETCH": two words */
	unsigned    states;	/* enum session_state */
	parser	   *parse;
	void	  (*run)(struct session *s, const union args *a);
	bool	    uid;	/* its set holds UIDs */
	enum command_sync sync;
};

/* Carry out what stands in s->in; the answer is sent. */
void	command_run(struct session *s, bool at_message);

/* What stands in s->in is no command: BAD. */
void	command_refuse(struct session *s, const char *why);

typedef void handler(struct session *s, const union args *a);

handler	cmd_capability, cmd_noop, cmd_logout, cmd_id, cmd_enable,
	cmd_namespace, cmd_check;				/* cmd_any.c */
handler	cmd_select, cmd_examine, cmd_close, cmd_unselect;	/* cmd_select.c */
handler	cmd_create, cmd_delete, cmd_rename, cmd_subscribe,
	cmd_unsubscribe;					/* cmd_folder.c */
handler	cmd_lsub, cmd_status;					/* cmd_list.c */
handler	cmd_list;						/* cmd_list_all.c */
handler	cmd_getquota, cmd_getquotaroot;				/* cmd_quota.c */
handler	cmd_append;			/* and REPLACE: cmd_append.c */
handler	cmd_idle;						/* cmd_idle.c */
handler	cmd_fetch;						/* cmd_fetch.c */
handler	cmd_store;						/* cmd_store.c */
handler	cmd_search, cmd_sort, cmd_thread;			/* cmd_search.c */
handler	cmd_copy, cmd_move, cmd_expunge, cmd_uid_expunge;	/* cmd_copy.c */

#endif
