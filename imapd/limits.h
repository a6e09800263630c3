/*
 * limits - every number of imapd with the place it comes from.
 */
#ifndef IMAPD_LIMITS_H
#define IMAPD_LIMITS_H

#include "base/base.h"

/*
 * One command.  RFC 2683 3.2.1.5 asks for 8000 octets at least; readers with
 * long lists of UIDs send more.
 */
#define IMAP_LINE_MAX		((size_t)65536)	/* octets of one line */
#define IMAP_COMMAND_MAX	((size_t)262144) /* with all its literals */
#define IMAP_APPENDS_MAX	200	/* messages of one APPEND: a file each */
#define IMAP_TAG_MAX		64		/* as AUTH_TAG_MAX */
#define IMAP_ITEMS_MAX		5000		/* tokens of a command */
#define IMAP_DEPTH_MAX		100		/* '(' within '(' */
#define IMAP_ARENA_MAX		(4 * MIB)	/* what its parse may take */
/* A non-synchronizing literal that is refused is read up to this. */
#define IMAP_DROP_MAX		((uint64_t)256 * MIB)
#define IMAP_UNASKED_MAX	((uint64_t)4096)	/* RFC 7888 5 */
/* Answers of BAD in a row until the connection is closed. */
#define IMAP_BAD_MAX		20

#define IMAP_PARTS_DEPTH	100	/* numbers in a section: 1.2.3 */
/* Items of one FETCH that decode a part for however short an answer. */
#define IMAP_DECODED_MAX	200
#define IMAP_FIELD_NAMES	200	/* of one HEADER.FIELDS */
#define IMAP_SEARCH_DEPTH	200	/* NOT, OR and ( within each other */
#define IMAP_SEARCH_KEYS	2000
/* SORT: criteria, octets compared of one text, octets of all keys. */
#define IMAP_SORT_CRITERIA	16
#define IMAP_SORT_TEXT		256
#define IMAP_SORT_MEM		(512 * MIB)
/* Of one part or header, decoded: what a search looks through. */
#define IMAP_SEARCH_TEXT	(16 * MIB)

/* Octets of a mailbox name as the client writes it. */
#define IMAP_NAME_MAX		1000
#define IMAP_PATTERNS		50	/* of one LIST */
#define IMAP_PATTERN_MAX	500	/* literal octets of a LIST pattern */

/* The structure of larger messages is not looked at. */
#define IMAP_STRUCTURE_MAX	(256 * MIB)
#define IMAP_PARTS_MAX		10000
#define IMAP_MIME_DEPTH		100
#define IMAP_ADDRESSES_MAX	20000	/* of one field in an ENVELOPE */
/* Of one ENVELOPE or BODYSTRUCTURE as sent. */
#define IMAP_ANSWER_MAX		(32 * MIB)

/* Octets to and from files. */
#define IMAP_PIECE		((size_t)32768)

/* Buffers of the connection. */
#define IMAP_IN_SIZE		IMAP_LINE_MAX
#define IMAP_OUT_SIZE		((size_t)32768)

/* A client that takes nothing for so long is gone (ms). */
#define IMAP_STALL_MS		120000
/* A long command tells how far it is (RFC 9585). */
#define IMAP_PROGRESS_MS	10000
/* Octets that earn a second more: long transfers over slow lines. */
#define IMAP_PACE_OCTETS_S	100

#endif
