/*
 * dane_fuzz - any octets as TLSA data: what is called usable has numbers that
 * SMTP knows and, for a digest, its length.
 */
#include <stdint.h>
#include <stdlib.h>

#include "trust/dane.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dane_tlsa r;

	if (dane_tlsa_parse(span_of(data, size), &r) != 0) {
		if (size > 3)
			abort();
		return 0;
	}
	if (r.data.n != size - 3 || (const uint8_t *)r.data.p != data + 3)
		abort();
	if (dane_tlsa_usable(&r) && (r.usage < 2 || r.usage > 3 ||
	    r.selector > 1 || r.matching > 2 ||
	    (r.matching > 0 && r.data.n != 32u * r.matching)))
		abort();
	return 0;
}
