/*
 * sort - messages in the order of criteria (RFC 5256 section 3, SORT; RFC 5957
 * section 3).
 */
#ifndef IMAPD_SORT_H
#define IMAPD_SORT_H

#include "base/base.h"
#include "imapd/parse.h"
#include "imapd/search.h"

/*
 * found    sequence numbers, ascending; on return in the order of the criteria
 * returns  false: the keys would take more than IMAP_SORT_MEM
 */
bool	sort_messages(struct search *search, const struct sort_criterion *by,
	    size_t by_n, struct uids *found) must_use;

/*
 * The sent date: of Date, else INTERNALDATE (RFC 5256 section 2.2).
 * header  p == NULL: the message cannot be read
 */
int64_t	sort_sent_date(struct search *search, uint32_t uid,
	    struct span header);
/*
 * The base subject, folded, into out; true: a reply or forward.
 * text    for what is between
 */
bool	sort_subject(struct search *search, struct span header,
	    struct buf *text, struct buf *out);

#endif
