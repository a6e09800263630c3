/*
 * columns - the messages of a view: what every session needs of each, in arrays
 * in UID order, 5 octets a message; and messages of which more is known than
 * the index's snapshot says.  Only for lib/store.
 */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H

#include "base/base.h"
#include "store/folder.h"
#include "store/uids.h"

#define BIT_IN_NEW	0x40	/* beside enum message_flag */
#define BIT_EXTRA	0x80	/* struct extras has it */
#define ROW_NONE	UINT32_MAX

struct columns {
	size_t	  n, size;
	uint32_t *uid;
	uint8_t	 *bits;
	uint32_t *letters;	/* keywords; NULL: no message has any */
	uint32_t *row;		/* in the snapshot; NULL: row i is message i, ... */
	size_t	  rows_n;	/* ... for the first so many; others have none */
};

void	columns_init(struct columns *c);
void	columns_fini(struct columns *c);	/* as after columns_init */
void	columns_reserve(struct columns *c, size_t n);
/* Index of the first message with a UID >= uid, or c->n. */
size_t	columns_at(const struct columns *c, uint32_t uid);
bool	columns_has(const struct columns *c, uint32_t uid);
/* At the end; uid is above all others. */
void	columns_push(struct columns *c, uint32_t uid, uint8_t bits,
	    uint32_t letters, uint32_t row);
/* uids ascends; those that are not there are skipped. */
void	columns_remove(struct columns *c, const struct uids *uids);
uint32_t columns_letters(const struct columns *c, size_t i);
void	columns_set_letters(struct columns *c, size_t i, uint32_t letters);
uint32_t columns_row(const struct columns *c, size_t i);

struct extra {
	struct message m;	/* owns name and ext */
	bool	 unsaved;	/* the index does not say so yet */
};
/* By UID: open addressing. */
struct extras {
	struct extra **v;
	size_t	 n, size;	/* size: a power of two, or 0 */
};

void	extras_fini(struct extras *x);		/* empty again */
void	extras_reserve(struct extras *x, size_t n);	/* room for n in all */
struct extra *extras_get(const struct extras *x, uint32_t uid);
/* The one of that UID, made if there is none; the caller fills it. */
struct extra *extras_put(struct extras *x, uint32_t uid);
void	extras_remove(struct extras *x, uint32_t uid);

#endif
