/*
 * content - the octets and the structure of the one message that is being
 * looked at.  They stay until another message is asked for, so that a row of
 * fetches of its parts reads and parses it once.
 */
#ifndef IMAPD_CONTENT_H
#define IMAPD_CONTENT_H

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/why.h"
#include "mail/mime_walk.h"
#include "net/stream.h"
#include "store/folder.h"

struct content {
	struct folder *folder;	/* borrowed; NULL: nothing is here */
	uint32_t uid;
	bool	 global;	/* message/global is a message (RFC 9051 9) */
	int	 fd;
	bool	 has_size;
	uint64_t size_octets;	/* on disk: content_size() */
	struct buf raw;		/* the beginning of it, NUL as 0x80 */
	bool	 whole;		/* raw is all of it */
	bool	 has_header;	/* it was found: the first header_n octets */
	size_t	 header_n;
	bool	 has_tree;
	struct mime_tree tree;
	bool	 has_wire;
	uint64_t wire_octets;
	/* A place in a large message that was sent in part: who goes on with
	   the next part need not begin at its beginning. */
	uint64_t part_at;		/* in the file */
	uint64_t part_wire;		/* octets over the wire before it */
	bool	 part_after_cr;
};

void	content_init(struct content *c);
void	content_fini(struct content *c);
/* Forget the message and give its memory back. */
void	content_reset(struct content *c);
/* true: memory or a descriptor is held. */
bool	content_held(const struct content *c);

/*
 * Turn to a message.  Nothing is read yet.
 * returns  0; -1 with why: WHY_PERM: it is gone
 */
int	content_open(struct content *c, struct folder *f, uint32_t uid,
	    struct why *why) must_use;
/*
 * Header with its empty line; as much of the file is read as it takes.  Valid
 * until the next call with c.
 */
int	content_header(struct content *c, struct span *header,
	    struct why *why) must_use;
/* size_octets is known when this returns 0. */
int	content_size(struct content *c, struct why *why) must_use;
/* All of it, as it is on disk; likewise. */
int	content_whole(struct content *c, struct span *raw,
	    struct why *why) must_use;
int	content_tree(struct content *c, const struct mime_tree **tree,
	    struct why *why) must_use;
/* As it goes over the wire, counted from the file itself. */
int	content_octets(struct content *c, uint64_t *octets,
	    struct why *why) must_use;

/*
 * Send octets [from, from + octets) of it as they go over the wire; content_octets()
 * has been asked, and that much there is.
 * returns  -1: the file has become shorter: the connection must end
 */
int	content_send(struct content *c, struct stream *to, uint64_t from,
	    uint64_t octets, struct why *why) must_use;

#endif
