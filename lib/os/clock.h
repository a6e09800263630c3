/*
 * clock - monotonic time for intervals, wall time for what people and other
 * hosts read.  Tests may shift both (tests/fault).
 */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include "base/base.h"

int64_t	 clock_mono_ms(void);
int64_t	 clock_wall_s(void);
uint64_t clock_wall_us(void);
int64_t	 clock_boot_s(void);	/* wall time of the system's start; 0: unknown */
int	 clock_zone_minutes(int64_t t);	/* of the local time zone at t */
int64_t	 clock_deadline(int64_t from_now_ms);	/* of clock_mono_ms */
void	 clock_sleep_ms(int64_t ms);

#endif
