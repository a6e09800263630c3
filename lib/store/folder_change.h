/*
 * folder_change - the second half of folder.h: all that changes a folder.
 */
#ifndef STORE_FOLDER_CHANGE_H
#define STORE_FOLDER_CHANGE_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "store/uids.h"

struct folder;

/*
 * A message on its way into a folder, as a file in its tmp/.
 * write    octets as they came on the wire: CRLF becomes LF, all else stays; may cut
 *          anywhere
 * returns  -1 with why (4.3.1 disk full, 5.2.3 over max_octets)
 */
struct folder_append;
struct folder_append *folder_append_begin(struct folder *f,
	    uint64_t max_octets, struct why *why) must_use;
int	folder_append_write(struct folder_append *a, const void *p, size_t n,
	    struct why *why) must_use;
/* What it takes on disk so far, as the quota counts. */
uint64_t folder_append_octets(const struct folder_append *a);
/* Without folder_commit(): the file goes.  *a becomes NULL. */
void	folder_append_abort(struct folder_append **a);

enum folder_change_kind {
	CHANGE_FLAGS_SET,	/* flags and keywords become exactly these */
	CHANGE_FLAGS_ADD,
	CHANGE_FLAGS_REMOVE,
	CHANGE_EXPUNGE,		/* uids, whatever their flags */
	CHANGE_APPEND,		/* append, flags, keywords, date_s: into cur/ or, without
				   flags, new/ */
	CHANGE_DELIVER,		/* append into new/; the lock is only tried, so
				   that the UID may be given later */
	CHANGE_REPLACE,		/* APPEND into `to`, then uids (one) out of here; over
				   quota only by what the new one is larger */
	CHANGE_COPY,		/* uids to `to`: all or none; flags go along */
	CHANGE_MOVE		/* each to `to`, out of here; those that others have
				   removed are skipped */
};
struct folder_change {
	enum folder_change_kind kind;
	const uint32_t *uids;		/* ascending; those not in the view are skipped */
	size_t	 uids_n;
	uint8_t	 flags;			/* enum message_flag but RECENT */
	const struct span *keywords;	/* names; unknown ones are added */
	size_t	 keywords_n;
	int64_t	 date_s;		/* APPEND: INTERNALDATE; 0: now */
	struct folder_append **append;	/* taken: *append becomes NULL in every case */
	struct folder *to;		/* COPY, MOVE, REPLACE: opened read-write; may
					   be f */
	bool	 numbered;		/* FLAGS: those changed have their number
					   (folder_modseq.h) on return */
	bool	 conditional;		/* FLAGS: numbered, and only those that have
					   not changed since then */
	uint64_t unchanged_since;
	/* FLAGS, EXPUNGE, COPY and MOVE: so many of uids are done; it must not
	   wait, since locks may be held.  NULL: nobody wants to know. */
	void	(*tick)(void *ctx, uint64_t done);
	void	*tick_ctx;
};
/* Of all changes of a commit together, in order. */
struct folder_result {
	struct uids done;	/* FLAGS: now other than before; EXPUNGE: gone;
				   COPY, MOVE: of the originals; REPLACE: gone */
	struct uids modified;	/* conditional FLAGS: changed since, left alone */
	struct uids made;	/* APPEND, REPLACE; COPY, MOVE: beside each of done;
				   DELIVER: or 0 */
	uint32_t    made_uidvalidity;	/* of the folder they are in; 0: none made */
	bool	    keywords_full;	/* a keyword had no place: not stored */
};
void	folder_result_init(struct folder_result *r);
void	folder_result_fini(struct folder_result *r);

/*
 * Carry out changes in their order.  Neighbouring APPENDs are made together or
 * not at all (RFC 3502).  All that result tells is on stable storage.
 * FLAGS and EXPUNGE change the view at once; what is made appears in it with the next
 * folder_sync() of the folder it is in.
 * result   cleared, then filled; may be NULL
 * returns  0; -1 with why, after a failure: result tells what was done before it
 *          (FLAGS, EXPUNGE, MOVE: part of a change may be; REPLACE:
 *          nothing).  WHY_PERM 5.2.2: over quota; WHY_PERM 5.7.0: opened read-only
 */
int	folder_commit(struct folder *f, const struct folder_change *changes,
	    size_t n, struct folder_result *result, struct why *why) must_use;

#endif
