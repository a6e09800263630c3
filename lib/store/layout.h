/*
 * layout - where the directory of a folder is, and how its name is written on
 * disk.  A process has one layout, set at its start; without that it is
 * Maildir++ in modified UTF-7.
 *
 *	Maildir++	folder a.b is the directory ".a.b" of the mail root
 *	fs		it is the directory "b" in the directory "a"
 *
 * Beside them may be set: UTF-8 in place of modified UTF-7; and a character
 * that escapes, behind which two hexadecimal digits stand for what could not be
 * written: the separator of the layout, '/', "~" at the begin of a name, "." and
 * "..", and that character.  All as Dovecot has it (LAYOUT=fs, UTF-8,
 * storage escape character).
 *
 * In the names of folders.h a '.' parts components; one within a component
 * stands there as "&AC4-", and a '/' as "&AC8-", which modified UTF-7 has for
 * nothing else (RFC 3501 5.1.3: printable characters stand for themselves).
 */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "store/folders.h"

#define LAYOUT_PATH_SIZE	1024
#define LAYOUT_PART_MAX		240	/* octets of a component on disk */

/*
 * By the settings mailbox_layout, mailbox_names and mailbox_escape: "maildir++"
 * or "fs", "utf-7" or "utf-8", one character or none.
 */
void	layout_set(const char *layout, const char *names, const char *escape);
bool	layout_is_fs(void);
bool	layout_escapes(void);

/* Between components on disk, and in the file subscriptions. */
char	layout_separator(void);
/*
 * Where name (not INBOX) is below the mail root; the same without the dot of
 * Maildir++, with another separator.
 * returns  0, or -1: too long
 */
int	layout_path(const char *name, char out[LAYOUT_PATH_SIZE]) must_use;
int	layout_spell(const char *name, char separator,
	    char out[LAYOUT_PATH_SIZE]) must_use;
/*
 * The name of what is spelled so on disk.
 * returns  0, or -1: no folder of ours is
 */
int	layout_name(struct span disk, char separator,
	    char out[FOLDER_NAME_SIZE]) must_use;
/*
 * One component, as it is in a name, to text as clients see it: '.' and '/'
 * stand for themselves.  Fits into what part.n needs.
 */
void	layout_plain(struct span part, struct buf *out);
/* One component as it is on disk; first: the name begins with it. */
int	layout_put_part(struct buf *out, struct span part, bool first);
/*
 * fs: no folder can have that component, since other files have such names,
 * in the same case.
 */
bool	layout_is_taken(struct span plain);

/*
 * All folders but INBOX, in a mail root with the layout fs.
 * each     dir: the folder's directory, open during the call; exists: it has
 *	    messages, and is not only above others; not 0 ends the walk
 * returns  what each() did; -1 with errno
 */
int	layout_walk(int root, int (*each)(const char *name, int dir,
	    bool exists, void *ctx), void *ctx) must_use;

/*
 * The place of a folder's directory: the directory in which it is, and its
 * name there.
 * make     what is missing on the way to it is made
 * returns  0, the caller's to close; -1 with errno
 */
struct layout_place {
	int  dir;
	char last[LAYOUT_PATH_SIZE];
};
int	layout_place(int root, const char *name, bool make,
	    struct layout_place *out) must_use;
/* Directories above name in which nothing is any more go (fs). */
void	layout_prune(int root, const char *name);

#endif
