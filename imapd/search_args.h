/*
 * search_args - the typed arguments of SEARCH, SORT and THREAD; see parse.h.
 */
#ifndef IMAPD_SEARCH_ARGS_H
#define IMAPD_SEARCH_ARGS_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cur.h"
#include "base/span.h"
#include "imapd/seqset.h"

enum search_kind { SEARCH_AND, SEARCH_OR, SEARCH_NOT, SEARCH_ALL,
	SEARCH_SEQ, SEARCH_UID, SEARCH_FLAG, SEARCH_KEYWORD, SEARCH_NEW,
	SEARCH_OLD, SEARCH_BEFORE, SEARCH_ON, SEARCH_SINCE, SEARCH_OLDER,
	SEARCH_YOUNGER, SEARCH_LARGER, SEARCH_SMALLER, SEARCH_SENTBEFORE,
	SEARCH_SENTON, SEARCH_SENTSINCE, SEARCH_ADDRESS, SEARCH_HEADER,
	SEARCH_SUBJECT, SEARCH_BODY, SEARCH_TEXT, SEARCH_MODSEQ,
	SEARCH_EMAILID, SEARCH_NONE, SEARCH_SAVEDBEFORE, SEARCH_SAVEDON,
	SEARCH_SAVEDSINCE };
struct search_key {
	enum search_kind kind;
	struct search_key *child;	/* of AND, OR, NOT: the first */
	struct search_key *next;	/* beside it in its parent */
	struct seqset set;
	uint8_t	    flag;	/* enum message_flag */
	bool	    unset;	/* FLAG, KEYWORD: the message has it not */
	struct span field;	/* HEADER, ADDRESS: name; KEYWORD */
	struct span text;	/* UTF-8 as written; folded by the search */
	int64_t	    day;	/* days since 1970 */
	uint32_t    octets;
	uint32_t    seconds;	/* OLDER, YOUNGER */
	uint64_t    modseq;
};

/* RFC 4731 3.1, RFC 5182 2.1, RFC 9394 3.1 */
enum search_return { RETURN_MIN = 1, RETURN_MAX = 2, RETURN_ALL = 4,
	RETURN_COUNT = 8, RETURN_SAVE = 16, RETURN_PARTIAL = 32 };
struct partial {		/* places in a list, from 1 */
	uint32_t first, last;	/* as written */
	bool	 back;		/* counted from the end of the list */
};
enum sort_kind { SORT_ARRIVAL, SORT_CC, SORT_DATE, SORT_DISPLAYFROM,
	SORT_DISPLAYTO, SORT_FROM, SORT_SIZE, SORT_SUBJECT, SORT_TO };
struct sort_criterion {
	enum sort_kind kind;
	bool	 reverse;
};
enum thread_kind { THREAD_REFERENCES, THREAD_REFS, THREAD_ORDEREDSUBJECT };

struct search_args {
	struct search_key *key;
	bool	 charset_given;	/* by SEARCH CHARSET */
	bool	 charset_known;
	bool	 extended;	/* RETURN: the answer is ESEARCH */
	unsigned returns;	/* enum search_return */
	struct partial partial;
	struct sort_criterion *sort;	/* SORT */
	size_t	 sort_n;
	enum thread_kind thread;	/* THREAD */
};

/* search-key *(SP search-key), to the end of the text. */
bool	parse_search_keys(struct cur *c, struct arena *mem,
	    struct search_key **out) must_use;
/* partial-range of RFC 9394 section 4. */
bool	parse_partial(struct cur *c, struct partial *out) must_use;

#endif
