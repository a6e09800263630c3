/*
 * memory - of this process, as the system counts it.
 */
#ifndef OS_MEMORY_H
#define OS_MEMORY_H

/* From when on a wait counts as long: then memory_rest() is worth its cost. */
#define MEMORY_REST_MS	1000

/* After much was freed: what the allocator holds goes back, where it can. */
void	memory_give_back(void);
/*
 * Before a long wait, on the first stack of the process alone: that, and the
 * pages below the caller's frame, which a deep call has left behind.
 */
void	memory_rest(void);

/*
 * For who forks to serve, before that: what was freed so far lies in all pages
 * of the heap, and each child would have its own copy of those in which it
 * finds room.  From now on what is allocated lies together, behind all else.
 */
void	memory_settle(void);
/* The holes are of use again: before much is made anew. */
void	memory_unsettle(void);

#endif
