/*
 * Any octets before keyd's judge: what it takes has one of the two forms,
 * down to the lengths that the message allows.
 * links: helpers/keyd/tbs.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/keyd/tbs.h"
#include "ipc/msg_sign.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum tbs kind = tbs_kind(span_of(data, size));

	if (kind == TBS_OTHER)
		return 0;
	if (size < SIGN_TBS_MIN || size > SIGN_TBS_MAX)
		abort();
	if (kind == TBS_TLS12 && (data[64] != 3 || size != 68u + data[67]))
		abort();
	if (kind == TBS_TLS13 && (data[64] != 'T' || data[97] != '\0'))
		abort();
	return 0;
}
