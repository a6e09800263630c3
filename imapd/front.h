/*
 * front - IMAP before log-in (RFC 3501 sections 6.1, 6.2): a table for
 * lib/login/front.
 */
#ifndef IMAPD_FRONT_H
#define IMAPD_FRONT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cur.h"
#include "base/span.h"
#include "login/front.h"

extern const struct front_proto imap_front;

struct front_command {
	const char *name;
	bool (*parse)(struct cur *c, struct arena *mem, struct span args[2]);
	void (*run)(struct front_client *c, struct span tag,
	    const struct span args[2]);
};
extern const struct front_command front_commands[];
extern const size_t front_commands_n;

/*
 * The first command in what has come in (pure).
 * asked    synchronizing literals of it that were answered by "+" already
 * unasked_max  octets of a non-synchronizing literal (RFC 7888 5)
 * command  FRONT_COMMAND: its text without the last CRLF
 * used     octets of it; for all results but FRONT_MORE and FRONT_CLOSE
 */
enum front_cut {
	FRONT_COMMAND,
	FRONT_MORE,		/* it is not complete yet */
	FRONT_GO_ON,		/* the same, and the client waits for "+" */
	FRONT_REFUSE,		/* no command: BAD */
	FRONT_CLOSE		/* a literal that is too long is on its way */
};
enum front_cut front_cut(struct span in, unsigned asked,
	    uint64_t unasked_max, struct span *command, size_t *used) must_use;

#endif
