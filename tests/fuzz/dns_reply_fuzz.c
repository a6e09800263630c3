/*
 * dns_reply_fuzz - any octets as the reply of a name server (threat F3): no
 * read outside, and what is taken are texts without odd octets.
 * The first octet says which type was asked for.
 * links: helpers/dnsd/reply.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helpers/dnsd/reply.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(void *ctx, const struct dns_record *r)
{
	size_t *left = ctx;

	/* No more records than octets. */
	if ((*left)-- == 0 || strlen(r->text) >= sizeof(r->text) ||
	    r->data.n > 65535)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum reply_type types[] = { REPLY_A, REPLY_CNAME,
		REPLY_PTR, REPLY_MX, REPLY_TXT, REPLY_AAAA, REPLY_TLSA };
	size_t left = size;
	struct reply r = { .take = take, .ctx = &left };
	enum reply_type type;

	if (size == 0 || size > 65536)
		return 0;
	type = types[data[0] % COUNT(types)];
	if (reply_read(span_of(data + 1, size - 1), "far.example", type,
	    &r) == REPLY_FAILED)
		return 0;
	for (const char *c = r.canonical; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			abort();
	return 0;
}
