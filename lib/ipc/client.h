/*
 * client - one question, one answer, a deadline: for programs that serve one
 * client in a straight line.  A channel that broke stays broken: every
 * later call fails at once (WHY_TEMP).
 */
#ifndef IPC_CLIENT_H
#define IPC_CLIENT_H

#include "base/base.h"
#include "base/why.h"
#include "ipc/field.h"

struct ipc_client {
	int	    fd;		/* the channel, -1: closed or broken */
	uint32_t    next;	/* request id */
	const char *peer;	/* for texts: "qmgr" */
	bool	    late;	/* broken because it did not answer in time */
	bool	    in_groups;	/* packets come several at a time: each is
				   looked for before it is waited for */
};

void	ipc_client_init(struct ipc_client *c, int fd, const char *peer);
void	ipc_client_fini(struct ipc_client *c);

/* One message with the descriptor fd (-1: none; it stays open here). */
int	ipc_client_send(struct ipc_client *c, const struct ipc_type *t,
	    uint32_t request, const void *msg, int fd, struct why *why) must_use;

struct ipc_got {
	const struct ipc_type *type;
	uint32_t request;
	int	 fd;		/* -1 or the caller's to close */
	union {
		uint64_t align;
		uint8_t octets[IPC_PACKET_MAX + 512];
	} msg;			/* the struct of that type */
};
/*
 * The next message, which must be one of types (n of them).
 * returns  0; -1 with why: deadline, end of channel, or something else came (the
 * channel is then closed)
 */
int	ipc_client_recv(struct ipc_client *c,
	    const struct ipc_type *const *types, size_t n, int64_t deadline_ms,
	    struct ipc_got *got, struct why *why) must_use;

struct ipc_question {
	const struct ipc_type *type;	/* of the question */
	const void *msg;
	int	 fd;			/* to send along, -1: none */
	const struct ipc_type *answer;
	int64_t	 deadline_ms;		/* clock_mono_ms */
};
/*
 * Ask and wait.  A refusal_type answer is put into why.
 * answer     filled; the struct of q->answer
 * answer_fd  may be NULL if that type carries none
 */
int	ipc_call(struct ipc_client *c, const struct ipc_question *q,
	    void *answer, int *answer_fd, struct why *why) must_use;

#endif
