/*
 * sendmail_submit - the client's side of SMTP on smtpd's local socket.
 */
#ifndef TOOLS_SENDMAIL_SUBMIT_H
#define TOOLS_SENDMAIL_SUBMIT_H

#include "base/base.h"
#include "base/bug.h"
#include "base/span.h"
#include "net/dot.h"
#include "net/stream.h"
#include "smtp/reply.h"
#include "tools/sendmail_header.h"

struct submit {
	struct stream net;
	struct reply  reply;	/* the last one */
	char	host[256];	/* what the server calls itself */
	struct dot_out dot;
	/* When something failed: what to say and how to exit. */
	char	why[512];
	enum exit_code code;
};

/*
 * Connect and say hello.
 * path     of the socket
 * returns  0; -1: why and code are set (and in every later -1)
 */
int	submit_open(struct submit *s, const char *path) must_use;
void	submit_close(struct submit *s);	/* with a QUIT if it can be said */
/*
 * MAIL, RCPT for all, DATA.  Refused is refused: if the server does not want
 * one of the recipients nobody gets the message.
 * from     canonical mailbox, or empty: <>
 * verp     NULL, or a sender for each recipient, with these delimiters or ""
 */
int	submit_envelope(struct submit *s, struct span from,
	    const char *verp, const struct sendmail_rcpts *rcpts) must_use;
/* Octets of the message, LF or CRLF line ends. */
int	submit_text(struct submit *s, struct span text) must_use;
/* The final dot and its answer (in s->reply). */
int	submit_end(struct submit *s) must_use;
/*
 * Copy to the standard output what the caller's own user has in the queue.
 * An end without a last line is taken for a service that went away.
 */
int	submit_mailq(struct submit *s) must_use;

#endif
