/* target: RFC 5321 5.1 (order, implicit MX, ourselves), RFC 7505 (null MX). */
#include "../t.h"

#include <string.h>

#include "smtp-out/target.h"

static uint32_t
last(uint32_t bound)
{
	return bound - 1;		/* a shuffle that changes nothing */
}

static uint32_t
zero(uint32_t bound)
{
	(void)bound;
	return 0;
}

struct mx { uint16_t preference; const char *host; };

static void
answer_of(struct dns_answer *a, const struct mx *v)
{
	memset(a, 0, sizeof(*a));
	a->status = v->host != NULL ? DNS_OK : DNS_NODATA;
	for (; v->host != NULL; v++) {
		struct dns_record r = { .preference = v->preference };

		span_copy_cut(span_str(v->host), r.text, sizeof(r.text));
		T_TRUE(dns_records_add(a, DNS_MX, &r) == 0);
	}
}

static void
names(const struct target_hosts *h, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < h->n; i++) {
		size_t len = strlen(h->v[i].name);

		T_TRUE(n + len + 2 < size);
		if (i > 0)
			out[n++] = ' ';
		memcpy(out + n, h->v[i].name, len + 1);
		n += len;
	}
}

static void
by_mx(void **state)
{
	static const struct { struct mx v[5]; const char *out, *esc; }
	    cases[] = {
		{ { { 20, "b" }, { 10, "a" }, { 30, "c" } }, "a b c", "" },
		{ { { 10, "a." } }, "a", "" },
		{ { { 0, NULL } }, "far.example", "" },	/* implicit MX */
		{ { { 0, "." } }, "", "5.1.10" },	/* RFC 7505 3 */
		{ { { 0, "" } }, "", "5.1.10" },
		{ { { 10, "a" }, { 20, "ME.example" }, { 20, "b" },
		    { 30, "c" } }, "a", "" },
		{ { { 10, "me.example" }, { 20, "b" } }, "", "5.4.6" },
		{ { { 10, "a" }, { 0, "." } }, "a", "" },
	};
	struct dns_answer a;
	struct target_hosts h;
	struct why why;
	char out[300];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc;

		t_case(cases[i].out);
		answer_of(&a, cases[i].v);
		rc = target_from_mx(SPAN_LIT("far.example"), &a,
		    SPAN_LIT("me.example"), last, &h, &why);
		T_INT(rc, cases[i].esc[0] == '\0' ? 0 : -1);
		if (rc != 0) {
			T_STR(span_str(why.esc), cases[i].esc);
			T_TRUE(why.kind == WHY_PERM);
			continue;
		}
		names(&h, out, sizeof(out));
		T_STR(span_str(out), cases[i].out);
	}
}

static void
equal_ones_are_shuffled(void **state)
{
	static const struct mx v[] = { { 10, "a" }, { 10, "b" }, { 5, "x" },
		{ 0, NULL } };
	struct dns_answer a;
	struct target_hosts one, two;
	struct why why;

	(void)state;
	answer_of(&a, v);
	T_TRUE(target_from_mx(SPAN_LIT("d"), &a, SPAN_LIT("me"), last, &one,
	    &why) == 0);
	T_TRUE(target_from_mx(SPAN_LIT("d"), &a, SPAN_LIT("me"), zero, &two,
	    &why) == 0);
	T_STR(span_str(one.v[0].name), "x");
	T_STR(span_str(two.v[0].name), "x");
	T_TRUE(strcmp(one.v[1].name, two.v[1].name) != 0);
}

static void
dns_trouble(void **state)
{
	static const struct { uint8_t status; enum why_kind kind;
	    const char *esc; } cases[] = {
		{ DNS_TEMPORARY, WHY_TEMP, "4.4.3" },
		{ DNS_NXDOMAIN, WHY_PERM, "5.1.2" },
	};
	struct dns_answer a;
	struct target_hosts h;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&a, 0, sizeof(a));
		a.status = cases[i].status;
		T_TRUE(target_from_mx(SPAN_LIT("d"), &a, SPAN_LIT("me"), last,
		    &h, &why) == -1);
		T_TRUE(why.kind == cases[i].kind);
		T_STR(span_str(why.esc), cases[i].esc);
	}
	/* Octets that are no records. */
	memset(&a, 0xff, sizeof(a));
	a.status = DNS_OK;
	a.records_len = 5;
	T_TRUE(target_from_mx(SPAN_LIT("d"), &a, SPAN_LIT("me"), last, &h,
	    &why) == -1);
	T_TRUE(why.kind == WHY_TEMP);
}

static void
a_thousand_hosts(void **state)
{
	struct dns_answer a;
	struct target_hosts h;
	struct why why;

	(void)state;
	memset(&a, 0, sizeof(a));
	for (unsigned i = 0; i < 10000; i++) {
		struct dns_record r = { .preference = (uint16_t)i,
			.text = "mx.example" };

		if (dns_records_add(&a, DNS_MX, &r) != 0)
			break;
	}
	T_TRUE(target_from_mx(SPAN_LIT("d"), &a, SPAN_LIT("me"), last, &h,
	    &why) == 0);
	T_INT(h.n, HOSTS_MAX);
}

static void
addresses(void **state)
{
	static const char *const v[] = { "192.0.2.1", "192.0.2.2",
		"2001:db8::1", "127.0.0.1", "::1", "0.0.0.0" };
	/* RFC 4291 2.5.5.1 and 2.5.5.2: 127.0.0.1 and 192.0.2.1, disguised */
	static const uint8_t disguised[][16] = {
		{ [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 },
		{ [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1 },
		{ [12] = 127, [15] = 1 },
	};
	struct dns_answer a;
	struct sock_addr out[ADDRESSES_MAX];
	struct target_left left;
	const struct target_rules by_mx = { .looked_up = true },
	    by_route = { .looked_up = false };

	(void)state;
	memset(&a, 0, sizeof(a));
	for (size_t i = 0; i < COUNT(v); i++) {
		struct dns_record r = { .family = 0 };
		struct sock_addr ip;

		T_TRUE(sock_parse_ip(span_str(v[i]), &ip) == 0);
		r.family = ip.family;
		memcpy(r.ip, ip.ip, sizeof(r.ip));
		T_TRUE(dns_records_add(&a, DNS_ADDRESS, &r) == 0);
	}
	for (size_t i = 0; i < COUNT(disguised); i++) {
		struct dns_record r = { .family = 6 };

		memcpy(r.ip, disguised[i], sizeof(r.ip));
		T_TRUE(dns_records_add(&a, DNS_ADDRESS, &r) == 0);
	}
	T_INT(target_addresses(&a, &by_mx, out, ADDRESSES_MAX, &left), 3);
	T_INT(left.ourselves, 6);
	T_INT(left.private, 0);
	T_INT(out[0].family, 6);
	T_INT(out[1].family, 4);
	T_INT(out[2].family, 4);
	/* A route that names a host may name this one. */
	T_INT(target_addresses(&a, &by_route, out, ADDRESSES_MAX, &left), 8);
	T_INT(left.ourselves, 1);
	T_INT(target_addresses(&a, &by_route, out, 2, &left), 2);
}

static void
private_ones(void **state)
{
	static const char *const v[] = { "10.0.0.1", "172.16.0.1",
		"172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.1.1",
		"fc00::1", "fd12::1", "fe80::1" };
	static const char *const public[] = { "11.0.0.1", "172.32.0.1",
		"172.15.0.1", "192.169.0.1", "100.128.0.1", "2001:db8::1" };
	const struct target_rules by_mx = { .looked_up = true },
	    by_route = { .looked_up = false },
	    allowed = { .looked_up = true, .private_too = true };
	struct sock_addr out[ADDRESSES_MAX];
	struct target_left left;

	(void)state;
	for (size_t i = 0; i < COUNT(v) + COUNT(public); i++) {
		bool is = i < COUNT(v);
		const char *text = is ? v[i] : public[i - COUNT(v)];
		struct dns_answer a = { .records_len = 0 };
		struct dns_record r = { .family = 0 };
		struct sock_addr ip;

		t_case(text);
		T_TRUE(sock_parse_ip(span_str(text), &ip) == 0);
		r.family = ip.family;
		memcpy(r.ip, ip.ip, sizeof(r.ip));
		T_TRUE(dns_records_add(&a, DNS_ADDRESS, &r) == 0);
		T_INT(target_addresses(&a, &by_mx, out, 1, &left), !is);
		T_INT(left.private, is);
		T_INT(left.ourselves, 0);
		T_INT(target_addresses(&a, &allowed, out, 1, &left), 1);
		T_INT(target_addresses(&a, &by_route, out, 1, &left), 1);
	}
}

static void
literals(void **state)
{
	struct target_hosts h;
	struct why why;

	(void)state;
	T_TRUE(target_is_literal(SPAN_LIT("[a]")));
	T_TRUE(!target_is_literal(SPAN_LIT("a")));
	T_TRUE(!target_is_literal(SPAN_LIT("[]")));
	T_TRUE(target_from_literal(SPAN_LIT("[mail.example]"), &h,
	    &why) == 0);
	T_STR(span_str(h.v[0].name), "mail.example");
	T_TRUE(!h.looked_up);
	T_TRUE(target_from_literal(SPAN_LIT("[IPv6:2001:db8::1]"), &h,
	    &why) == 0);
	T_STR(span_str(h.v[0].name), "2001:db8::1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_mx),
		cmocka_unit_test(equal_ones_are_shuffled),
		cmocka_unit_test(dns_trouble),
		cmocka_unit_test(a_thousand_hosts),
		cmocka_unit_test(addresses),
		cmocka_unit_test(private_ones), cmocka_unit_test(literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
