/*
 * command - the table of SMTP commands, and the handlers it names.
 */
#ifndef SMTPD_COMMAND_H
#define SMTPD_COMMAND_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "smtp/verb.h"
#include "smtpd/session.h"

/* Judge a line and run the handler of its command. */
void	command_run(struct session *s, struct span line);
/* The commands that this client has, a space between: for HELP. */
void	command_list(const struct facts *f, struct buf *out);

/*
 * Handlers: listener and state are as the table demands, the arguments are
 * parsed.  Each sends its reply.
 */
void	cmd_ehlo(struct session *s, const struct verb_cmd *cmd);
void	cmd_helo(struct session *s, const struct verb_cmd *cmd);
void	cmd_lhlo(struct session *s, const struct verb_cmd *cmd);
void	cmd_starttls(struct session *s, const struct verb_cmd *cmd);
void	cmd_auth(struct session *s, const struct verb_cmd *cmd);
void	cmd_mail(struct session *s, const struct verb_cmd *cmd);
void	cmd_rcpt(struct session *s, const struct verb_cmd *cmd);
void	cmd_data(struct session *s, const struct verb_cmd *cmd);
void	cmd_bdat(struct session *s, const struct verb_cmd *cmd);
/* BDAT where it may not stand: what is said behind its octets. */
void	cmd_bdat_refused(struct session *s, const struct verb_cmd *cmd,
	    bool parsed, enum say what);
void	cmd_rset(struct session *s, const struct verb_cmd *cmd);
void	cmd_noop(struct session *s, const struct verb_cmd *cmd);
void	cmd_vrfy(struct session *s, const struct verb_cmd *cmd);
void	cmd_help(struct session *s, const struct verb_cmd *cmd);
void	cmd_xclient(struct session *s, const struct verb_cmd *cmd);
void	cmd_xforward(struct session *s, const struct verb_cmd *cmd);
void	cmd_mailq(struct session *s, const struct verb_cmd *cmd);
void	cmd_quit(struct session *s, const struct verb_cmd *cmd);

#endif
