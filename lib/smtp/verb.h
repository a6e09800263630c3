/*
 * verb - SMTP and LMTP commands, read (server) and written (client):
 * RFC 5321 4.1.1 and the parameters of RFC 1870, 1652, 3461, 3030, 6531.
 */
#ifndef SMTP_VERB_H
#define SMTP_VERB_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "mail/addr.h"

enum verb {
	VERB_UNKNOWN,
	VERB_HELO, VERB_EHLO, VERB_LHLO,
	VERB_MAIL, VERB_RCPT, VERB_DATA, VERB_BDAT,
	VERB_RSET, VERB_NOOP, VERB_VRFY, VERB_EXPN, VERB_HELP, VERB_QUIT,
	VERB_AUTH, VERB_STARTTLS, VERB_XCLIENT, VERB_XFORWARD,
	VERB_XMAILQ,
	VERBS_N
};

enum verb_body {
	VERB_BODY_NONE, VERB_BODY_7BIT, VERB_BODY_8BITMIME,
	VERB_BODY_BINARYMIME		/* RFC 3030 3 */
};
enum verb_ret { VERB_RET_NONE, VERB_RET_FULL, VERB_RET_HDRS };

enum verb_notify {		/* RFC 3461 4.1; 0: not given */
	VERB_NOTIFY_NEVER = 1,
	VERB_NOTIFY_SUCCESS = 2,
	VERB_NOTIFY_FAILURE = 4,
	VERB_NOTIFY_DELAY = 8
};

struct verb_mail {
	struct addr from;
	bool	    has_size;
	uint64_t    size;	/* RFC 1870 3: declared octets */
	enum verb_body body;
	enum verb_ret ret;	/* RFC 3461 4.3 */
	struct span envid;	/* RFC 3461 4.4, still xtext, 1..100 octets */
	bool	    has_verp;	/* XVERP, of Postfix */
	char	    verp[3];	/* ... with these delimiters, or "": the usual */
	struct span auth;	/* AUTH=, still xtext; "<>" for none */
	bool	    utf8;	/* RFC 6531 3.4: SMTPUTF8 was given */
};

struct verb_rcpt {
	struct addr to;
	unsigned    notify;
	struct span orcpt;	/* RFC 3461 4.2, "rfc822;" and xtext, or RFC
				 * 6533 3, "utf-8;" and unitext; <= 500 */
	bool	    utf8;	/* not all of it is ASCII: it may stand only
				 * behind a MAIL with SMTPUTF8 */
};

struct verb_cmd {
	enum verb   verb;
	struct span text;	/* arguments as they came, trimmed; EHLO: the
				 * name; AUTH: the mechanism */
	struct span initial;	/* AUTH: initial response; p == NULL: none */
	struct verb_mail mail;
	struct verb_rcpt rcpt;
	uint64_t    chunk;	/* BDAT: octets (RFC 3030 2) */
	bool	    last;
	unsigned    code;	/* reply code when refused: 500, 501, 555 ... */
};

/*
 * A command line.
 * line     without line end; the spans of out point into it
 * caps     enum ehlo_cap that are offered: a parameter of an extension
 *          that is not, is unknown (555)
 * why      set on failure with code and text of the reply; out->code then
 *          holds the reply code and out->verb the verb, as far as known
 * returns  0 or -1
 */
int	verb_parse(struct span line, unsigned caps, struct verb_cmd *out,
	    struct why *why) must_use;
const char *verb_name(enum verb verb);	/* "MAIL" */

/*
 * The command as a line with CRLF; only parameters of extensions in caps are
 * written, and octets over 126 only where EHLO_SMTPUTF8 is one of them.
 * returns  0, or -1: cap reached, or text that no line may hold
 */
int	verb_format(struct buf *out, const struct verb_cmd *cmd,
	    unsigned caps) must_use;

#endif
