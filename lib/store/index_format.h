/*
 * index_format - the octets of a folder's index (pure); only for lib/store.
 *
 * paquebot-index, the snapshot, is replaced by rename and never changed:
 *
 *	head	1024 octets: mark, sum, struct index_head
 *	uids	4 octets each, ascending
 *	marks	1 octet each: flags, whether the file lies in new/
 *	letters	4 octets each: keywords
 *	rows	64 octets each: all else of a message but its text
 *	texts	of each message: file name, words of its uidlist record
 *	gone	16 octets each: UIDs that were expunged, and when (history.h)
 *
 * paquebot-index.log, what came since: 16 octets (mark, generation), then
 * transactions {length 4, zero 4, sum 8, modseq 8, operations}.  It
 * belongs to the snapshot of that generation, whose number is in all sums.
 *
 * Uids and letters are in the order of octets of the machine, which the mark
 * tells; all else is little-endian.  Nothing here is trusted: what does not fit
 * its sum, or makes no sense, is refused, and the index is made anew.
 */
#ifndef STORE_INDEX_FORMAT_H
#define STORE_INDEX_FORMAT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "store/folder.h"
#include "store/history.h"
#include "store/uidlist.h"

#define INDEX_NAME	"paquebot-index"
#define INDEX_LOG_NAME	INDEX_NAME ".log"
#define INDEX_TMP_NAME	INDEX_NAME ".tmp"

#define INDEX_HEAD	1024
#define INDEX_ROW	64
#define INDEX_LOG_HEAD	16
#define INDEX_MESSAGE	(4 + 1 + 4 + INDEX_ROW)	/* without its text */
#define INDEX_TEXT_MAX	(MAILDIR_NAME_MAX + UIDLIST_LINE_MAX)
#define INDEX_LOG_MAX	((uint64_t)256 * MIB)

#define INDEX_IN_NEW	0x40	/* of marks, beside enum message_flag */

/* What a file or directory looked like when it was read. */
struct stamp {
	uint64_t inode, size_octets;
	int64_t	 mtime_ns;
	int64_t	 ctime_ns;	/* whoever sets mtime back cannot set this */
	bool	 old;	/* had not changed for a while: a change would show */
	int64_t	 ours_s;	/* not old, but changed by us since then alone, as far
				   as we know; 0: no (folder_look.h) */
};

/* What was on disk when the index said the same. */
struct index_state {
	uint64_t modseq;	/* the highest given */
	uint64_t floor;		/* of all messages: none has a lower one */
	uint64_t forgot;	/* what went before it may not be in the history */
	int64_t	 boot_s;	/* when the system had started */
	struct stamp new_at, cur_at;
	uint64_t list_inode, list_octets;
	uint64_t list_settled;	/* octets of it that are on stable storage */
	int64_t	 list_mtime_ns;	/* 0: it had grown meanwhile */
	uint32_t list_last;	/* highest UID in it */
	struct uidlist_header list;
	struct stamp foreign;	/* of Dovecot's log: it may have given MODSEQs */
};

struct index_head {
	uint64_t generation;
	uint64_t messages;
	uint64_t text_octets;
	uint64_t sum;		/* of uids, marks and letters */
	uint64_t gone;		/* records behind the texts ... */
	uint64_t gone_sum;	/* ... and of those */
	struct index_state state;
};

/* Where things are in a snapshot of so many messages. */
uint64_t	index_rows_at(uint64_t messages);
uint64_t	index_texts_at(uint64_t messages);
uint64_t	index_gone_at(const struct index_head *h);

void	index_put_head(uint8_t out[INDEX_HEAD], const struct index_head *h);
/* file_octets: a file of another length is none. */
bool	index_get_head(const uint8_t in[INDEX_HEAD], uint64_t file_octets,
	    struct index_head *out) must_use;

/*
 * The row of m, whose text (name, then ext) stands at text_at of the texts.
 */
void	index_put_row(uint8_t out[INDEX_ROW], const struct message *m,
	    uint64_t text_at, uint64_t generation);
/* The text that the row of m tells of; returns its octets. */
size_t	index_put_text(struct buf *out, const struct message *m);
/* What is needed to read the text; not checked but for its length. */
struct index_text {
	uint64_t at;
	size_t	 name_n, ext_n;
};
void	index_row_text(const uint8_t row[INDEX_ROW], struct index_text *out);
/* Its cache_at alone, whatever the sum says. */
uint64_t index_row_place(const uint8_t row[INDEX_ROW]);
/*
 * text     name_n + ext_n octets
 * out      all but flags, keywords and in_new; name and ext are not set
 * returns  false: not what index_put_row() wrote
 */
bool	index_get_row(const uint8_t row[INDEX_ROW], struct span text,
	    uint64_t generation, struct message *out) must_use;

void	index_put_log_head(uint8_t out[INDEX_LOG_HEAD], uint64_t generation);
/* 0: none. */
uint64_t	index_get_log_head(const uint8_t in[INDEX_LOG_HEAD]);

/* A transaction under construction: begin, any number of puts, end. */
void	index_log_begin(struct buf *out);
void	index_log_put_message(struct buf *out, const struct message *m);
void	index_log_put_gone(struct buf *out, uint32_t uid);
void	index_log_put_state(struct buf *out, const struct index_state *s);
/* begin_at: out->n before index_log_begin() */
void	index_log_end(struct buf *out, size_t begin_at, uint64_t generation,
	    uint64_t modseq);

/*
 * What a log says, in its order; each returns false if it makes no sense, which
 * ends the reading: then what was told is to be thrown away.
 */
struct index_log_reader {
	/* m->name and m->ext are valid during the call only. */
	bool	(*message)(void *ctx, const struct message *m);
	bool	(*gone)(void *ctx, uint32_t uid, uint64_t modseq);
	bool	(*state)(void *ctx, const struct index_state *s);
	void	 *ctx;
};
/*
 * text     from the begin of a transaction to the end of what was read
 * good     octets of whole transactions that were told; what is behind them is
 *	    torn
 * returns  false: a transaction with a good sum made no sense
 */
bool	index_log_each(struct span text, uint64_t generation,
	    const struct index_log_reader *r, size_t *good) must_use;

#endif
