/*
 * pace: bursts of twice the rate, networks apart from each other and bounded,
 * loopback free, one line a second.
 */
#include "net/pace.h"

#include "t.h"

static struct sock_addr
addr(const char *text)
{
	struct sock_addr a;

	T_TRUE(sock_parse_ip(span_str(text), &a) == 0);
	return a;
}

/* How many in a row are allowed, and how many refusals are to be said. */
static unsigned
run(struct pace *p, const char *text, unsigned n, unsigned *said)
{
	struct sock_addr a = addr(text);
	unsigned yes = 0;

	*said = 0;
	for (unsigned i = 0; i < n; i++) {
		bool say = false;

		if (pace_allow(p, &a, &say))
			yes++;
		*said += say;
	}
	return yes;
}

static void
test_networks(void **state)
{
	struct pace *p = pace_new(10);
	unsigned said;

	(void)state;
	/* A slow machine may bring one or the other more. */
	T_TRUE(run(p, "192.0.2.1", 1000, &said) < 500);
	T_TRUE(said >= 1);
	T_TRUE(run(p, "192.0.2.200", 100, &said) < 50);	/* the same /24 */
	T_TRUE(run(p, "192.0.3.1", 20, &said) == 20);
	T_TRUE(run(p, "2001:db8:1::1", 20, &said) == 20);
	T_TRUE(run(p, "2001:db8:1:ffff::2", 100, &said) < 50);
	T_TRUE(run(p, "2001:db8:2::1", 20, &said) == 20);
	T_TRUE(run(p, "127.0.0.1", 1000, &said) == 1000 && said == 0);
	pace_free(&p);
	p = pace_new(0);
	T_TRUE(run(p, "192.0.2.1", 1000, &said) == 1000);
	pace_free(&p);
}

static void
test_bound(void **state)
{
	struct pace *p = pace_new(1);
	unsigned said;
	char ip[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(ip, sizeof(ip), "10.%d.%d.1", i / 256, i % 256);
		T_TRUE(run(p, ip, 1, &said) == 1);
	}
	pace_free(&p);
	T_TRUE(p == NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
