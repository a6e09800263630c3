/* show - messages for operators: as text, or as JSON (RFC 8259), one object a
   line. */
#ifndef QMGR_SHOW_H
#define QMGR_SHOW_H

#include "base/arena.h"
#include "base/buf.h"
#include "qmgr/waiting.h"
#include "queue/select.h"

#define SHOW_ERRORS	20	/* recipients whose reason is kept */

struct show_error {
	uint32_t    index;	/* the recipient's number; its text is dropped */
	struct span address, esc, text;	/* when the number comes again */
	bool	    open;
};

/* What a file holds about its message; texts in arena. */
struct show {
	struct waiting_item item;
	bool	    active, known;	/* known: head is valid */
	struct queue_head head;
	struct show_error errors[SHOW_ERRORS];
	size_t	    nerrors;
	struct buf  reasons;	/* "esc text" of the open ones, one a line */
	struct arena *arena;
};

/*
 * Read the file; with_log: also why its recipients wait.
 * returns  false: it is gone.  Else show_fini() it.
 */
bool	show_read(struct qmgr *q, const struct waiting_item *i, bool with_log,
	    struct show *out);
void	show_fini(struct show *s);
/* For queue_select_match(); valid as long as s. */
void	show_facts(const struct show *s, struct queue_facts *out);
/* One line of a list. */
void	show_line(const struct show *s, bool json, struct buf *out);

/* Where the message is, its envelope and log; or that there is none. */
void	show_message(struct qmgr *q, const char *id, struct buf *out);
/* In whichever directory it is now; false: in none. */
bool	show_find(struct qmgr *q, const char *id, struct waiting_item *out);

#endif
