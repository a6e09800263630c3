/*
 * demand - see demand.h.  The order of the words is that of the enum: the
 * numbers stand in messages and in the queue.
 */
#include "base/demand.h"

static const char *const words[DEMANDS] = { "", "none", "opportunistic",
	"require", "verify", "dane", "dane-only" };

int
demand_parse(struct span word, enum demand *out)
{
	for (unsigned i = 1; i < DEMANDS; i++)
		if (span_ieq_str(word, words[i])) {
			*out = (enum demand)i;
			return 0;
		}
	return -1;
}

const char *
demand_name(enum demand d)
{
	return d < DEMANDS ? words[d] : "";
}
