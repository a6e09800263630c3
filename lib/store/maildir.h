/*
 * maildir - names of messages and the directories that hold them.
 *
 * A message is new/BASE or cur/BASE:2,FLAGS.  BASE is unique for ever and may
 * end in ",S=<octets on disk>" and ",W=<octets with CRLF>" (Maildir++).  Flags are
 * the letters D F P R S T, and a to z for keywords (lib/store/keywords); letters
 * that we do not know are kept.
 */
#ifndef STORE_MAILDIR_H
#define STORE_MAILDIR_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define MAILDIR_NAME_MAX	255	/* octets of a file name */
#define MAILDIR_NAME_SIZE	(MAILDIR_NAME_MAX + 1)

enum message_flag {
	MESSAGE_SEEN = 1,	/* S */
	MESSAGE_ANSWERED = 2,	/* R */
	MESSAGE_FLAGGED = 4,	/* F */
	MESSAGE_DELETED = 8,	/* T */
	MESSAGE_DRAFT = 16,	/* D */
	MESSAGE_RECENT = 32	/* never in a name */
};
#define MESSAGE_FLAGS_STORED	31

struct maildir_name {
	struct span base;	/* up to ":2," or all */
	bool	 has_size, has_wire;
	uint64_t size_octets;	/* S= */
	uint64_t wire_octets;	/* W= */
	uint8_t	 flags;		/* enum message_flag */
	uint32_t keywords;	/* bit 0: letter a */
	struct span others;	/* the whole of the letters, for those unknown */
};

/*
 * Take a file name apart (pure).  Any name is one; borrowed.
 * returns  false: not a message: empty, begins with '.', has a '/', a NUL, a LF or
 *          more than MAILDIR_NAME_MAX octets
 */
bool	maildir_name_parse(struct span name, struct maildir_name *out) must_use;
/*
 * The name in cur/ for base with these flags (pure); letters of keep that stand for
 * neither flags nor keywords are taken over.
 * returns  0, or -1: longer than a file name may be
 */
int	maildir_name_make(char out[MAILDIR_NAME_SIZE], struct span base,
	    uint8_t flags, uint32_t keywords, struct span keep) must_use;
/* The letters alone, in ASCII order. */
void	maildir_letters(struct buf *out, uint8_t flags, uint32_t keywords,
	    struct span keep);

/*
 * A base that nobody else has: time, microseconds, pid, counter, host; without S
 * and W.
 */
void	maildir_unique(char out[MAILDIR_NAME_SIZE]);
/* Learn this host's name; else the first maildir_unique() does. */
void	maildir_learn_host(void);

/*
 * cur, new and tmp beneath dir, as far as they are missing; durable.
 */
int	maildir_make(int dir, struct why *why) must_use;

/* Remove files in tmp/ that nobody has touched for 36 hours. */
void	maildir_sweep_tmp(int tmp_dir);

#endif
