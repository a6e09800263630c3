/*
 * memory - see memory.h.  glibc keeps freed pieces that lie between others that
 * are in use: after a listing of a million files that is 170 MiB of a session
 * that then needs 12.  Other allocators give back on their own.
 *
 * A stack never shrinks: a TLS handshake leaves 40 KiB in each of thousands of
 * processes that wait for their clients.  Nothing lives below the frame of the
 * function that runs, so the system may have those pages; the ones that were
 * never used cost nothing to offer.
 *
 * A settled heap has pieces of ours in all its holes: from large ones to small
 * ones we ask for more of a size until it comes from the top.  (A small piece
 * from there stays ours as well: freed, it would be another hole.)
 */
#include "os/memory.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#define STACK_OCTETS	(256 * 1024)	/* no call of ours goes deeper */

#define PIECE_MAX	((size_t)96 * 1024)	/* below those with own pages */
#define PIECE_SMALL	((size_t)1040)		/* below: in steps of 16 */
#define PIECES_MAX	100000

struct piece {
	struct piece *next;
};

static struct {
	struct piece *pieces;
	size_t n;
} settled;

void
memory_give_back(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);	/* says only whether there was anything */
#endif
}

#ifdef __GLIBC__
static void
keep(struct piece *p)
{
	p->next = settled.pieces;
	settled.pieces = p;
	settled.n++;
}

/* All holes of n octets and more.  top: where the heap is one free piece. */
static void
fill(size_t n, const char *top)
{
	struct piece *p;

	while (settled.n < PIECES_MAX && (p = malloc(n)) != NULL) {
		if ((const char *)p < top) {
			keep(p);
			continue;
		}
		if (n > PIECE_SMALL)
			free(p);
		else
			keep(p);
		return;
	}
}
#endif

void
memory_settle(void)
{
#ifdef __GLIBC__
	const char *top;

	memory_unsettle();
	memory_give_back();
	top = (const char *)sbrk(0) - mallinfo2().keepcost;
	for (size_t n = PIECE_MAX; n > PIECE_SMALL; n -= n / 16)
		fill(n, top);
	for (size_t n = PIECE_SMALL; n >= 16; n -= 16)
		fill(n, top);
#endif
}

void
memory_unsettle(void)
{
	struct piece *p;

	while ((p = settled.pieces) != NULL) {
		settled.pieces = p->next;
		free(p);
	}
	settled.n = 0;
}

#ifdef __linux__
/* One whole page below this frame stays: it calls madvise(2) itself. */
static void
give_back_stack(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = (uintptr_t)__builtin_frame_address(0) / page * page -
	    page;

	/* An error says that the stack was not as deep, which is good. */
	(void)madvise((void *)(end - STACK_OCTETS), STACK_OCTETS,
	    MADV_DONTNEED);
}
#endif

void
memory_rest(void)
{
	memory_give_back();
#ifdef __linux__
	give_back_stack();
#endif
}
