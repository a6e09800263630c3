/*
 * hash: SipHash against the vectors of its authors, sum64 against a second,
 * octet by octet SipHash that is itself held against them, and the table.
 */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static const uint8_t key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15 };

/* The paper's definition, as plainly as it can be written. */
static uint64_t
reference(const uint8_t k[16], const uint8_t *p, size_t n, int c, int d)
{
	uint64_t k0 = 0, k1 = 0, w;
	uint64_t v0, v1, v2, v3;

	for (unsigned i = 0; i < 8; i++) {
		k0 |= (uint64_t)k[i] << 8 * i;
		k1 |= (uint64_t)k[8 + i] << 8 * i;
	}
	v0 = k0 ^ UINT64_C(0x736f6d6570736575);
	v1 = k1 ^ UINT64_C(0x646f72616e646f6d);
	v2 = k0 ^ UINT64_C(0x6c7967656e657261);
	v3 = k1 ^ UINT64_C(0x7465646279746573);
	for (size_t word = 0; word <= n / 8 + 1; word++) {
		int rounds = word <= n / 8 ? c : d;

		w = 0;
		for (size_t i = 0; word <= n / 8 && i < 8; i++) {
			if (8 * word + i < n)
				w |= (uint64_t)p[8 * word + i] << 8 * i;
			else if (i == 7)
				w |= (uint64_t)(n & 255) << 56;
		}
		if (word > n / 8)
			v2 ^= 0xff;
		v3 ^= w;
		for (; rounds > 0; rounds--) {
			v0 += v1; v1 = v1 << 13 | v1 >> 51; v1 ^= v0;
			v0 = v0 << 32 | v0 >> 32;
			v2 += v3; v3 = v3 << 16 | v3 >> 48; v3 ^= v2;
			v0 += v3; v3 = v3 << 21 | v3 >> 43; v3 ^= v0;
			v2 += v1; v1 = v1 << 17 | v1 >> 47; v1 ^= v2;
			v2 = v2 << 32 | v2 >> 32;
		}
		v0 ^= w;
	}
	return v0 ^ v1 ^ v2 ^ v3;
}

/*
 * SipHash-2-4: key 00..0f, message 00..n-1.  n = 15 is the example of the
 * paper's appendix A, the others stand in the authors' vectors.h.
 */
static void
siphash_vectors(void **state)
{
	static const struct { size_t n; uint64_t want; } cases[] = {
		{ 0,  UINT64_C(0x726fdb47dd0e0e31) },
		{ 1,  UINT64_C(0x74f839c593dc67fd) },
		{ 2,  UINT64_C(0x0d6c8009d9a94f5a) },
		{ 3,  UINT64_C(0x85676696d7fb7e2d) },
		{ 4,  UINT64_C(0xcf2794e0277187b7) },
		{ 5,  UINT64_C(0x18765564cd99a68d) },
		{ 6,  UINT64_C(0xcbc9466e58fee3ce) },
		{ 7,  UINT64_C(0xab0200f58b01d137) },
		{ 8,  UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
	};
	uint8_t message[300];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(cases); i++) {
		T_TRUE(siphash(key, message, cases[i].n) == cases[i].want);
		T_TRUE(reference(key, message, cases[i].n, 2, 4) ==
		    cases[i].want);
	}
	for (size_t n = 0; n < sizeof(message); n++)
		T_TRUE(siphash(key, message, n) ==
		    reference(key, message, n, 2, 4));
	T_TRUE(siphash(key, NULL, 0) == cases[0].want);
	/* SipHash-1-3 of nothing, from Rust's tests of its core library. */
	T_TRUE(reference(key, message, 0, 1, 3) ==
	    UINT64_C(0xabac0158050fc4dc));
}

/* The key of sum64 is part of the queue file format. */
static void
sum64_pieces(void **state)
{
	static const uint8_t sum_key[16] = "paquebot sum 01";
	uint8_t message[300];
	struct sum64 s;

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 37);
	for (size_t n = 0; n < sizeof(message); n++) {
		uint64_t want = reference(sum_key, message, n, 1, 3);

		for (size_t cut = 0; cut <= n; cut += 1 + n / 40) {
			sum64_init(&s);
			sum64_add(&s, message, cut);
			(void)sum64_end(&s);	/* may go on after it */
			sum64_add(&s, message + cut, n - cut);
			T_TRUE(sum64_end(&s) == want);
			T_TRUE(sum64_end(&s) == want);
		}
		sum64_init(&s);
		for (size_t i = 0; i < n; i++)
			sum64_add(&s, message + i, 1);
		sum64_add(&s, NULL, 0);
		T_TRUE(sum64_end(&s) == want);
	}
}

static void
count_entry(struct span name, void *value, void *ctx)
{
	size_t *sum = ctx;

	T_TRUE(name.n > 0);
	*sum += *(int *)value > 0;
}

static void
table(void **state)
{
	struct hash *h = hash_new(1000, key);
	static int values[1001];
	char name[16];
	size_t seen = 0;

	(void)state;
	for (int i = 0; i <= 1000; i++) {
		int n = snprintf(name, sizeof(name), "key%d", i);

		values[i] = i + 1;
		T_INT(hash_put(h, span_of(name, (size_t)n), &values[i]),
		    i < 1000 ? 0 : -1);		/* full at the cap */
	}
	T_INT(hash_count(h), 1000);
	hash_each(h, count_entry, &seen);
	T_INT(seen, 1000);
	T_TRUE(hash_get(h, SPAN_LIT("key999")) == &values[999]);
	T_TRUE(hash_get(h, SPAN_LIT("key1000")) == NULL);
	T_TRUE(hash_get(h, SPAN_LIT("key99\0")) == NULL);
	T_TRUE(hash_del(h, SPAN_LIT("key7")) == &values[7]);
	T_TRUE(hash_del(h, SPAN_LIT("key7")) == NULL);
	T_TRUE(hash_get(h, SPAN_LIT("key7")) == NULL);
	T_INT(hash_put(h, SPAN_LIT("key8"), &values[7]), -1);	/* is there */
	T_TRUE(hash_get(h, SPAN_LIT("key8")) == &values[8]);
	T_INT(hash_put(h, SPAN_NONE, &values[7]), 0);
	T_TRUE(hash_get(h, SPAN_LIT("")) == &values[7]);
	hash_free(&h, NULL);
	T_TRUE(h == NULL);
	hash_free(&h, NULL);
}

static void
values_are_freed(void **state)
{
	struct hash *h = hash_new(10, key);

	(void)state;
	T_INT(hash_put(h, SPAN_LIT("a"), malloc(1)), 0);
	T_INT(hash_put(h, SPAN_LIT("b\0c"), malloc(1)), 0);
	hash_free(&h, free);	/* the leak checker looks at the rest */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_vectors),
		cmocka_unit_test(sum64_pieces),
		cmocka_unit_test(table),
		cmocka_unit_test(values_are_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
