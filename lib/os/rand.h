/*
 * rand - random octets from the kernel; cannot fail (it ends the process).
 */
#ifndef OS_RAND_H
#define OS_RAND_H

#include "base/base.h"

void	 rand_octets(void *p, size_t n);
uint32_t rand_below(uint32_t bound);	/* 0 .. bound-1, even */

#endif
