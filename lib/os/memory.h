/*
 * memory - of this process, as the system counts it.
 */
#ifndef OS_MEMORY_H
#define OS_MEMORY_H

/* After much was freed: what the allocator holds goes back, where it can. */
void	memory_give_back(void);

#endif
