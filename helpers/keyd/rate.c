/*
 * rate - see rate.h.
 * Counted in thousandths, so that one millisecond brings per_second of them.
 */
#include "helpers/keyd/rate.h"

#include "os/clock.h"

#define TOKEN	1000

bool
rate_take(struct rate *r, unsigned per_second)
{
	uint64_t most = (uint64_t)per_second * 2 * TOKEN;
	int64_t now = clock_mono_ms();

	r->tokens = r->last_ms == 0 ? most :
	    r->tokens + (uint64_t)(now - r->last_ms) * per_second;
	r->last_ms = now;
	if (r->tokens > most)
		r->tokens = most;
	if (r->tokens < TOKEN)
		return false;
	r->tokens -= TOKEN;
	return true;
}
