/*
 * Any octets as the header of a proxy, as smtpd reads it: never more than it
 * asks for, always an end, and an address only where it is known.
 * links: lib/net/proxyproto.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/proxyproto.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[SOCK_IP_SIZE];
	struct proxyproto h;
	enum proxyproto_got got;
	size_t have = 0;

	while ((got = proxyproto_parse(span_of((const char *)data, have),
	    &h)) == PROXYPROTO_MORE) {
		if (h.want == 0 || h.want > PROXYPROTO_MAX - have)
			abort();
		if (h.want > size - have)
			return 0;
		have += h.want;
	}
	if (got != PROXYPROTO_DONE)
		return 0;
	if (h.known != (h.client.family != 0) || have < 15)
		abort();
	if (h.known)
		sock_format_ip(&h.client, text);
	return 0;
}
