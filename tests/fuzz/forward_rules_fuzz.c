/*
 * Any octets as a forward file: mail always goes somewhere, and every target is
 * an address.
 *
 * links: local-deliver/rules.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "local-deliver/rules.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules r;
	struct addr self, a;

	if (addr_parse(SPAN_LIT("alice@a.example"), &self, NULL) != 0)
		abort();
	rules_parse(span_of(data, size), &self, &r);
	if (r.n > FORWARD_MAX || (r.n == 0 && !r.keep))
		abort();
	for (size_t i = 0; i < r.n; i++)
		if (addr_parse(addr_text(&r.to[i]), &a, NULL) != 0 ||
		    !addr_eq(&a, &r.to[i]) || addr_eq(&a, &self))
			abort();
	return 0;
}
