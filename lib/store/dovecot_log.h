/*
 * dovecot_log - the transaction log beside Dovecot's index (pure); only for
 * lib/store/dovecot_*.c.
 */
#ifndef STORE_DOVECOT_LOG_H
#define STORE_DOVECOT_LOG_H

#include "store/dovecot_index.h"

/*
 * What the log says behind the place that x has reached.
 * returns  false: it is none, or another one
 */
bool	dovecot_log_apply(struct dovecot_index *x, struct span log) must_use;

/* dovecot_index.c; 0 where the text ends before. */
uint32_t dovecot_u32(struct span s, size_t at);
uint16_t dovecot_u16(struct span s, size_t at);
/* NULL: its UID does not ascend, or there are too many. */
struct dovecot_message *dovecot_push(struct dovecot_index *x, uint32_t uid,
	    uint8_t flags);
void	dovecot_set_keyword(struct dovecot_message *m, unsigned i, bool on);

#endif
