/*
 * reply - every line that a session sends, but for the data of FETCH (RFC
 * 3501 section 7, response codes also of RFC 5530).
 */
#ifndef IMAPD_REPLY_H
#define IMAPD_REPLY_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "imapd/session.h"

/* All that is announced before and after log-in, in one line without line end. */
extern const char reply_capabilities[];
/* The same, with what depends on the session. */
void	reply_put_capabilities(struct buf *out, const struct session *s);
/* Octets of the largest message that can be appended. */
uint32_t reply_append_limit(const struct session *s);

/* "* ..." at once; fmt without "* " and line end; at most a few hundred octets. */
void	reply_untagged(struct session *s, const char *fmt, ...)
	    printf_like(2, 3);
void	reply_untagged_span(struct session *s, struct span line);

/*
 * The tagged answer of the command; it is sent when what has changed in the
 * folder has been told.  The last one given counts.
 * code  response code with its arguments, without brackets, or NULL
 */
void	reply_ok(struct session *s, const char *code, const char *text);
void	reply_no(struct session *s, const char *code, const char *text);
void	reply_bad(struct session *s, const char *text);
/* NO, with the code that the reason gives. */
void	reply_why(struct session *s, const struct why *why);
/* A code that was put together, of any length: OK [code] text. */
void	reply_ok_code(struct session *s, struct span code, const char *text);
void	reply_no_code(struct session *s, struct span code, const char *text);

/* Send the tagged answer. */
void	reply_send(struct session *s);
/* "* BYE text", and the session ends. */
void	reply_bye(struct session *s, const char *text);

/* "(F<GUID>)": the folder's object identifier (RFC 8474 4); it was synced. */
void	reply_put_mailboxid(struct buf *out, const struct folder *f);

/*
 * FLAGS and [PERMANENTFLAGS] of the selected folder, if they are others than
 * those that were told since it was selected.
 */
#define REPLY_FLAGS_MAX	(4 * KIB + KEYWORDS_MAX * (KEYWORD_OCTETS_MAX + 1))
void	reply_flags(struct session *s);
/*
 * "(\Seen $Forwarded)" of a message of the selected folder, into out.  \Recent
 * is no flag of IMAP4rev2.
 */
void	reply_put_flags(struct buf *out, const struct session *s,
	    const struct message *m);

#endif
