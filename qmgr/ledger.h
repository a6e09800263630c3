/*
 * ledger - what became of every message of this run, as numbers that must
 * add up:
 *
 *	found + accepted + reports = delivered + bounced + expired + dropped
 *	    + corrupt + unfinished + vanished + queued
 *
 * queued is counted afresh (in memory, waiting, on hold).  The sum is checked
 * every second, and the directories are compared with what is known a minute
 * after each start and whenever an operator asks: one directory a second, so
 * that a queue of a million files stops nobody.
 */
#ifndef QMGR_LEDGER_H
#define QMGR_LEDGER_H

#include "base/base.h"
#include "base/buf.h"

struct qmgr;

enum ledger_entry {
	LEDGER_FOUND,		/* at start */
	LEDGER_ACCEPTED,	/* from sessions */
	LEDGER_REPORTS,		/* bounces and notices of our own */
	LEDGER_DELIVERED,	/* to all recipients */
	LEDGER_BOUNCED,		/* some failed, and that was reported */
	LEDGER_EXPIRED,		/* the same: their time was over */
	LEDGER_DROPPED,		/* by an operator */
	LEDGER_CORRUPT,		/* put aside */
	LEDGER_UNFINISHED,	/* never acknowledged, removed */
	LEDGER_VANISHED,	/* the file was removed by somebody else */
	LEDGER_ENTRIES
};

struct ledger {
	uint64_t n[LEDGER_ENTRIES];
	uint64_t held;		/* files in hold */
	uint64_t committing;	/* in memory, not yet accepted */
	uint64_t rcpts[3];	/* results: delivered, deferred, failed */
	int64_t	 told;		/* the difference that was last said */
	size_t	 dir;		/* of the comparison; QUEUE_DIRS: none runs */
	size_t	 files, strange;
};

void	ledger_init(struct ledger *l);
void	ledger_count(struct qmgr *q, enum ledger_entry what);
/* Once a second. */
void	ledger_tick(struct qmgr *q);
/* Compare the directories with what is known, from now on. */
void	ledger_compare(struct qmgr *q);
void	ledger_show(struct qmgr *q, bool json, struct buf *out);

#endif
