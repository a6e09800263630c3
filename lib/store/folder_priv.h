/*
 * folder_priv - the inside of struct folder; only for lib/store/folder*.c.
 */
#ifndef STORE_FOLDER_PRIV_H
#define STORE_FOLDER_PRIV_H

#include "base/base.h"
#include "base/why.h"
#include "store/folder.h"
#include "store/folders.h"
#include "store/lock.h"
#include "store/scan.h"
#include "store/uidlist_file.h"

/* What a file or directory looked like when it was read. */
struct stamp {
	uint64_t inode, size_octets;
	int64_t	 mtime_ns;
	bool	 old;	/* had not changed for a while: a change would show */
};

struct folder {
	int	root;		/* borrowed */
	int	dir, new_dir, cur_dir, tmp_dir;
	char	name[FOLDER_NAME_SIZE];
	bool	read_only;
	bool	known;		/* there was a sync: the view has been told */
	bool	synced;		/* the stamps hold */
	bool	repair;		/* somebody could not append to the uidlist */
	struct message *v;
	size_t	n, size;
	struct uidlist_file uidlist;
	uint32_t uidvalidity, nextuid;	/* as told */
	struct keywords keywords;
	struct stamp new_at, cur_at, keywords_at;
	struct folder_changes pending;	/* not fetched by folder_sync() yet */
};

/* folder.c */
void	folder_empty(struct folder *f);
struct message *folder_get(struct folder *f, uint32_t uid);
void	message_fini(struct message *m);
void	changes_clear(struct folder_changes *c);

/* folder_sync.c: what is found goes to f->pending. */
int	folder_refresh(struct folder *f, struct why *why) must_use;

/* One look at the disk, on its way into the view. */
struct sync {
	struct folder *f;
	struct scan scan;
	struct uidlist_news news, locked_news;
	struct dotlock lock;
	bool	locked;		/* locked_news has been read */
	bool	settled;	/* the uidlist is on stable storage */
	size_t	missing;	/* of the view, not found */
	size_t	unmatched;	/* records without a file */
};
int	sync_list(struct sync *s, struct why *why) must_use;
void	sync_match(struct sync *s);	/* entries get the UIDs that are known */
/* folder_uids.c: every entry has one, and the uidlist is good. */
int	sync_assign(struct sync *s, struct why *why) must_use;

/* folder_view.c: the view becomes what the scan says; every entry has a UID. */
void	folder_take_scan(struct folder *f, struct scan *s);
void	message_set_name(struct message *m, const char *name);

/* folder_keywords.c */
int	folder_keywords_read(struct folder *f, struct why *why) must_use;
/*
 * Letters for names, in f's table, which grows if need be.
 * full     set if one got none; may be NULL
 */
int	folder_letters(struct folder *f, const struct span *names, size_t n,
	    uint32_t *letters, bool *full, struct why *why) must_use;

#define UID_CEILING	(UINT32_MAX - 65536)	/* then a new UIDVALIDITY */

/* folder_place.c: a message about to get its name and UID in a folder. */
struct arrival {
	int	 from_dir;	/* where it lies now */
	char	 from[MAILDIR_NAME_SIZE];
	char	 name[MAILDIR_NAME_SIZE];	/* in new/ or cur/ of the folder */
	size_t	 base_n;	/* of name */
	bool	 to_new;
	bool	 placed;
	uint32_t uid;		/* given */
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
/* Everything written and synced; the name that it will have, from tmp/. */
int	append_finish(struct folder_append *a, int64_t date_s,
	    struct arrival *out, struct why *why) must_use;

/* folder_copy.c */
int	folder_copy(struct folder *f, const struct folder_change *c,
	    struct folder_result *r, struct why *why) must_use;
int	folder_move(struct folder *f, const struct folder_change *c,
	    struct folder_result *r, struct why *why) must_use;
int	commit_expunge(struct folder *f, const struct folder_change *c,
	    struct folder_result *r, struct why *why) must_use;

#endif
