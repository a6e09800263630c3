/*
 * reply - SMTP replies (RFC 5321 4.2): read line by line from a server that
 * may be hostile, and written.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"

#define REPLY_LINES_MAX	128	/* lines of one reply */
#define REPLY_TEXT_MAX	8192	/* octets kept of it; more is dropped */
#define REPLY_LINE_MAX	512	/* octets with CRLF that we send, 4.5.3.1.5 */

enum reply_step {
	REPLY_MORE,		/* another line belongs to it */
	REPLY_DONE,
	REPLY_BAD		/* no reply: close the connection */
};

struct reply {
	unsigned code;		/* 200..599 */
	char	esc[WHY_ESC_SIZE];	/* "" or that of the first line, if its
					 * class fits code (RFC 2034 4) */
	struct buf text;	/* lines without codes, parted by LF; controls
				 * and 8-bit are '?' */
	size_t	lines;
	bool	done;
};

void	reply_init(struct reply *r);
void	reply_fini(struct reply *r);
void	reply_clear(struct reply *r);	/* for the next reply */
/* line: without line end.  After REPLY_DONE: reply_clear() first. */
enum reply_step reply_feed(struct reply *r, struct span line) must_use;

#define REPLY_SHORT_MAX	900	/* octets of it in a log or a report */
/* Add "550 5.1.1 text ..." as one line, cut at REPLY_SHORT_MAX. */
void	reply_one_line(const struct reply *r, struct buf *out);
/* 2yz, 3yz: WHY_NONE; 4yz WHY_TEMP; 5yz WHY_PERM with code and text. */
void	reply_why(const struct reply *r, struct why *why);

/*
 * Add a reply of ours, with CRLF.
 * esc      "2.1.0", or NULL or "": none
 * text     one or more lines parted by LF; other controls and 8-bit become
 *          '?'; a line is cut at REPLY_LINE_MAX
 * returns  0, or -1: cap reached (out as before)
 */
int	reply_format(struct buf *out, unsigned code, const char *esc,
	    struct span text);

#endif
