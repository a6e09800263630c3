/*
 * parse - the typed arguments of each command, and the parsers that fill
 * them: parse.c (the short ones), parse_flags.c, parse_fetch.c,
 * parse_search.c, parse_find.c, parse_store.c, parse_append.c, parse_list.c.
 * Pure.
 *
 * Every parser is called with the cursor behind the command's name and must
 * take all that follows.  What it makes lies in the arena; strings are
 * borrowed from the text of the command.
 */
#ifndef IMAPD_PARSE_H
#define IMAPD_PARSE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cur.h"
#include "base/span.h"
#include "imapd/search_args.h"
#include "imapd/select_args.h"
#include "imapd/seqset.h"

struct flags {			/* flag-list */
	uint8_t	     system;	/* enum message_flag, without RECENT */
	struct span *keywords;
	size_t	     keywords_n;
};

/* What is asked of one body section: RFC 3501 section 9, section-spec. */
enum section_text { SECTION_ALL, SECTION_HEADER, SECTION_FIELDS,
	SECTION_FIELDS_NOT, SECTION_TEXT, SECTION_MIME };
struct section {
	enum section_text text;
	uint32_t    *part;	/* numbers, each >= 1 */
	size_t	     part_n;
	struct span *fields;	/* names for FIELDS and FIELDS_NOT */
	size_t	     fields_n;
};

enum fetch_kind { FETCH_FLAGS, FETCH_UID, FETCH_DATE, FETCH_SIZE,
	FETCH_ENVELOPE, FETCH_BODY, FETCH_STRUCTURE, FETCH_SECTION,
	FETCH_MODSEQ, FETCH_EMAILID, FETCH_THREADID, FETCH_SAVEDATE,
	FETCH_BINARY, FETCH_BINARY_SIZE, FETCH_PREVIEW };
struct fetch_item {
	enum fetch_kind kind;
	struct span    label;	/* as it goes into the answer: "BODY[1]<0>" */
	struct section section;
	bool	       old;	/* RFC822, .HEADER or .TEXT: not in IMAP4rev2 */
	bool	       peek;	/* \Seen is not set */
	bool	       lazy;	/* PREVIEW: only if it costs little */
	bool	       partial;
	uint32_t       from, octets;	/* partial */
};

enum status_item { STATUS_MESSAGES = 1, STATUS_RECENT = 2,
	STATUS_UIDNEXT = 4, STATUS_UIDVALIDITY = 8, STATUS_UNSEEN = 16,
	STATUS_DELETED = 32, STATUS_SIZE = 64, STATUS_MAILBOXID = 128,
	STATUS_APPENDLIMIT = 256, STATUS_DELETED_STORAGE = 512,
	STATUS_HIGHESTMODSEQ = 1024 };

struct append_args {
	struct seqset replaced;	/* REPLACE: one message; else n == 0 */
	struct span mailbox;
	struct flags flags;
	bool	literal8;	/* "~" stands before the message (RFC 3516) */
	bool	utf8;		/* "UTF8 (" too: ")" follows it (RFC 6855 4) */
	bool	has_date;
	int64_t date_s;
};

/* RFC 5258 3; SPECIAL-USE: RFC 6154 2 */
enum list_option { LIST_SUBSCRIBED = 1, LIST_RECURSIVE = 2,
	LIST_SPECIAL_USE = 4 };
struct list_args {
	struct span reference, pattern;	/* pattern: of LSUB, or the first */
	struct span *patterns;
	size_t	 patterns_n;
	bool	 extended;
	unsigned select, returns;	/* enum list_option */
	unsigned status;	/* enum status_item: to be told too (RFC 5819) */
};

enum store_how { STORE_SET, STORE_ADD, STORE_REMOVE };

/* One of these, by command. */
union args {
	struct { struct span mailbox; } one;
	struct { struct span mailbox; unsigned uses; bool other; } create;
	struct { struct span from, to; } two;
	struct { struct span *v; size_t n; } words;
	struct list_args list;
	struct { struct span mailbox; unsigned items; } status;
	struct append_args append;
	struct select_args select;
	struct { struct seqset set; } set;
	struct { struct seqset set; struct span mailbox; } copy;
	struct {
		struct seqset set;
		enum store_how how;
		bool silent;
		bool conditional;
		uint64_t unchanged_since;
		struct flags flags;
	} store;
	struct {
		struct seqset set;
		struct fetch_item *v;
		size_t n;
		bool has_since, vanished, has_partial;
		uint64_t changed_since;
		struct partial partial;		/* RFC 9394 3.3 */
	} fetch;
	struct search_args search;
};

typedef bool parser(struct cur *c, struct arena *mem, union args *a);

parser	parse_nothing, parse_id, parse_atoms, parse_mailbox, parse_create,
	parse_rename,
	parse_list, parse_lsub, parse_status, parse_append, parse_replace,
	parse_set,
	parse_copy, parse_store, parse_fetch, parse_search, parse_sort, parse_thread,
	parse_select;

/*
 * What the literal at the end of an unfinished APPEND or REPLACE is: its message
 * (all other arguments are there), or something else.
 * text  from behind the tag and its space up to the '{'
 */
bool	parse_append_at_message(struct span text, struct arena *mem);
/*
 * What stands before a further message of an APPEND (RFC 3502 section 6.3.11).
 * text  from the space on, up to the '{'
 */
bool	parse_append_more(struct span text, struct arena *mem,
	    struct append_args *out) must_use;

/* Shared by the parsers. */
bool	parse_flag_list(struct cur *c, struct arena *mem, struct flags *out)
	    must_use;
bool	parse_flags_bare(struct cur *c, struct arena *mem, struct flags *out)
	    must_use;
bool	parse_section(struct cur *c, struct arena *mem, struct section *out)
	    must_use;

#endif
