/*
 * control - the one request of an operator's connection to run_dir/control.
 * Fixed size: verb and arguments, each ended by NUL and filled up with it.
 * The answer is text up to the end of the connection; one that begins with
 * CONTROL_ERROR tells of a failure, with CONTROL_WARNING of something that was
 * done but for what follows.
 */
#ifndef IPC_CONTROL_H
#define IPC_CONTROL_H

#include "base/base.h"
#include "base/buf.h"
#include "base/log.h"
#include "ipc/msg_super.h"

#define CONTROL_NAME	"control"
#define CONTROL_ERROR	"error: "
#define CONTROL_WARNING	"warning: "
#define CONTROL_SIZE	(32 + 1025)

/* -1: a control character, no end, octets behind the end, or no verb. */
int	control_parse(const uint8_t octets[CONTROL_SIZE],
	    struct super_control *out) must_use;
/* -1: too long or not clean. */
int	control_format(const char *verb, const char *args,
	    uint8_t octets[CONTROL_SIZE]) must_use;

/*
 * Add one line of pairs to an answer, in the form of the log (base/log.h) but
 * with keys of its own; one too many is left out.
 */
#define CL_STR	LF_STR
#define CL_SPAN	LF_SPAN
#define CL_NUM	LF_NUM
#define CL_INT	LF_INT
#define control_line(out, ...) \
	control_put((out), (const struct log_field[]){ __VA_ARGS__, \
	    { .key = NULL } })
void	control_put(struct buf *out, const struct log_field *fields);
/*
 * Give an answer that fits the buffer of its socket: who does not read loses
 * the rest.  Closes fd.
 */
void	control_answer(int fd, struct span answer);

#endif
