/*
 * index_base - the snapshot of a folder's index, open for reading; only for
 * lib/store.  The file is never mapped: its owner may cut it off at any time.
 */
#ifndef STORE_INDEX_BASE_H
#define STORE_INDEX_BASE_H

#include "base/base.h"
#include "store/columns.h"
#include "store/index_format.h"

struct index_base {
	int	 fd;		/* -1: none */
	uint64_t inode;
	struct index_head head;
	uint8_t	*rows;		/* a few, around the last one asked for */
	uint64_t rows_from;
	size_t	 rows_n;
	char	*text;
	uint64_t text_from;
	size_t	 text_n;
};

void	index_base_init(struct index_base *b);
void	index_base_close(struct index_base *b);
/*
 * columns  cleared, then filled; a row is a message's index
 * returns  false: there is none, or it is of no use
 */
bool	index_base_open(struct index_base *b, int dir,
	    struct columns *columns) must_use;
/*
 * All of the message in that row but flags, keywords and in_new.
 * text     INDEX_TEXT_MAX + 2 octets, which out->name and out->ext point into
 * returns  false: the file is damaged or cut off
 */
bool	index_base_read(struct index_base *b, uint32_t row,
	    struct message *out, char *text) must_use;
/*
 * Where the last of what is kept of the message in that row may be; 0: nowhere.
 * Not judged: what is found there has to say that it is the message's.
 */
uint64_t index_base_place(struct index_base *b, uint32_t row);

#endif
