/*
 * fd - descriptors: closed once, CLOEXEC by birth, read and written whole.
 * EINTR never reaches a caller.  -1 leaves errno as the system set it.
 */
#ifndef OS_FD_H
#define OS_FD_H

#include <sys/types.h>

#include "base/base.h"

/* Closes *fd if it is >= 0 and sets it to -1.  Keeps errno. */
void	fd_close(int *fd);
/* As fd_close, but tells whether close(2) failed (then data may be lost). */
int	fd_close_check(int *fd) must_use;

/* Octets read (0: end of file), or -1; EAGAIN comes through. */
ssize_t	fd_read(int fd, void *p, size_t n) must_use;
ssize_t	fd_pread(int fd, void *p, size_t n, uint64_t at) must_use;
ssize_t	fd_write(int fd, const void *p, size_t n) must_use;
/*
 * What a socket takes at once; EAGAIN if that is nothing.  Never waits, whoever
 * else has the connection and whatever mode they have put it into.
 */
ssize_t	fd_write_now(int sock, const void *p, size_t n) must_use;
/* A socket has nothing more to give but its end; takes nothing out of it. */
bool	fd_at_end(int sock);
/* All of it or -1; pread short of n is -1 with errno ENODATA. */
int	fd_write_all(int fd, const void *p, size_t n) must_use;
int	fd_pwrite_all(int fd, const void *p, size_t n, uint64_t at) must_use;
int	fd_pread_all(int fd, void *p, size_t n, uint64_t at) must_use;

/* SIGPIPE ignored from here on: a write to what is gone fails with EPIPE. */
void	fd_no_sigpipe(void);
int	fd_nonblock(int fd, bool on) must_use;
int	fd_cloexec(int fd, bool on) must_use;
int	fd_dup(int fd) must_use;		/* CLOEXEC */
int	fd_pipe(int out[2]) must_use;		/* CLOEXEC */
/* SOCK_SEQPACKET pair, CLOEXEC; buffers sized for packets of 8 KiB. */
int	fd_pair(int out[2]) must_use;
/* One end of such a pair?  What a peer has passed may be anything. */
bool	fd_is_channel(int fd);
/* SOCK_STREAM pair, CLOEXEC: what a front relays a session's octets over. */
int	fd_stream_pair(int out[2]) must_use;
/* Closes all from lowest up but those in keep (sorted, n of them). */
void	fd_close_all_but(int lowest, const int *keep, size_t n);

/*
 * One packet on a SOCK_SEQPACKET socket, with at most one descriptor.
 * fd_send: fd < 0 for none; it stays open here.  0, or -1 (EAGAIN when the
 * other side's queue is full and the socket does not block).
 * fd_recv: *fd is -1 or a new CLOEXEC descriptor of the caller's.
 * returns  length of the packet (0: end), or -1; errno EPROTO when it was cut
 * off or carried more than one descriptor (those are closed); EMFILE when its
 * descriptor found no room in this process: the packet is gone, the sender has
 * done nothing wrong.
 */
int	fd_send(int sock, const void *p, size_t n, int fd) must_use;
/* The same, and EAGAIN from a socket that blocks, too. */
int	fd_send_now(int sock, const void *p, size_t n, int fd) must_use;
ssize_t	fd_recv(int sock, void *p, size_t n, int *fd) must_use;

struct fd_packet {
	void   *head, *body;	/* its octets: head is filled first */
	size_t  head_n, body_n;	/* room */
	ssize_t n;		/* as fd_recv returns it ... */
	int	fd, error;	/* ... with the descriptor, or errno */
};
#define FD_PACKETS	8
/*
 * What is there, at most count (<= FD_PACKETS) packets, by one call, without
 * waiting.
 * returns  how many of v are filled: with fewer than count there is no more
 * now; -1: none, errno as by fd_recv
 */
int	fd_recv_many(int sock, struct fd_packet *v, int count) must_use;

enum fd_event { FD_READ = 1, FD_WRITE = 2 };
/*
 * Wait until fd can do what (a set of fd_event) or deadline_ms (clock_mono_ms)
 * has come.  1: it can; 0: deadline; -1: error.
 */
int	fd_wait(int fd, int what, int64_t deadline_ms) must_use;
/* The same for two descriptors, reading: 1, 2 (or 3 for both); 0; -1. */
int	fd_wait_two(int a, int b, int64_t deadline_ms) must_use;
/* Reading from in, writing to out (either may be -1): 1, 2 (or 3); 0; -1. */
int	fd_wait_in_out(int in, int out, int64_t deadline_ms) must_use;

/*
 * The kernel grants a read lease only when no descriptor for writing is open
 * anywhere: proof that a writer is gone.  0: no writer is left (the lease is
 * given back at once); -1: one is (EAGAIN), or the system has no leases
 * (ENOSYS).
 */
int	fd_no_writer(int fd) must_use;

#endif
