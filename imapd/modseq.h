/*
 * modseq - what a client that knows of modification numbers is told (CONDSTORE
 * and QRESYNC, RFC 7162).
 */
#ifndef IMAPD_MODSEQ_H
#define IMAPD_MODSEQ_H

#include "base/base.h"
#include "imapd/parse.h"
#include "imapd/session.h"

/*
 * The client has used or enabled one of these.  With a mailbox selected the
 * first time tells HIGHESTMODSEQ (3.1).
 * bits  enum session_enabled
 */
void	modseq_enable(struct session *s, unsigned bits);
/* The client is told numbers, and VANISHED, in this mailbox. */
bool	modseq_told(const struct session *s);
bool	modseq_vanished(const struct session *s);
/*
 * A command names numbers: it enables them.
 * returns  false: this mailbox has none; BAD is answered (3.1.2.2)
 */
bool	modseq_begin(struct session *s) must_use;

/* "MODSEQ (n)" of a message. */
void	modseq_put(struct buf *out, struct session *s, uint32_t uid);
/* HIGHESTMODSEQ or NOMODSEQ, when a mailbox was selected (3.1.2). */
void	modseq_selected(struct session *s);
/*
 * Changes were told: what the client may take as its highest number (3.2, 6).
 * vanished  messages that went were told, too
 */
void	modseq_settle(struct session *s, bool vanished);
/* OK [HIGHESTMODSEQ n] text, as the tagged answer; plain for others. */
void	modseq_answer(struct session *s, bool expunged, const char *text);

/* Take out of uids what has not changed after that number. */
void	modseq_changed_since(struct session *s, struct uids *uids,
	    uint64_t since);
/*
 * VANISHED (EARLIER): UIDs of a resolved set that went after that number
 * (3.2.6), none below above.
 */
void	modseq_tell_vanished(struct session *s, const struct seqset *set,
	    uint64_t since, uint32_t above);
/* VANISHED: messages that the client counts (3.2.10.2). */
void	modseq_tell_gone(struct session *s, const struct uids *gone);

/* What SELECT (QRESYNC ...) asks for, behind its own answers (3.2.5). */
void	modseq_resync(struct session *s, struct resync *r);

#endif
