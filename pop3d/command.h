/*
 * command - the table of commands after log-in, and dispatch.
 */
#ifndef POP3D_COMMAND_H
#define POP3D_COMMAND_H

#include "base/base.h"
#include "base/span.h"

struct session;

struct args {
	bool	 has_number;
	uint64_t number;	/* of a message; not yet looked up */
	uint64_t lines;		/* TOP */
	struct span text;	/* LANG: all of it */
};

/* line: without its end. */
void	command_run(struct session *s, struct span line);

/* cmd_trans.c: RFC 1939 5 and 7; cmd_update.c: 6 */
void	cmd_stat(struct session *s, const struct args *a);
void	cmd_list(struct session *s, const struct args *a);
void	cmd_uidl(struct session *s, const struct args *a);
void	cmd_retr(struct session *s, const struct args *a);
void	cmd_top(struct session *s, const struct args *a);
void	cmd_dele(struct session *s, const struct args *a);
void	cmd_rset(struct session *s, const struct args *a);
void	cmd_noop(struct session *s, const struct args *a);
void	cmd_lang(struct session *s, const struct args *a);
void	cmd_capa(struct session *s, const struct args *a);
void	cmd_quit(struct session *s, const struct args *a);

#endif
