/*
 * Any octets as a line of the text users: what is accepted has a bounded number
 * of app passwords, each with a service, and its public part none.
 * links: lib/map/account.c lib/map/account_proof.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "map/account.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct account_defaults owner = { true, 5000, 5000,
		"/m/%d/%n" };
	struct span value = span_of(data, size), rest;
	struct account_app app;
	struct account a;
	struct buf out;
	struct why why;
	size_t n = 0;

	if (account_parse(SPAN_LIT("a@b.example"), value, &owner, &a,
	    &why) != 0)
		return 0;
	for (rest = a.extra; account_app_next(&rest, &app); n++)
		if (app.services == 0 || app.name.n == 0 || app.hash.n == 0)
			abort();
	if (n > ACCOUNT_APPS_MAX || a.uid == 0 || a.maildir[0] != '/')
		abort();
	(void)account_scram(&a, "sha-256");
	buf_init(&out, 2 * size + 8);
	if (account_public(value, &out) != 0)
		abort();
	if (account_parse(SPAN_LIT("a@b.example"), buf_span(&out), &owner, &a,
	    &why) != 0)
		abort();
	rest = a.extra;
	if (account_app_next(&rest, &app) ||
	    account_scram(&a, "sha-256").n + account_scram(&a, "sha-1").n > 0)
		abort();
	buf_fini(&out);
	return 0;
}
