/*
 * Any octets as a mailbox and as paths: what is taken has one spelling, which
 * is taken again and stays the same, and is made of text that shows; its domain
 * of printable ASCII.  The same for what it is folded to in a map.
 * links: lib/map/fold.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/addr.h"
#include "mail/intl.h"
#include "map/fold.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fold(struct span name)
{
	struct buf once, twice;

	buf_init(&once, 2048);
	buf_init(&twice, 2048);
	if (fold_name(name, &once) == 0 && (fold_name(buf_span(&once),
	    &twice) != 0 || !span_eq(buf_span(&once), buf_span(&twice))))
		abort();
	buf_fini(&once);
	buf_fini(&twice);
}

static void
check(const struct addr *a)
{
	struct addr again;
	char plain[ADDR_LOCAL_SIZE];

	if (strlen(a->text) != a->text_n || a->text_n > ADDR_MAX)
		abort();
	if (!intl_text_ok(addr_text(a)) || intl_is_needed(addr_domain(a)) ||
	    (intl_is_needed(addr_text(a)) && !a->utf8))
		abort();
	if (a->kind != ADDR_MAILBOX)
		return;
	fold(addr_text(a));
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
