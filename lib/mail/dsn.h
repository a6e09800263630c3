/*
 * dsn - delivery reports: a multipart/report (RFC 6522 3) of a text for
 * people, the fields of RFC 3464 2 and the header of the message that it is
 * about.  Everything foreign is made one line of printable ASCII first, or of
 * UTF-8 where an address has any: then the parts are those of RFC 6533 4.
 *
 * A report to an ASCII address is ASCII but for what the message had without
 * SMTPUTF8: such parts are encoded (RFC 6533 4.5), since whether its way back
 * knows SMTPUTF8 is not known.  One to another address has them as they are and
 * needs SMTPUTF8 itself.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "mail/dsn_words.h"

#define DSN_DIAGNOSTIC_MAX	900	/* octets of a reply that are told on */

enum dsn_action {		/* RFC 3464 2.3.3 */
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	DSN_RELAYED,
	DSN_EXPANDED
};

struct dsn_recipient {
	struct span final;	/* canonical mailbox */
	struct span original;	/* "rfc822;user@host" or "utf-8;..." as in
				 * ORCPT but decoded, or empty */
	enum dsn_action action;
	struct span status;	/* RFC 3463 code; a bad or empty one becomes
				 * one of the action's class */
	struct span diagnostic;	/* what the other side or we said, or empty */
	bool	    by_smtp;	/* it is the reply of a mail server */
	struct span remote_mta;	/* its name, or empty */
	int64_t	    last_attempt;	/* 0: none */
	int64_t	    retry_until;	/* for DSN_DELAYED; 0: none */
};

struct dsn {
	struct span host;	/* our name: Reporting-MTA and From */
	struct span to;		/* canonical mailbox that gets the report */
	struct span queue_id;	/* of the message reported on, or empty */
	struct span unique;	/* [0-9A-Za-z]: boundary and Message-ID */
	struct span envid;	/* decoded ENVID, or empty */
	int64_t	    arrival;	/* 0: not told */
	int64_t	    now;
	int	    zone_minutes;
	const struct dsn_recipient *rcpts;
	size_t	    rcpts_n;
	struct span header;	/* of the message, LF or CRLF lines, or empty */
	size_t	    header_max;	/* octets of it that are returned */
	bool	    whole;	/* header is all of the message (RFC 6522 3) */
	const struct dsn_words *words;	/* the site's, or NULL: ours */
	struct dsn_words_values values;	/* for these */
	bool	    for_postmaster;	/* not for the sender */
	bool	    utf8;	/* the message came with SMTPUTF8 */
};

/*
 * Write the whole message, header and body, with CRLF line ends; the
 * envelope sender of it has to be <> (RFC 3464 2).
 * returns  0, or -1: the cap of out is reached (out as before)
 */
int	dsn_write(struct buf *out, const struct dsn *d) must_use;

/*
 * Is this header that of a report?  (multipart/report)
 */
bool	dsn_is_report(struct span header);

#endif
