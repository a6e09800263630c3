/*
 * rand - see rand.h.  Asks the kernel each time: there is no state that a fork
 * would share and nothing to reseed.  One call costs less than a microsecond,
 * and nothing here needs many.
 */
#include "os/rand.h"

#include <errno.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/num.h"

#define GETENTROPY_MAX	256	/* of the system call */

void
rand_octets(void *p, size_t n)
{
	unsigned char *to = p;
	size_t part;

	while (n > 0) {
		part = num_min(n, GETENTROPY_MAX);
		if (getentropy(to, part) != 0)
			die(EXIT_OSERR, "no random octets: errno %d", errno);
		to += part;
		n -= part;
	}
}

uint32_t
rand_below(uint32_t bound)
{
	uint32_t v, least;

	if (bound < 2)
		return 0;
	/* Values below 2^32 mod bound would make some results likelier. */
	least = (uint32_t)-bound % bound;
	do
		rand_octets(&v, sizeof(v));
	while (v < least);
	return v % bound;
}
