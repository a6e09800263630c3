/*
 * dovecot_index - what Dovecot's own index says of a folder (pure): flags and
 * keywords of messages, of which some stand nowhere else.  Read for the
 * operator alone, when a mailbox is taken over.
 */
#ifndef STORE_DOVECOT_INDEX_H
#define STORE_DOVECOT_INDEX_H

#include "base/base.h"
#include "base/span.h"

#define DOVECOT_INDEX_NAME	"dovecot.index"
#define DOVECOT_LOG_NAME	"dovecot.index.log"
#define DOVECOT_OLD_LOG_NAME	"dovecot.index.log.2"
#define DOVECOT_CACHE_NAME	"dovecot.index.cache"
#define DOVECOT_INDEX_MAX	(256 * MIB)	/* octets of each of the files */
#define DOVECOT_KEYWORDS_MAX	128		/* further ones are passed over */

/* Bits of a message's flags; those of messages in files are 1 to 16. */
#define DOVECOT_ANSWERED	0x01
#define DOVECOT_FLAGGED		0x02
#define DOVECOT_DELETED		0x04
#define DOVECOT_SEEN		0x08
#define DOVECOT_DRAFT		0x10
#define DOVECOT_DIRTY		0x80	/* could not be written to the message */

struct dovecot_message {
	uint32_t uid;
	uint8_t	 flags;
	uint64_t keywords[DOVECOT_KEYWORDS_MAX / 64];
};
struct dovecot_index {
	char   *keyword[DOVECOT_KEYWORDS_MAX];	/* NULL: none with that number */
	struct dovecot_message *v;	/* UIDs ascend */
	size_t	n, size;
	uint32_t uidvalidity;		/* 0: not said */
	uint32_t nextuid;
	/* Where the log goes on behind the snapshot. */
	uint32_t log_seq, log_at;
	size_t	left;		/* of work: the rest of a hostile log is not read */
};

/*
 * index     the text of dovecot.index, empty if there is none
 * log, old  of dovecot.index.log and the one before it; may be empty
 * returns   0, what is damaged or of another byte order left out; -1: nothing
 *	     of it could be used
 */
int	dovecot_index_read(struct dovecot_index *x, struct span index,
	    struct span log, struct span old) must_use;
void	dovecot_index_fini(struct dovecot_index *x);
bool	dovecot_has_keyword(const struct dovecot_message *m, unsigned i);

#endif
