/*
 * log_read - the pairs of a log line as log.h writes them.  Pure.
 *
 *	while (log_pair(&rest, &key, &value))	-- value: a buf, unquoted
 */
#ifndef BASE_LOG_READ_H
#define BASE_LOG_READ_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/*
 * The next pair of *rest, which is moved behind it; words that are no pair
 * (time, daemon, level) are passed over.
 * value    cleared; what does not fit is left out
 * returns  false: no further pair
 */
bool	log_pair(struct span *rest, struct span *key, struct buf *value);

#endif
