/*
 * Any octets as the client's lines in both exchanges: they end after three
 * steps; when all is done there are a user and a password, else nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/b64.h"
#include "trust/sasl.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
exchange(enum sasl_mech mech, struct span rest)
{
	const char *challenge;
	enum sasl_result r = SASL_MORE;
	struct sasl s;
	int steps = 0;

	sasl_begin(&s, mech);
	while (r == SASL_MORE && rest.p != NULL) {
		if (++steps > 3)
			abort();
		r = sasl_step(&s, span_cut(&rest, '\n'), &challenge);
	}
	if (r == SASL_DONE && (s.user.n == 0 || s.password.n == 0 ||
	    s.user.n > SASL_USER_MAX || s.password.n > SASL_USER_MAX))
		abort();
	if ((r == SASL_BAD || r == SASL_CANCELLED) &&
	    s.user.n + s.password.n != 0)
		abort();
	sasl_fini(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf coded;

	exchange(SASL_PLAIN, in);
	exchange(SASL_LOGIN, in);
	buf_init(&coded, 2 * size + 8);
	if (b64_encode(&coded, in) == 0)
		exchange(SASL_PLAIN, buf_span(&coded));
	buf_fini(&coded);
	return 0;
}
