/*
 * Any octets as the body of any message of the catalogue: what is taken has
 * one wire form, which is exactly what came.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/catalogue.h"
#include "ipc/frame.h"
#include "ipc/msg_dns.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk_records(const struct dns_answer *a)
{
	struct dns_record r;
	size_t at, n;

	for (uint8_t kind = DNS_MX; kind <= DNS_TXT; kind++) {
		at = n = 0;
		while (dns_records_next(a, kind, &at, &r) == 1)
			if (++n > DNS_RECORDS_MAX || at > a->records_len)
				abort();
	}
}

static void
try_type(const struct ipc_type *t, const uint8_t *data, size_t size)
{
	void *msg = malloc(t->size);
	struct buf out;

	if (msg == NULL)
		abort();
	buf_init(&out, IPC_BODY_MAX);
	if (ipc_decode(t, data, size, msg) == 0) {
		if (ipc_encode(t, msg, &out) != 0 || out.n != size ||
		    (size > 0 && memcmp(out.p, data, size) != 0))
			abort();
		if (t == &dns_answer_type)
			walk_records(msg);
	}
	buf_fini(&out);
	free(msg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t num;

	if (size < 2 || size - 2 > IPC_BODY_MAX)
		return 0;
	num = (uint16_t)(data[0] << 8 | data[1]);
	for (size_t i = 0; ipc_catalogue[i] != NULL; i++)
		if (ipc_catalogue[i]->num == num || num == 0)
			try_type(ipc_catalogue[i], data + 2, size - 2);
	return 0;
}
