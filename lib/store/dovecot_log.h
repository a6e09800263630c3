/*
 * dovecot_log - the transaction log beside Dovecot's index (pure); only for
 * lib/store/dovecot_*.c and folder_leave.c.
 */
#ifndef STORE_DOVECOT_LOG_H
#define STORE_DOVECOT_LOG_H

#include "store/dovecot_index.h"

/*
 * What the log says behind the place that x has reached.
 * returns  false: it is none, or another one
 */
bool	dovecot_log_apply(struct dovecot_index *x, struct span log) must_use;
/*
 * The head of an empty log, of an index that is still to be made.
 * id      of the index: anything but 0; Dovecot takes the time, in seconds
 * modseq  the log knows what happened after this number, and nothing before
 */
#define DOVECOT_LOG_HEAD	40
void	dovecot_log_begin(uint8_t out[DOVECOT_LOG_HEAD], uint32_t id,
	    uint64_t modseq);

/* dovecot_index.c; 0 where the text ends before. */
uint32_t dovecot_u32(struct span s, size_t at);
uint16_t dovecot_u16(struct span s, size_t at);
/* NULL: its UID does not ascend, or there are too many. */
struct dovecot_message *dovecot_push(struct dovecot_index *x, uint32_t uid,
	    uint8_t flags);
void	dovecot_set_keyword(struct dovecot_message *m, unsigned i, bool on);

#endif
