/*
 * Any octets as an address list: items end, groups are balanced, no piece
 * holds NUL, CR or LF, and there are never more items than octets.
 */
#include <stdint.h>
#include <stdlib.h>

#include "mail/addrlist.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct span s)
{
	if (s.n > ADDRLIST_PART_MAX || span_has(s, '\0') ||
	    span_has(s, '\r') || span_has(s, '\n'))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addrlist l;
	struct addrlist_item it;
	size_t n = 0, open = 0;

	addrlist_init(&l, span_of(data, size), 1000);
	while (addrlist_next(&l, &it)) {
		if (++n > 2 * size + 1)
			abort();
		check(it.name);
		check(it.route);
		check(it.mailbox);
		check(it.host);
		if (it.kind == ADDRLIST_GROUP && open++ != 0)
			abort();
		if (it.kind == ADDRLIST_GROUP_END && open-- != 1)
			abort();
		if (it.kind == ADDRLIST_MAILBOX && it.mailbox.p == NULL)
			abort();
	}
	if (open != 0)
		abort();
	addrlist_fini(&l);
	return 0;
}
