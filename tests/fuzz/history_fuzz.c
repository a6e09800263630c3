/*
 * Any octets as the history of a folder's index: runs that make no sense are
 * refused, and what is taken is written back as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/history.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size);
	struct history h;
	struct buf back;

	history_init(&h);
	buf_init(&back, size + 1);
	if (history_get(&h, text) && h.forgot == 0) {
		history_put(&back, &h);
		if (size > 0 && !span_eq(buf_span(&back), text))
			abort();
	}
	history_limit(&h);
	if (h.n > HISTORY_MAX || history_since(&h, UINT64_MAX) != h.n)
		abort();
	buf_fini(&back);
	history_fini(&h);
	return 0;
}
