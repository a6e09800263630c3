/*
 * Any octets as a mailbox and as paths: what is taken has one spelling, which
 * is taken again and stays the same, and is made of printable ASCII.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/addr.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct addr *a)
{
	struct addr again;
	char plain[ADDR_LOCAL_SIZE];

	if (strlen(a->text) != a->text_n || a->text_n > ADDR_MAX)
		abort();
	for (size_t i = 0; i < a->text_n; i++)
		if (a->text[i] < ' ' || a->text[i] > '~')
			abort();
	if (a->kind != ADDR_MAILBOX)
		return;
	if (addr_parse(addr_text(a), &again, NULL) != 0 ||
	    !addr_eq(a, &again) || again.literal != a->literal)
		abort();
	addr_local_plain(a, plain);
	if (addr_make(&again, span_str(plain), addr_domain(a)) != 0 ||
	    !addr_eq(a, &again))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	char domain[ADDR_DOMAIN_SIZE], twice[ADDR_DOMAIN_SIZE];
	struct addr a;
	struct why why;

	if (addr_parse(in, &a, &why) == 0)
		check(&a);
	if (addr_parse_path(in, ADDR_REVERSE, &a, &why) == 0)
		check(&a);
	if (addr_parse_path(in, ADDR_FORWARD, &a, &why) == 0)
		check(&a);
	if (addr_parse_domain(in, domain, NULL) == 0 &&
	    (addr_parse_domain(span_str(domain), twice, NULL) != 0 ||
	    strcmp(domain, twice) != 0))
		abort();
	return 0;
}
