/*
 * memory - see memory.h.  glibc keeps freed pieces that lie between others that
 * are in use: after a listing of a million files that is 170 MiB of a session
 * that then needs 12.  Other allocators give back on their own.
 */
#include "os/memory.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void
memory_give_back(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);	/* says only whether there was anything */
#endif
}
