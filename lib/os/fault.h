/*
 * fault - in test builds (-DFAULT) only: the n-th call of a kind fails with
 * an error, or the process stops there.  PAQUEBOT_FAULT="fsync:3:EIO" or
 * "rename:2:KILL"; counted per process.  Without -DFAULT these are nothing.
 */
#ifndef OS_FAULT_H
#define OS_FAULT_H

#include "base/base.h"

#ifdef FAULT
/* true: the caller must fail with the errno set here. */
bool	fault_here(const char *call);
/* What the caller returns then. */
#define fault_result()	(errno == 0 ? 0 : -1)
#else
#define fault_here(call)	false
#define fault_result()		0
#endif

#endif
