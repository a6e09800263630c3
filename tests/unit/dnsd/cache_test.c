/* cache: what is kept, for how long, under which key, and how much of it. */
#include "../t.h"

#include <stdio.h>

#include "helpers/dnsd/cache.h"
#include "helpers/dnsd/resolve.h"
#include "os/clock.h"

static struct dns_ask
question(uint8_t kind, const char *name)
{
	struct dns_ask q = { .kind = kind };

	T_TRUE(span_copy(span_str(name), q.name, sizeof(q.name)) == 0);
	return q;
}

static void
put(struct cache *c, struct dns_ask q, uint8_t status, uint32_t ttl_s,
    uint8_t octet, size_t n)
{
	static struct dns_answer a;

	memset(&a, 0, sizeof(a));
	a.status = status;
	a.ttl_s = ttl_s;
	a.records_len = n;
	memset(a.records, octet, n);
	cache_put(c, &q, &a);
}

static bool
get(struct cache *c, struct dns_ask q, struct dns_answer *out)
{
	memset(out, 0, sizeof(*out));
	return cache_get(c, &q, out);
}

static void
as_it_was_put(void **state)
{
	struct cache *c = cache_new();
	static struct dns_answer a;

	(void)state;
	T_TRUE(!get(c, question(DNS_MX, "a.example"), &a));
	put(c, question(DNS_MX, "a.example"), DNS_OK, 300, 7, 100);
	T_TRUE(get(c, question(DNS_MX, "a.example"), &a));
	T_INT(a.status, DNS_OK);
	T_INT(a.records_len, 100);
	T_INT(a.records[99], 7);
	T_TRUE(a.ttl_s >= 298 && a.ttl_s <= 300);
	/* RFC 4343: names are compared without regard to case. */
	T_TRUE(get(c, question(DNS_MX, "A.EXAMPLE"), &a));
	/* Another kind, another name: another question. */
	T_TRUE(!get(c, question(DNS_ADDRESS, "a.example"), &a));
	T_TRUE(!get(c, question(DNS_MX, "a.exampl"), &a));
	T_TRUE(!get(c, question(DNS_MX, "xa.example"), &a));
	/* The newer one counts; the largest one fits. */
	put(c, question(DNS_MX, "a.example"), DNS_NODATA, 60, 8, 0);
	T_TRUE(get(c, question(DNS_MX, "a.example"), &a));
	T_INT(a.status, DNS_NODATA);
	T_INT(a.records_len, 0);
	put(c, question(DNS_TXT, "b.example"), DNS_OK, 60, 9,
	    DNS_RECORDS_MAX);
	T_TRUE(get(c, question(DNS_TXT, "b.example"), &a));
	T_INT(a.records_len, DNS_RECORDS_MAX);
	T_INT(a.records[DNS_RECORDS_MAX - 1], 9);
	cache_free(&c);
	T_TRUE(c == NULL);
	cache_free(&c);
}

static void
not_kept(void **state)
{
	struct cache *c = cache_new();
	static struct dns_answer a;

	(void)state;
	/* Trouble may be over at the next question. */
	put(c, question(DNS_MX, "a.example"), DNS_TEMPORARY, 300, 0, 0);
	T_TRUE(!get(c, question(DNS_MX, "a.example"), &a));
	/* RFC 1035 3.2.1: zero means for this transaction only. */
	put(c, question(DNS_MX, "b.example"), DNS_OK, 0, 1, 4);
	T_TRUE(!get(c, question(DNS_MX, "b.example"), &a));
	/* "No such name" is an answer, kept for its time. */
	put(c, question(DNS_MX, "c.example"), DNS_NXDOMAIN, 60, 0, 0);
	T_TRUE(get(c, question(DNS_MX, "c.example"), &a));
	T_INT(a.status, DNS_NXDOMAIN);
	cache_free(&c);
}

static void
time_is_over(void **state)
{
	struct cache *c = cache_new();
	static struct dns_answer a;

	(void)state;
	put(c, question(DNS_MX, "a.example"), DNS_OK, 1, 1, 4);
	put(c, question(DNS_MX, "b.example"), DNS_OK, 100, 1, 4);
	T_TRUE(get(c, question(DNS_MX, "a.example"), &a));
	clock_sleep_ms(1050);
	T_TRUE(!get(c, question(DNS_MX, "a.example"), &a));
	T_TRUE(get(c, question(DNS_MX, "b.example"), &a));
	T_TRUE(a.ttl_s <= 98);
	cache_free(&c);
}

static void
bounded(void **state)
{
	struct cache *c = cache_new();
	static struct dns_answer a;
	char name[32];
	size_t kept = 0;

	(void)state;
	for (unsigned i = 0; i < 2 * RESOLVE_CACHE_MAX + 5; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		put(c, question(DNS_MX, name), DNS_OK, 300, 1, 4);
		T_TRUE(get(c, question(DNS_MX, name), &a));
	}
	for (unsigned i = 0; i < 2 * RESOLVE_CACHE_MAX + 5; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		kept += get(c, question(DNS_MX, name), &a);
	}
	T_TRUE(kept > 0 && kept <= RESOLVE_CACHE_MAX);
	cache_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_was_put),
		cmocka_unit_test(not_kept),
		cmocka_unit_test(time_is_over),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
