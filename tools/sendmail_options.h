/*
 * sendmail_options - the command line of sendmail(1), mailq(1) and
 * newaliases(1).
 */
#ifndef TOOLS_SENDMAIL_OPTIONS_H
#define TOOLS_SENDMAIL_OPTIONS_H

#include "base/base.h"

enum sendmail_mode {
	SENDMAIL_SUBMIT,	/* -bm: a message from standard input */
	SENDMAIL_SMTP,		/* -bs: SMTP on standard input and output */
	SENDMAIL_MAILQ,		/* -bp, mailq */
	SENDMAIL_ALIASES,	/* -bi, newaliases */
	SENDMAIL_FLUSH		/* -q */
};

struct sendmail_options {
	enum sendmail_mode mode;
	bool	    from_header;	/* -t: recipients stand in the header */
	bool	    dots_are_text;	/* -i, -oi */
	bool	    verbose;		/* -v */
	const char *sender;		/* -f, -r; NULL: the caller */
	const char *full_name;		/* -F; NULL: of the user database */
	const char *verp;		/* -XV: delimiters or ""; NULL: none */
	const char *config;		/* -C; NULL: the compiled default */
	char *const *recipients;	/* ended by NULL; borrowed from argv */
};

/*
 * What nobody needs any more is accepted and ignored, with its value: -A -B
 * -e -G -h -L -m -N -n -O -o -p -R -U -V -x, -X if no
 * V follows.
 * returns  0, or -1: an option or mode that we do not have; *bad is it
 */
int	sendmail_options_parse(int argc, char *const *argv,
	    struct sendmail_options *out, const char **bad) must_use;

#endif
