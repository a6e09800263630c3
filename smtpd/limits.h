/*
 * limits - every number of smtpd that no setting holds, and why it is so.
 */
#ifndef SMTPD_LIMITS_H
#define SMTPD_LIMITS_H

#include "base/base.h"

/*
 * A command line with its CRLF.  RFC 5321 4.5.3.1.4 asks for 512; RFC 1870 3
 * and RFC 1652 2 add to MAIL, and AUTH carries an initial response.
 */
#define LIMIT_LINE_OCTETS	2048

/*
 * Input and output of one connection.  The input buffer is what one read
 * may bring of a message; pages that no read has reached cost nothing.
 * The output buffer holds the answers to a flight of commands.
 */
#define LIMIT_IN_OCTETS		(64 * KIB)
#define LIMIT_OUT_OCTETS	(8 * KIB)

/* What is written to the queue file at once. */
#define LIMIT_WRITE_OCTETS	(64 * KIB)

/*
 * The header of a message: held in memory until it is whole, because fields
 * that are missing go in front of it.  Over either limit: 552 (RFC 5321
 * 4.5.3.1.9).  There is no limit on text lines: RFC 5321 4.5.3.1.6 allows
 * 1000 octets, longer ones are kept uncut up to message_size_max.
 */
#define LIMIT_HEADER_OCTETS	(1 * MIB)
#define LIMIT_HEADER_FIELDS	20000

/*
 * Distinct addresses in a header of which lookupd is asked what stands for
 * them; the others stay as they are.
 */
#define LIMIT_READDRESSES	2000

/* Octets read and dropped after message_size_max, then we hang up. */
#define LIMIT_DROP_OCTETS	((uint64_t)1024 * MIB)

/*
 * DATA: the time for the next octets (RFC 5321 4.5.3.2.5: 3 minutes for a
 * block; smtp_timeout if that is more), and the slowest sender that is still
 * served.  A client of one octet now and then is gone after the window.
 */
#define LIMIT_DATA_WINDOW_MS	(180 * 1000)
#define LIMIT_DATA_OCTETS_S	200

/* Sending the last replies to a client that has to go. */
#define LIMIT_GOODBYE_MS	2000
#define LIMIT_GOODBYE_OCTETS	(256 * KIB)

/*
 * From smtp_errors_slow errors on each (5yz) keeps its client waiting for so
 * much longer than the one before, up to a limit.
 */
#define LIMIT_SLOW_STEP_MS	200
#define LIMIT_SLOW_MS		5000

/*
 * When so many hundredths of smtp_clients_max are taken, new clients have to
 * be quick and right: this long for a command or a part of a message, and the
 * connection ends at the first error.
 */
#define LIMIT_STRESS_PERCENT	80
#define LIMIT_STRESS_MS		(10 * 1000)
#define LIMIT_STRESS_ERRORS	1

/* Commands (accepted RCPT not counted) since the last accepted message. */
#define LIMIT_COMMANDS		200
/* Commands among them that bring no mail nearer: NOOP RSET VRFY HELP EHLO. */
#define LIMIT_IDLE_COMMANDS	50
/* A BDAT of fewer octets counts among them. */
#define LIMIT_CHUNK_OCTETS	1024
/* Failed AUTH commands of one connection. */
#define LIMIT_AUTH_FAILURES	5

/* Answers of the other daemons. */
#define LIMIT_LOOKUP_MS		(30 * 1000)
#define LIMIT_TALLY_MS		(5 * 1000)	/* the listener */
#define LIMIT_AUTH_MS		(60 * 1000)
#define LIMIT_SIGN_MS		(20 * 1000)
#define LIMIT_QUEUE_NEW_MS	(30 * 1000)
/* The client waits 10 minutes for us (RFC 5321 4.5.3.2.6). */
#define LIMIT_COMMIT_MS		(300 * 1000)

/* The header of a proxy, which it has at hand. */
#define LIMIT_PROXY_MS		(10 * 1000)

/* A TLS handshake: round trips and one signature. */
#define LIMIT_TLS_MS		(60 * 1000)

/* How long the name of a client in EHLO is kept; RFC 5321 4.5.3.1.2. */
#define LIMIT_HELO_OCTETS	255

/*
 * A session process waits so long for the next connection of the same
 * address, serves so many, and so many wait at once.
 */
#define LIMIT_SPARE_MS		2000
#define LIMIT_SPARE_SERVED	100
#define LIMIT_SPARES		64
/* Or so many with TLS: keyd signs ten a second for one process. */
#define LIMIT_SPARE_TLS		10

/* A client whose session died of a fault signal is refused for so long. */
#define LIMIT_BAN_MS		(300 * 1000)
/* A second successor is asked for after so long at the earliest. */
#define LIMIT_HANDED_OVER	1000	/* addresses told to a successor */
#define LIMIT_SUCCESSOR_MS	(10 * 1000)
/*
 * When told to stop, sessions may go on for so long: time for the longest
 * message.  Where there is less of it master says so by a SIGTERM.
 */
#define LIMIT_DRAIN_MS		(600 * 1000)
/* One line about a shortage (descriptors, processes) in so long a time. */
#define LIMIT_SHORTAGE_MS	(10 * 1000)
#define LIMIT_STRESS_SAID_MS	(60 * 1000)	/* one about few places left */
#define LIMIT_CROWD_SAID_MS	(60 * 1000)	/* one about full networks */

#endif
