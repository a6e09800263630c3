/*
 * folder_priv - the inside of struct folder; only for lib/store/folder*.c.
 */
#ifndef STORE_FOLDER_PRIV_H
#define STORE_FOLDER_PRIV_H

#include "base/arena.h"
#include "base/base.h"
#include "base/why.h"
#include "store/columns.h"
#include "store/folder.h"
#include "store/folder_index.h"
#include "store/folders.h"
#include "store/lock.h"
#include "store/scan.h"
#include "store/uidlist_file.h"

/* What was shown of a message: copies, used in turn. */
struct shown {
	struct message brief[16], whole[FOLDER_SHOWN];
	char	 text[FOLDER_SHOWN][INDEX_TEXT_MAX + 2];
	unsigned brief_at, whole_at;
};

struct folder {
	int	root;		/* borrowed */
	int	dir, new_dir, cur_dir, tmp_dir;
	char	name[FOLDER_NAME_SIZE];
	bool	read_only;
	bool	known;		/* there was a sync: the view has been told */
	bool	synced;		/* the stamps hold */
	bool	repair;		/* somebody could not append to the uidlist */
	bool	lost;		/* the snapshot cannot be read any more */
	bool	silent;		/* nobody wants to be told of changes */
	struct columns cols;
	struct extras extras;
	struct folder_index index;
	struct folder_cache cache;
	struct shown *shown;
	struct uidlist_file uidlist;
	uint32_t uidvalidity, nextuid;	/* as told */
	uint32_t top;		/* highest UID told: those below do not come back */
	struct keywords keywords;
	struct stamp new_at, cur_at, keywords_at;
	struct folder_changes pending;	/* not fetched by folder_sync() yet */
};

/* folder.c */
void	folder_empty(struct folder *f);
void	changes_clear(struct folder_changes *c);

/* folder_message.c */
/* All that is known of message i; NULL: f->lost, a refresh is needed. */
const struct message *folder_whole(struct folder *f, size_t i);
/* A copy that the caller owns, to be changed and given back. */
int	folder_take(struct folder *f, size_t i, struct message *out) must_use;
/*
 * m becomes message i, and f's.  It gets a new modseq if one of those things is
 * other than before that others are to be told.
 */
void	folder_put(struct folder *f, size_t i, struct message *m);
/* As the last message; the index does not know it yet. */
void	folder_put_last(struct folder *f, struct columns *v,
	    struct message *m, uint32_t row);
void	message_fini(struct message *m);
/* They leave the view; uids ascends. */
void	folder_drop(struct folder *f, const struct uids *uids);
/* A file's name, and what it says, into m. */
void	message_set_name(struct message *m, const char *name);

/* folder_sync.c: what is found goes to f->pending. */
int	folder_refresh(struct folder *f, struct why *why) must_use;

/* One look at the disk, on its way into the view. */
struct sync {
	struct folder *f;
	bool	partial;	/* only new/ has been listed: folder_arrivals.c */
	struct scan scan;
	struct uidlist_news news, locked_news;
	struct dotlock lock;
	bool	locked;		/* locked_news has been read */
	bool	settled;	/* the uidlist is on stable storage */
	size_t	missing;	/* of the view, not found */
	size_t	unmatched;	/* records without a file */
	struct arena *exts;	/* words of records, from the view */
};
int	sync_list(struct sync *s, struct why *why) must_use;
/* Entries get the UIDs that are known. */
int	sync_match(struct sync *s, struct why *why) must_use;
size_t	sync_messages(const struct sync *s);	/* that there will be */
/*
 * folder_arrivals.c, for partial ones: entries get the UIDs that are known.
 * false: new/ alone does not tell
 */
bool	arrivals_match(struct sync *s) must_use;
/* The view gets those that are new; every entry has a UID. */
void	arrivals_take(struct sync *s);
/* folder_uids.c: every entry has one, and the uidlist is good. */
int	sync_assign(struct sync *s, struct why *why) must_use;
void	folder_make_guid(char out[33]);

/* folder_view.c: an entry that was not in it, as the last of v. */
void	folder_add_entry(struct folder *f, struct columns *v,
	    const struct scan *s, const struct scan_entry *e);
/* The caller's to free, in order of UIDs. */
struct scan_entry **scan_by_uid(struct scan *s) must_use;
/* The view becomes what the scan says; every entry has a UID. */
void	folder_take_scan(struct folder *f, struct scan *s);

#define UID_CEILING	(UINT32_MAX - 65536)	/* then a new UIDVALIDITY */

/* folder_place.c: a message about to get its name and UID in a folder. */
struct arrival {
	int	 from_dir;	/* where it lies now */
	char	 from[MAILDIR_NAME_SIZE];
	char	 name[MAILDIR_NAME_SIZE];	/* in new/ or cur/ of the folder */
	size_t	 base_n;	/* of name */
	bool	 to_new;
	bool	 placed, missing;	/* missing: no such name there */
	uint32_t uid;		/* given */
	char	 ext[MAILDIR_NAME_SIZE + 1];	/* words of its record */
};
enum place_how {
	PLACE_ALL,	/* or none */
	PLACE_EACH,	/* stops at the first that cannot be */
	PLACE_DELIVER	/* the UID only if the lock is free */
};
/* Durable on return, with the UIDs; 0 in uidvalidity: none given. */
int	folder_place(struct folder *to, struct arrival *v, size_t n,
	    enum place_how how, uint32_t *uidvalidity, struct why *why)
	    must_use;

/* folder_append.c */
struct folder_append {
	struct folder *f;
	int	 fd;
	char	 tmp[MAILDIR_NAME_SIZE];
	uint64_t size_octets, wire_octets, max_octets;
	unsigned crs;		/* CRs seen and not written yet */
	bool	 cr_last;	/* the last octet written is a CR */
	bool	 failed;
	size_t	 kept_n;	/* octets not written yet */
	char	 kept[16 * KIB];
};
/* Everything written, the name that it will have, from tmp/; then synced. */
int	append_finish(struct folder_append *a, int64_t date_s,
	    struct arrival *out, struct why *why) must_use;
int	append_sync(struct folder_append *a, struct why *why) must_use;

#endif
