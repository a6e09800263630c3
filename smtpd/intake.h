/*
 * intake - one message on its way from the connection into the queue's
 * descriptor: octets as they came, checks of the header, our trace fields.
 *
 *	intake_begin(&in, s, &why)	-- a file from qmgr, before 354
 *	intake_read(&in)		-- to the final dot, or
 *	intake_read_chunk(&in, n, last)	-- for each chunk
 *	intake_judge(&in)		-- may it be queued?
 *	intake_commit(&in, &why)	-- only then 250
 *	intake_fini(&in)		-- in every case
 */
#ifndef SMTPD_INTAKE_H
#define SMTPD_INTAKE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/why.h"
#include "mail/header.h"
#include "mail/mime_binary.h"
#include "net/dot.h"
#include "queue/format.h"
#include "smtpd/authors.h"
#include "smtpd/session.h"

struct intake {
	struct session *s;
	int	fd;			/* the queue file; -1: closed */
	char	id[ID_SIZE];
	bool	open;			/* qmgr waits for COMMIT or ABORT */
	int64_t	time;			/* of arrival */
	struct dot_in dot;
	/* BODY=BINARYMIME: what stands between dot and the rest, or NULL. */
	struct mime_binary *binary;
	bool	grown_too_big;		/* by that */

	struct header_intake header;
	bool	header_done, header_too_big;
	bool	headless;		/* the message has no header at all */
	bool	has_date, has_message_id;
	size_t	hops;			/* Received fields */
	struct authors authors;		/* From and Sender */
	enum header_end end;		/* of the header */

	struct buf wait;		/* read, not written yet */
	bool	begun;			/* envelope and trace are written */
	bool	first;			/* so is the first line */
	struct queue_writer writer;
	/*
	 * The envelope stands in front and says whether the body is 8-bit,
	 * which is known at the end.  While it is not known the checksum is
	 * kept for both envelopes; they differ in one digit.
	 */
	bool	undecided;
	struct queue_writer writer_8bit;
	struct why why;			/* the first failure of writing */
};

/*
 * Ask for a file.
 * returns  0, or -1 with why: nothing was begun
 */
int	intake_begin(struct intake *in, struct session *s, struct why *why)
	    must_use;
/* Closes, aborts what was not committed, frees. */
void	intake_fini(struct intake *in);
/*
 * Read to the end of the message, write what is to be kept.
 * returns  as dot_read; DOT_END: judge it now
 */
enum dot_result intake_read(struct intake *in) must_use;
/*
 * The same for one chunk of that size (RFC 3030 2); with the last one the
 * message is complete.  A line end that is missing there is put.
 */
enum dot_result intake_read_chunk(struct intake *in, uint64_t octets,
	    bool last) must_use;
/* Octets of the message as it is kept, but for our fields. */
uint64_t	intake_octets(const struct intake *in);
/* Is it clear by now that it cannot be queued? */
bool	intake_is_lost(const struct intake *in);
/*
 * May it be committed (if in->why.kind is WHY_NONE)?  Asks lookupd about
 * authors where policy wants that.
 * returns  0 and *what, SAY_NOTHING for yes; -1 with why: cannot tell now
 */
int	intake_judge(struct intake *in, enum say *what, struct why *why)
	    must_use;
/*
 * Write what is left and the first line, sync, close, commit.
 * returns  0: say 250; -1 with why: say 451 or 452
 * source   RFC 5321 4.2.5, 6.1
 */
int	intake_commit(struct intake *in, struct why *why) must_use;

#endif
