/*
 * thread_read - messages into threads, and the THREAD answer (RFC 5256
 * section 4).
 */
#ifndef IMAPD_THREAD_READ_H
#define IMAPD_THREAD_READ_H

#include "imapd/parse.h"
#include "imapd/search.h"

/* found: sequence numbers, ascending */
void	thread_messages(struct search *search, enum thread_kind kind,
	    const struct uids *found);

#endif
