/* limits - every number of pop3d and why. */
#ifndef POP3D_LIMITS_H
#define POP3D_LIMITS_H

#include "base/base.h"

/* RFC 2449 4: a command line has at most 255 octets with its CRLF. */
#define COMMAND_MAX	255
#define ERRORS_MAX	20	/* bad commands of one session */
#define ANSWER_MS	(10 * 1000)	/* for a refused log-in to get out */
#define WAIT_MAX_S	45	/* for another session; clients wait for a minute */
#define STREAM_IN	((size_t)4096)	/* AUTH_PENDING_MAX at least */
#define STREAM_OUT	((size_t)32768)
#define CHUNK		((size_t)65536)	/* read from a message at once */
#define PACE_OCTETS_S	1024	/* a slower reader of a message is given up */
#define PACE_WINDOW_MS	(3 * 60 * 1000)
#define TOP_LINES_MAX	1000000000	/* what TOP may ask for */
#define UIDL_MAX	70	/* octets, RFC 1939 7 */

#endif
