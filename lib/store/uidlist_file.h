/*
 * uidlist_file - the file dovecot-uidlist of one folder; only for lib/store.
 */
#ifndef STORE_UIDLIST_FILE_H
#define STORE_UIDLIST_FILE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/why.h"
#include "store/uidlist.h"

enum uidlist_state {
	UIDLIST_MISSING,
	UIDLIST_GOOD,
	UIDLIST_DAMAGED		/* must be rewritten */
};

/* What has been read of it so far. */
struct uidlist_file {
	int	 dir;		/* borrowed */
	int	 fd;		/* kept, so that its inode is nobody else's */
	uint64_t inode, device;
	uint64_t at_octets;	/* whole lines up to here */
	int64_t	 ctime_ns;
	uint32_t last;		/* highest UID seen in it */
	enum uidlist_state state;
	struct uidlist_header header;
};

/* Records that were not known yet. */
struct uidlist_news {
	struct buf text;	/* which the records point into */
	struct uidlist_record *v;
	size_t n, size;
	bool   afresh;		/* another file: records read earlier are void */
};

void	uidlist_file_init(struct uidlist_file *u, int dir);
void	uidlist_file_fini(struct uidlist_file *u);
void	uidlist_news_init(struct uidlist_news *n);
void	uidlist_news_fini(struct uidlist_news *n);

/*
 * Read what is new.
 * locked   under the dotlock; else a last line without LF is somebody's append
 *          under way and left for the next time
 * news     cleared, then filled
 */
int	uidlist_file_read(struct uidlist_file *u, bool locked,
	    struct uidlist_news *news, struct why *why) must_use;
/*
 * What uidlist_rewrite() has just written counts as read.  Under the same lock.
 * last     the highest UID in it
 * returns  -1 errno: it cannot be opened
 */
int	uidlist_file_adopt(struct uidlist_file *u,
	    const struct uidlist_header *h, uint32_t last) must_use;
/*
 * All that was read is on stable storage when this returns 0.
 * afresh   the file may have just got its name, too
 */
int	uidlist_file_settle(struct uidlist_file *u, bool afresh,
	    struct why *why) must_use;

/* The end of a file to which lines may be appended.  Under the dotlock. */
struct uidlist_tail {
	int	 fd;
	uint64_t size_octets;
	struct uidlist_header header;	/* nextuid is above all in it */
};
/* -1 errno ENOENT; EINVAL: it must be rewritten first; other. */
int	uidlist_tail_open(struct uidlist_tail *t, int dir) must_use;
/* All of text or nothing; sync: fdatasync. */
int	uidlist_tail_append(struct uidlist_tail *t, struct span text,
	    bool sync) must_use;
void	uidlist_tail_close(struct uidlist_tail *t);

/* For uidlist_parse(), where only the header matters. */
bool	uidlist_ignore(const struct uidlist_record *r, void *ctx);

/*
 * Replace the file, durably, and sweep.  Under the dotlock.
 * v        n records, UIDs ascending, all below h->nextuid
 */
int	uidlist_rewrite(int dir, const struct uidlist_header *h,
	    const struct uidlist_record *v, size_t n, struct why *why) must_use;
/* What a power cut left long ago of replaced files goes.  Under the dotlock. */
void	uidlist_sweep(int dir);

#endif
