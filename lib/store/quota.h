/*
 * quota - octets and messages of a mail root: the file maildirsize of
 * Maildir++.  Where the file does not exist there is no quota; only
 * quota_limit() makes one.  First line: limits, "<n>S,<n>C" (octets, messages);
 * further lines: "<octets> <messages>", to be added up.  Appends are single
 * writes; the file is counted afresh when it is over 5,120 octets, makes no
 * sense, or says that the mailbox is full and is older than 15 minutes.
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include "base/base.h"
#include "base/span.h"
#include "base/why.h"

#define QUOTA_NAME	"maildirsize"

struct quota {
	bool	 active;	/* there is a file */
	uint64_t octets_max, messages_max;	/* 0: no limit */
	int64_t	 octets, messages;
	unsigned lines;		/* of sums */
};

/* The text of a maildirsize (pure); false: makes no sense. */
bool	quota_parse(struct span text, struct quota *out) must_use;
/* root: the mail root.  No file: 0 and !active. */
int	quota_read(int root, struct quota *q, struct why *why) must_use;
/*
 * Is there room for so much more?
 * returns  0; -1 with why: WHY_PERM 5.2.2 it is full; WHY_TEMP 4.2.0 unknown
 */
int	quota_room(int root, uint64_t octets, uint64_t messages,
	    struct why *why) must_use;
/*
 * From now on these are the limits of the mailbox.  Counts everything if the
 * file is missing or says others.
 * always   false: only where there is no file
 * octets, messages  0: no limit; both: the file stays as it is
 * returns  0; -1 with why
 */
int	quota_limit(int root, bool always, uint64_t octets, uint64_t messages,
	    struct why *why) must_use;
/* How much of it is used: per cent of the limit that is nearest. */
unsigned quota_used(const struct quota *q);
/* All that is in new/ and cur/ of this directory of the root counts no more. */
void	quota_forget(int root, const char *dir);
/* Note a change.  A failure leaves a sum that the next count puts right. */
void	quota_add(int root, int64_t octets, int64_t messages);

#endif
