/*
 * Any octets as lines of authd's file: what is read is written as it was.
 * links: lib/map/logins.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "map/logins.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size), line;
	struct login_line l, again;
	struct buf out;

	while (rest.p != NULL) {
		line = span_cut(&rest, '\n');
		if (logins_parse(line, &l) != 0)
			continue;
		buf_init(&out, 2 * LOGINS_LINE_MAX);
		if (logins_write(&out, &l) != 0 || logins_parse(span_head(
		    buf_span(&out), out.n - 1), &again) != 0 ||
		    !span_eq(l.user, again.user) || l.at_s != again.at_s)
			abort();
		buf_fini(&out);
	}
	return 0;
}
