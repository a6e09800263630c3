/*
 * dane - see dane.h.
 * The danger is always the same: somebody keeps an answer from us, so that we
 * think nothing is demanded.  So only a word that is signed may lower the
 * demand: a name server that vouches for "no such record" or for "this zone
 * is not signed".  Where it fails, the host is avoided and the mail waits.
 */
#include "trust/dane.h"

#include <stdio.h>

#define SHA256_OCTETS	32
#define SHA512_OCTETS	64

int
dane_tlsa_parse(struct span rdata, struct dane_tlsa *out)
{
	if (rdata.n < 4)		/* without data there is no match */
		return -1;
	out->usage = (uint8_t)rdata.p[0];
	out->selector = (uint8_t)rdata.p[1];
	out->matching = (uint8_t)rdata.p[2];
	out->data = span_from(rdata, 3);
	return 0;
}

bool
dane_tlsa_usable(const struct dane_tlsa *r)
{
	if ((r->usage != 2 && r->usage != 3) || r->selector > 1)
		return false;
	switch (r->matching) {
	case 0:
		return r->data.n > 0;
	case 1:
		return r->data.n == SHA256_OCTETS;
	case 2:
		return r->data.n == SHA512_OCTETS;
	}
	return false;
}

size_t
dane_bases(const char *host, const struct dane_answer *addresses,
    const char *canonical, const struct dane_answer *alias,
    const char *out[2])
{
	size_t n = 0;

	if (addresses->secure) {
		if (*canonical != '\0')
			out[n++] = canonical;
		out[n++] = host;
	} else if (*canonical != '\0' && alias->secure) {
		/* A signed name that leads into a zone without signatures. */
		out[n++] = host;
	}
	return n;
}

enum dane_verdict
dane_judge(const struct dane_answer *tlsa, size_t usable)
{
	if (tlsa->failed)
		return DANE_AVOID;
	if (!tlsa->secure || !tlsa->found)
		return DANE_NEXT;
	return usable > 0 ? DANE_PROVE : DANE_ENCRYPT;
}

int
dane_name(const char *base, uint16_t port, char *out, size_t size)
{
	int n = snprintf(out, size, "_%u._tcp.%s", port, base);

	return n > 0 && (size_t)n < size ? 0 : -1;
}
