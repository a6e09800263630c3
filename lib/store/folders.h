/*
 * folders - the folders of a mail root: INBOX is the root itself, the others
 * are directories in it, as layout.h says.
 *
 * A name here is "INBOX", or components joined by '.', in modified UTF-7 (RFC 3501
 * section 5.1.3); a '.' or '/' within a component is written as in layout.h.
 * Refused: empty components; control characters, also in the encoded parts;
 * octets over 126, '%' and '*'; anything but canonical modified UTF-7; cur, new
 * and tmp, alone or (fs) as any component, and there other files' names, too; what
 * the disk could not have without an escape: '/', '.' (fs: only "." and ".."),
 * '~' at the begin; components over 100 and names over 200 octets, more than 32
 * levels.
 * INBOX as first component is taken in any case of letters, and written INBOX.
 */
#ifndef STORE_FOLDERS_H
#define STORE_FOLDERS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define FOLDER_NAME_MAX		200	/* octets */
#define FOLDER_NAME_SIZE	(FOLDER_NAME_MAX + 1)
#define FOLDER_DEPTH_MAX	32
#define FOLDERS_MAX		100000	/* of one mail root */
#define FOLDER_SEPARATOR	'.'

/*
 * The one spelling of a name (pure).
 * returns  0; -1 with why (WHY_PERM 5.1.0): no such name is possible
 */
int	folder_name(struct span in, char out[FOLDER_NAME_SIZE],
	    struct why *why) must_use;
/*
 * What a client writes in modified UTF-7, with its separator, added to out as
 * a name for folder_name(); and back.  `full` tells if it did not fit.
 * returns  0; -1: it says in base64 what stands for itself (RFC 3501 5.1.3)
 */
int	folder_name_from(struct span in, char separator, struct buf *out)
	    must_use;
void	folder_name_to(const char *name, char separator, struct buf *out);
bool	folder_is_inbox(const char *name);
/* below is beneath name in the hierarchy. */
bool	folder_is_below(const char *below, const char *name);

struct folders_entry {
	char *name;
	bool  exists;		/* false: only something below it does */
	bool  children;
	bool  subscribed;
};
struct folders {
	struct folders_entry *v; /* INBOX first, then in order of octets */
	size_t n, size;
};

/*
 * All folders, and all parents that exist only as parts of names.
 * subscribed  entries are added for subscribed names without a folder, too
 */
int	folders_list(int root, bool subscribed, struct folders *out,
	    struct why *why) must_use;
void	folders_fini(struct folders *fs);
/* NULL: not there. */
const struct folders_entry *folders_find(const struct folders *fs,
	    const char *name);

/* All names below must have come from folder_name(). */
bool	folder_exists(int root, const char *name);
/*
 * Each: durable before it returns.
 * returns  0; -1 with why: WHY_PERM: exists already, does not exist, INBOX; WHY_TEMP
 */
int	folders_create(int root, const char *name, struct why *why) must_use;
/* The same, for certain uses: see folder_use_parse(). */
int	folders_create_for(int root, const char *name, unsigned uses,
	    struct why *why) must_use;
/* The folder with its messages; folders below stay (RFC 3501 6.3.4). */
int	folders_delete(int root, const char *name, struct why *why) must_use;
/*
 * With all folders below.  INBOX: its messages move to the new folder, which is
 * made; INBOX stays, empty, and so do folders below it (RFC 3501 6.3.5).
 */
int	folders_rename(int root, const char *from, const char *to,
	    struct why *why) must_use;
/* The name need not exist (RFC 3501 6.3.6, 6.3.9). */
int	folders_subscribe(int root, const char *name, bool on,
	    struct why *why) must_use;

/*
 * What a folder was made for (RFC 6154 2), one bit for each of Archive, Drafts,
 * Junk, Sent, Trash; it stays with the folder when that gets another name.
 */
/* Add the bit of a use, in any case of letters; false: none of these. */
bool	folder_use_parse(struct span name, unsigned *uses) must_use;
/* Of bit i; NULL: there is none. */
const char *folder_use_name(unsigned i);
/* 0: nothing was said, or the folder is not there. */
unsigned folder_uses(int root, const char *name);
/* For a folder that is being made, whose descriptor is dir; durable. */
int	folder_use_write(int dir, unsigned uses) must_use;

#endif
