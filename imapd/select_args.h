/*
 * select_args - what SELECT and EXAMINE ask for (RFC 4466 2.1).  Pure.
 */
#ifndef IMAPD_SELECT_ARGS_H
#define IMAPD_SELECT_ARGS_H

#include "base/base.h"
#include "base/span.h"
#include "imapd/seqset.h"

/* SELECT (QRESYNC ...): RFC 7162 3.2.5. */
struct resync {
	uint32_t uidvalidity;	/* 0: not asked for */
	uint64_t modseq;
	bool	 has_known;
	struct seqset known;	/* UIDs */
	struct seqset match_seqs, match_uids;	/* ascending */
};

struct select_args {
	struct span mailbox;
	bool	condstore;
	struct resync resync;
};

/* mod-sequence-value of RFC 7162 section 7; zero: may be 0. */
struct cur;
bool	parse_modseq(struct cur *c, bool zero, uint64_t *out) must_use;

#endif
