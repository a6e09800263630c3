/*
 * search - search keys against the messages of the selected folder (RFC 3501
 * section 6.4.4).
 */
#ifndef IMAPD_SEARCH_H
#define IMAPD_SEARCH_H

#include "base/base.h"
#include "imapd/parse.h"
#include "imapd/search_text.h"
#include "imapd/session.h"

struct search {
	struct buf fields;		/* kept of a header */
	uint32_t fields_uid;		/* of which message; 0: of none */
	uint32_t kept_uid;		/* the last whose fields were kept */
	struct session *s;
	int64_t now_s;
	struct search_text text;
};

/*
 * Make the keys ready: sets are resolved, texts folded (in s->mem), cheap keys
 * come first.
 * returns  false: no memory is left for it
 */
bool	search_begin(struct search *search, struct session *s,
	    struct search_key *key) must_use;
/* A key asks for modification numbers: so does the answer (RFC 7162 3.1.6). */
bool	search_has_modseq(const struct search_key *key);
/* A key is about \Recent, which IMAP4rev2 does not know (RFC 9051 6.4.4). */
bool	search_has_recent(const struct search_key *key);
void	search_end(struct search *search);
/*
 * The messages that match, as ascending sequence numbers.
 * how  RETURN_MIN, RETURN_MAX: only the first, the last
 */
void	search_run(struct search *search, const struct search_key *key,
	    unsigned how, struct uids *found);
/*
 * The fields of a message by which lists are made (cached.h), or more of its
 * header.  Valid until the next call.
 * returns  false: the message cannot be read
 */
bool	search_fields(struct search *search, uint32_t uid,
	    struct span *header) must_use;

#endif
