/*
 * folder - the only way to read and change a folder.
 *
 *	f = folder_open(root, "INBOX", false, &why);
 *	folder_sync(f, &changes, &why);		the view becomes what is there
 *	folder_message(f, i), folder_find(f, uid), folder_open_message(f, uid)
 *	folder_commit(f, changes, n, &result, &why);	folder_change.h
 *
 * The view is the messages in UID order.  It changes only in folder_sync() and
 * in folder_commit(), and in functions that look for a file that was renamed.
 * A pointer to a message is valid until then, and through a few more questions
 * for others (FOLDER_SHOWN); it is a copy, made when it was asked for.  Every
 * UID, UIDNEXT and UIDVALIDITY that the view shows is on stable storage.  Other
 * sessions, deliveries and foreign programs may work on the folder at the same
 * time.  No lock is held when a function returns.
 *
 * \Recent (RFC 3501 2.3.2): files arrive in new/.  The first read-write session
 * whose folder_sync() finds one there moves it to cur/ and alone has the
 * message as \Recent, until it closes the folder.  A read-only session moves
 * nothing and shows as \Recent what lies in new/.
 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"
#include "store/folder_change.h"
#include "store/keywords.h"
#include "store/maildir.h"
#include "store/uids.h"

#define FOLDER_MESSAGES_MAX	4000000
#define FOLDER_SHOWN		4

struct folder;

struct message {
	uint32_t uid;
	uint32_t keywords;	/* bit i: folder_keyword(f, i) */
	uint8_t	 flags;		/* enum message_flag, with MESSAGE_RECENT */
	uint8_t	 known;		/* enum message_need: which fields below hold */
	bool	 in_new;	/* the file lies in new/, not in cur/ */
	/* From here on only from folder_need(). */
	uint64_t size_octets;	/* on disk (LF) */
	uint64_t wire_octets;	/* with CRLF: RFC822.SIZE, POP3's octets */
	int64_t	 date_s;	/* INTERNALDATE, seconds since 1970 (mtime) */
	uint64_t modseq;	/* of its last change; 0: not given yet */
	uint64_t cache_at;	/* in the folder's cache; 0: not there */
	char	*name;		/* of the file */
	char	*ext;		/* words of its uidlist record, or NULL:
				   uidlist_ext(span_str(ext), 'P') */
};

/*
 * root       the mail root's descriptor; borrowed, stays open longer than the folder
 * name       from folder_name()
 * read_only  EXAMINE: flags and files stay as they are (UIDs are still given)
 * returns    NULL with why: WHY_PERM: there is no such folder; WHY_TEMP
 */
struct folder *folder_open(int root, const char *name, bool read_only,
	    struct why *why) must_use;
void	folder_close(struct folder **f);
const char *folder_name_of(const struct folder *f);
bool	folder_read_only(const struct folder *f);

/* What a sync found, all in ascending order of UIDs. */
struct folder_changes {
	struct uids added;	/* not in the view before */
	struct uids expunged;	/* no longer in it */
	struct uids flagged;	/* flags or keywords are others now */
	bool	    keywords;	/* the table of names changed */
	bool	    reset;	/* another UIDVALIDITY, or the folder is gone: the view
				   is empty now and the session should end */
};
void	folder_changes_init(struct folder_changes *c);
void	folder_changes_fini(struct folder_changes *c);

/*
 * Bring the view up to date.
 * changes  cleared, then filled; may be NULL.  What this session did by
 *          folder_commit() to messages in its view is not told again; what it
 *          appended or copied here is (as added).
 * returns  0; -1 with why: the view is as before
 */
int	folder_sync(struct folder *f, struct folder_changes *changes,
	    struct why *why) must_use;

/*
 * In so many milliseconds a sync may find what no watch tells of; -1: no need.
 */
int64_t	folder_due_ms(const struct folder *f);

size_t	folder_count(const struct folder *f);
/* i: 0 .. folder_count() - 1 */
const struct message *folder_message(const struct folder *f, size_t i);
/* NULL: not in the view. */
const struct message *folder_find(const struct folder *f, uint32_t uid);

uint32_t    folder_uidvalidity(const struct folder *f);	/* 0 before a sync */
uint32_t    folder_uidnext(const struct folder *f);
const char *folder_guid(const struct folder *f);	/* 32 hex digits */
/* The name of keyword letter i, 0 .. KEYWORDS_MAX - 1, or NULL. */
const char *folder_keyword(const struct folder *f, unsigned i);
/* A message here can get a keyword that has no letter yet. */
bool	folder_keyword_room(const struct folder *f);
/* -1: no message here can have it. */
int	    folder_keyword_index(const struct folder *f, struct span name);

/*
 * All of a message.  need: fields that must be known: NEED_SIZE and NEED_DATE
 * cost a stat if neither name nor index has them, NEED_WIRE reads the file
 * once.
 * returns  the message; NULL with why: gone, or unreadable
 */
enum message_need { NEED_SIZE = 1, NEED_WIRE = 2, NEED_DATE = 4 };
const struct message *folder_need(struct folder *f, uint32_t uid,
	    unsigned need, struct why *why) must_use;
/*
 * The message as it is on disk, opened for reading; the caller's to close.  On
 * the wire every LF without a CR before it becomes CRLF, all else goes as it
 * is; wire_octets counts that.  Follows a rename by others with one scan.
 * returns  -1 with why: WHY_PERM: it is gone (the next sync says so)
 */
int	folder_open_message(struct folder *f, uint32_t uid, struct why *why)
	    must_use;

/*
 * What tells the message from all others, and its copies have too: G of its
 * record, or the file name up to ":2," (as Dovecot has it), or a sum of that
 * where it could not stand in a record.  m: from folder_need().
 */
void	message_guid(const struct message *m, char out[MAILDIR_NAME_SIZE]);
/* When it came into this folder, by its name; else date_s (NEED_DATE). */
int64_t	message_saved_s(const struct message *m);

/* Descriptors of new/ and cur/, for lib/store/watch. */
void	folder_dirs(const struct folder *f, int out[2]);

#endif
