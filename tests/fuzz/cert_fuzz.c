/*
 * Any octets as a chain of certificates, in PEM and in DER: what is taken has at
 * most as many as there is room for, and names without controls in them.
 * links: lib/net/cert.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/cert.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(struct x509_st **chain, size_t n)
{
	struct cert_names names;
	uint8_t id[CERT_ID];

	if (n == 0 || n > CERT_CHAIN_MAX)
		abort();
	for (size_t i = 0; i < n; i++) {
		(void)!cert_key_id(chain[i], id);
		if (cert_names(chain[i], &names) == 0 &&
		    (names.n == 0 || names.n > CERT_NAMES_MAX))
			abort();
		for (size_t j = 0; j < names.n; j++)
			for (const char *p = names.v[j]; *p != '\0'; p++)
				if (*p <= ' ' || *p > '~')
					abort();
		cert_names_free(&names);
	}
	cert_free(chain, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct x509_st *chain[CERT_CHAIN_MAX];
	struct span text = span_of(data, size);
	struct why why;
	size_t n;

	(void)cert_pem_has_key(text);
	if (cert_parse(text, NULL, chain, &n, &why) == 0)
		look(chain, n);
	if (cert_parse_der(text, NULL, chain, &n) == 0)
		look(chain, n);
	return 0;
}
