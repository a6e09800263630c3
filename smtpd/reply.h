/*
 * reply - every line that we send to a client.
 */
#ifndef SMTPD_REPLY_H
#define SMTPD_REPLY_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"

struct session;

/* The replies that need nothing filled in; texts and codes in reply.c. */
enum say {
	SAY_NOTHING,		/* no reply: the decision is "go on" */
	SAY_OK,
	SAY_BYE,
	SAY_MAIL_OK,
	SAY_RCPT_OK,
	SAY_DATA_GO,
	SAY_CHUNK_OK,
	SAY_VRFY,
	SAY_AUTH_OK,
	SAY_TLS_GO,
	SAY_MAILQ_GO,
	/* 421: and the connection ends */
	SAY_BUSY,
	SAY_BUSY_ADDRESS,
	SAY_BUSY_NETWORK,
	SAY_NETWORK_ERRORS,
	SAY_BANNED,
	SAY_NO_SERVICE,
	SAY_TIMEOUT,
	SAY_STOPPING,
	SAY_TOO_MANY_ERRORS,
	SAY_TOO_MANY_COMMANDS,
	SAY_TOO_MANY_LOGINS,
	SAY_LINE_FLOOD,
	/* 4yz */
	SAY_TOO_MANY_RCPT,
	SAY_NETWORK_MESSAGES,
	SAY_NETWORK_RCPTS,
	SAY_ACCOUNT_MESSAGES,
	SAY_ACCOUNT_RCPTS,
	SAY_QUEUE_LOST,
	SAY_AUTH_LATER,
	SAY_TLS_LATER,
	/* 5yz: commands */
	SAY_UNKNOWN,
	SAY_LINE_LONG,
	SAY_LINE_BAD,
	SAY_NOT_HERE,		/* a command that this listener lacks */
	SAY_BDAT_BAD,
	SAY_IN_CHUNKS,
	SAY_BINARY_DATA,
	SAY_XCLIENT_BAD,
	SAY_HELLO_FIRST,
	SAY_NESTED_MAIL,
	SAY_NEED_MAIL,
	SAY_NEED_RCPT,
	SAY_IN_TRANSACTION,
	SAY_EARLY,
	SAY_TLS_AGAIN,
	SAY_TLS_TOO_LATE,
	SAY_TLS_EARLY,
	/* 5yz: decisions */
	SAY_AUTH_NEEDED,
	SAY_AUTH_AGAIN,
	SAY_AUTH_PLAIN_TEXT,
	SAY_AUTH_MECHANISM,
	SAY_AUTH_BAD,
	SAY_AUTH_CANCELLED,
	SAY_AUTH_WRONG,
	SAY_TOO_BIG,
	SAY_HEADER_TOO_BIG,
	SAY_RCPT_ASCII,
	SAY_RELAY_DENIED,
	SAY_RCPT_UNKNOWN,
	SAY_SENDER_NOT_YOURS,
	SAY_AUTHOR_NOT_YOURS,
	SAY_AUTHOR_UNCLEAR,
	SAY_LOOP,
	SAY_BAD_OCTETS,
	SAY_BINARY_LINES,
	SAY_BINARY_DEEP,
	SAY_BINARY_SIGNED,
	SAY_N
};

/* Send it (when the output is flushed); 5yz count as errors of the client. */
void	say(struct session *s, enum say what);
/* Code of RFC 3463 and text as they are in why. */
void	say_why(struct session *s, unsigned code, const struct why *why);
void	say_text(struct session *s, unsigned code, const char *esc,
	    const char *fmt, ...) printf_like(4, 5);

void	say_greeting(struct session *s);
/* The answer to EHLO or LHLO: name and capabilities. */
void	say_ehlo(struct session *s, unsigned caps);
void	say_queued(struct session *s, const char *id);
/* 334 and a challenge in base64. */
void	say_challenge(struct session *s, const char *challenge);

/* To a client that gets no session: one line, at once or not at all. */
void	say_refusal(int fd, enum say what);

/* For logs and tests. */
unsigned	say_code(enum say what);
const char     *say_esc(enum say what);
const char     *say_words(enum say what);

#endif
