/*
 * write - one line to where the setting `log` says.
 */
#ifndef LOGD_WRITE_H
#define LOGD_WRITE_H

#include "base/base.h"
#include "base/log.h"
#include "ipc/roles.h"

/* Look where lines go now: at the start and after a reload. */
void	write_open(void);
/* Lines are kept until write_flush(), or as many as there is room for. */
void	write_flush(void);
/*
 * pid   0: not known
 * line  foreign octets become \xNN here, whatever the sender did
 */
void	write_line(enum role role, int32_t pid, enum log_level level,
	    struct span line);
/* The text of a line, without its end.  Pure but for the time given. */
void	write_format(struct buf *out, uint64_t now_us, enum role role,
	    int32_t pid, enum log_level level, struct span line);

#endif
