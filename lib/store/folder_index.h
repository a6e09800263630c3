/*
 * folder_index - the index of an open folder: files beside the messages that
 * say what a listing would say; may be deleted at any time.  Only for
 * lib/store/folder*.c.  All may fail silently: then the folder is listed.
 */
#ifndef STORE_FOLDER_INDEX_H
#define STORE_FOLDER_INDEX_H

#include "base/base.h"
#include "base/buf.h"
#include "store/history.h"
#include "store/index_base.h"
#include "store/index_format.h"
#include "store/uids.h"

struct folder;

/* So many things learnt of messages are noted while a session goes on. */
#define INDEX_UNSAVED_MAX	50000

struct folder_index {
	struct index_base base;
	int	 log_fd;	/* -1: not open; locked while an index_lock() holds */
	uint64_t log_at;	/* told up to here */
	struct index_state state;	/* as the index has it */
	bool	 loaded;	/* base, log and state are what the view came from */
	bool	 off;		/* cannot be had or locked: not asked for again */
	bool	 changed;	/* by this session: to be noted at the next look */
	bool	 restamp;	/* all messages get a new modseq */
	unsigned held;		/* index_lock() within each other */
	uint64_t modseq, floor, forgot;
	uint64_t ceiling;	/* of modseq, on stable storage; 0: not read yet */
	uint64_t settled;	/* octets of the uidlist on stable storage */
	struct uids gone;	/* left the view; the index does not say so yet */
	size_t	 unsaved;	/* extras of which it does not know */
};

void	index_init(struct folder *f);
void	index_fini(struct folder *f);
/*
 * The view becomes what the index says, in a folder of which nothing is known
 * yet.  Takes no lock.
 */
void	index_load(struct folder *f);
/* Waits for a moment; false: go on without it.  May be held already. */
bool	index_lock(struct folder *f) must_use;
void	index_unlock(struct folder *f);
/*
 * Under the lock: what others have noted reaches the view.
 * returns  true: there was something
 */
bool	index_catch_up(struct folder *f) must_use;
/* Under the lock: all that the view says is noted. */
void	index_save(struct folder *f);
/* The file of that name in the folder is the one that is open as fd. */
bool	index_is_same(const struct folder *f, const char *name, int fd)
	    must_use;
/* index_write.c: a new snapshot, and an empty log.  Under the lock. */
int	index_write(struct folder *f) must_use;
/* At the end: what was learnt of messages, if nobody is in the way. */
void	folder_flush(struct folder *f);
void	index_foreign(const struct folder *f, struct stamp *out);
bool	index_same_foreign(const struct stamp *a, const struct stamp *b);
void	index_state_of(const struct folder *f, struct index_state *out);

/* folder_history.c: what was expunged, as index and log have it. */
void	index_history(struct folder *f, struct history *h);
uint64_t	history_sum(const struct index_head *h, struct span text);

/* folder_keywords.c */
int	folder_keywords_read(struct folder *f, struct why *why) must_use;
/*
 * Letters for names, in f's table, which grows if need be.
 * names    not f's own: the table may be read anew
 * full     set if one got none; may be NULL
 */
int	folder_letters(struct folder *f, const struct span *names, size_t n,
	    uint32_t *letters, bool *full, struct why *why) must_use;

#define CACHE_NAME	"paquebot-cache"
#define CACHE_CHAIN	3	/* records of a message, at most */

/* Octets of the file. */
struct cache_window {
	uint8_t	*p;
	uint64_t at;
	size_t	 n;
};

/* See folder_cache.c. */
struct folder_cache {
	int	 fd;		/* -1: not open */
	uint64_t number;	/* of the open file; 0: not read yet */
	bool	 off;
	struct buf gathered;	/* records to be written, as they were given */
	struct buf packed;	/* the same, as they are written */
	struct buf plain;	/* usual words, then what a message's records say */
	struct cache_window window[CACHE_CHAIN];	/* by place in the chain */
};

void	cache_init(struct folder_cache *c);	/* folder_cache.c */
void	cache_fini(struct folder_cache *c);

#endif
