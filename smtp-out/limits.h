/* limits - every number of smtp-out and why. */
#ifndef SMTP_OUT_LIMITS_H
#define SMTP_OUT_LIMITS_H

#include "base/base.h"

/* Time a server has for each answer: RFC 5321 4.5.3.2.1 to 4.5.3.2.6. */
#define GREETING_MS	(5 * 60 * 1000)
#define EHLO_MS		(5 * 60 * 1000)	/* as MAIL: not named there */
#define MAIL_MS		(5 * 60 * 1000)
#define RCPT_MS		(5 * 60 * 1000)
#define DATA_INIT_MS	(2 * 60 * 1000)
#define DATA_BLOCK_MS	(3 * 60 * 1000)
#define DATA_END_MS	(10 * 60 * 1000)
#define TLS_MS		(60 * 1000)	/* the command; then the handshake */
#define AUTH_MS		(60 * 1000)	/* each step: a relay may think about it */
#define RSET_MS		(30 * 1000)
#define QUIT_MS		(5 * 1000)	/* nothing depends on it any more */
#define JOB_MS		(60 * 60 * 1000) /* all answers of one job together */

#define CONNECT_MS	(30 * 1000)	/* for one address */
#define DNS_MS		(60 * 1000)	/* dnsd's own tries are shorter */
#define LOOKUP_MS	(30 * 1000)	/* for one question to lookupd */

/* RFC 5321 5.1: at least two addresses; a site with thousands is an attack. */
#define HOSTS_MAX	32	/* MX records looked at */
#define TALKS_MAX	2	/* hosts that may say "later" to one job */
#define ADDRESSES_MAX	10	/* addresses tried for one job */

#define XTEXT_MAX	2048	/* 500 octets, each as three, and a type */
#define ORCPT_MAX	500	/* RFC 3461 4.2 */

/* Of one flight of commands: its replies fit into any receive window. */
#define FLIGHT_RCPTS	200
#define FLIGHT_OCTETS	((size_t)16384)
#define JOB_WAIT_MS	(60 * 1000)	/* between the packets of one job */
#define IDLE_MS		(60 * 1000)	/* an open connection waits for a job */

#define LINE_MAX_OCTETS	4096	/* of a reply: RFC 5321 4.5.3.1.5 says 512 */
#define STREAM_IN	((size_t)8192)
#define STREAM_OUT	((size_t)65536)
/*
 * A header in which other addresses are put: smtpd takes 1 MiB.  It is looked for
 * in the first part, then in all that it may have; and so many different
 * addresses in it are asked about, the others stay.
 */
#define HEADER_PART	((size_t)65536)
#define HEADER_MOST	((size_t)2 * 1024 * 1024)
#define HEADER_MORE	((size_t)1024 * 1024)
#define READDRESSES	2000
#define LOWER_MAX	((uint64_t)64 * 1024 * 1024) /* converted to 7 bits */
#define CHUNK		((size_t)65536)	/* read from the queue file at once */
#define PACE_OCTETS_S	1024	/* slower receivers are given up */

/* qmgr takes 1000 a second of a parent, in bursts of twice that. */
#define ORPHANS_MAX	900	/* kept for the next qmgr: results, and ids */

#endif
