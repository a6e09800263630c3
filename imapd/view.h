/*
 * view - the messages as this client numbers them: sequence numbers to UIDs
 * and back.  A message that was expunged elsewhere keeps its number until the
 * client may be told (RFC 3501 section 7.4.1).  Pure.
 */
#ifndef IMAPD_VIEW_H
#define IMAPD_VIEW_H

#include "base/base.h"
#include "imapd/seqset.h"
#include "store/uids.h"

struct view {
	struct uids told;	/* what the client counts: ascending */
	struct uids gone;	/* of these: expunged, but not told yet */
};

void	view_init(struct view *v);
void	view_fini(struct view *v);

uint32_t view_count(const struct view *v);
/* seq: 1 .. view_count() */
uint32_t view_uid(const struct view *v, uint32_t seq);
/* 0: the client does not know it. */
uint32_t view_seq(const struct view *v, uint32_t uid);
/* The same, found at once if it is the one behind number seq, or the first. */
uint32_t view_seq_behind(const struct view *v, uint32_t uid, uint32_t seq);
/* Of the last message, or 0. */
uint32_t view_last_uid(const struct view *v);

/* New messages; those not above all that were told are left out. */
void	view_add(struct view *v, const struct uids *added);
/* Expunged messages, ascending; they keep their numbers for now. */
void	view_lose(struct view *v, const struct uids *uids);
/*
 * Take out all that is gone: told() is called with the number of each, the
 * highest first, so that each number holds when it is sent.  NULL: told already.
 */
void	view_expunge(struct view *v, void (*told)(uint32_t seq, void *ctx),
	    void *ctx);

/*
 * The messages of a resolved set, as UIDs.
 * by_uid   the set holds UIDs, else sequence numbers
 */
void	view_select(const struct view *v, const struct seqset *set,
	    bool by_uid, struct uids *out);

#endif
