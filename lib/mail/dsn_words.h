/*
 * dsn_words - the words of reports for people, from a file (setting
 * report_templates), in the form of Postfix's bounce_template_file: texts named
 * failure_template, delay_template, success_template, each
 *
 *	failure_template = <<END
 *	Charset: utf-8
 *	From: Mail at example.net
 *	Subject: It came back
 *	Postmaster-Subject: A report came back
 *
 *	Text with $hostname.
 *	END
 *
 * Between them stand empty lines and lines that begin with #.  Pure.
 */
#ifndef MAIL_DSN_WORDS_H
#define MAIL_DSN_WORDS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define DSN_WORDS_FILE_MAX	(64 * KIB)
#define DSN_WORDS_BODY_MAX	(16 * KIB)	/* of one text, as written */
#define DSN_WORDS_OUT_MAX	(64 * KIB)	/* ... with its variables */

enum dsn_words_about { DSN_WORDS_FAILURE, DSN_WORDS_DELAY, DSN_WORDS_SUCCESS,
	DSN_WORDS_KINDS };

/* All but charset may be empty; they point into the parsed text. */
struct dsn_words {
	bool	    given;
	struct span charset;		/* of subjects and body */
	struct span from;		/* display name */
	struct span subject, postmaster_subject;
	struct span body;
};

struct dsn_words_file {
	struct dsn_words of[DSN_WORDS_KINDS];
};

/* What $name in a body is; text and numbers are made harmless by put. */
struct dsn_words_values {
	struct span hostname, queue_id, sender;
	int64_t	    notice_s, expire_s;
	size_t	    recipients;
};

/*
 * text     the whole file; kept by the caller as long as *out
 * wrong    what is wrong, with the line
 * returns  0, or -1
 */
int	dsn_words_parse(struct span text, struct dsn_words_file *out,
	    char wrong[128]) must_use;

/*
 * The body with its variables, CRLF line ends.
 * returns  0, or -1: more than DSN_WORDS_OUT_MAX, or the cap of out (out as
 *          before)
 */
int	dsn_words_put(struct buf *out, const struct dsn_words *w,
	    const struct dsn_words_values *v) must_use;

#endif
