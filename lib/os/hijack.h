/*
 * hijack - in test builds (make HIJACK=1) only: whoever a process reads from
 * may take it over, as somebody would who had found a hole in its parser.
 * Octets or a packet that begin with HIJACK_MAGIC end its own work; from then
 * on it makes the system calls that it is told on that descriptor and tells
 * what came of them, until it is let go.  Without -DPAQ_HIJACK these are
 * nothing.
 */
#ifndef OS_HIJACK_H
#define OS_HIJACK_H

#include "base/base.h"

#ifdef PAQ_HIJACK

#define HIJACK_MAGIC	"PAQUEBOT-HIJACK-"

/*
 * What goes over the descriptor, both ways: a length of 32 bits, then that
 * many octets; all integers in the byte order of the machine.
 *
 *	process		hijack_hello
 *	order		hijack_order, then more_n octets for memory + at
 *	process		hijack_result, then out_n octets from memory + out_at
 *
 * An order with op HIJACK_LET_GO has no answer: the process goes on as if it
 * had not been there.
 */
#define HIJACK_MEMORY	32768	/* octets that orders may use */

struct hijack_hello {
	uint64_t memory;	/* its address */
	uint32_t pid;
	char	 name[28];
};

enum hijack_op { HIJACK_LET_GO, HIJACK_CALL, HIJACK_CALL_32, HIJACK_FORKS };

struct hijack_order {
	uint32_t op;
	uint32_t at, more_n;	/* octets that follow go to memory + at */
	uint32_t out_at, out_n;	/* octets that the answer brings */
	uint32_t unused;
	/* HIJACK_CALL: number and arguments, as the kernel takes them.
	   HIJACK_CALL_32: the same by the machine's 32-bit entry.
	   HIJACK_FORKS: number: how many children to try; they end at once
	   afterwards.  Result: how many there were. */
	uint64_t number, args[6];
};

struct hijack_result {
	int64_t result;		/* negative: -errno */
};

/* This process may be taken over (master never says so). */
void	hijack_allow(const char *name);
/* Before a read of fd.  waits: that read would wait for something to come. */
void	hijack_look(int fd, bool waits);

#else
#define hijack_allow(name)	((void)(name))
#define hijack_look(fd, waits)	((void)(fd))
#endif

#endif
