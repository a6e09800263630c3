/* heap: against the sorted order, with nodes moved and taken from inside. */
#include "t.h"

#include "base/heap.h"

#define NODES	500

/* A fixed sequence of numbers without pattern (xorshift32). */
static uint32_t
next(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void
in_order(void **state)
{
	static struct heap_node nodes[NODES];
	struct heap h;
	uint32_t x = 1;
	size_t left = NODES;

	(void)state;
	heap_init(&h);
	T_TRUE(heap_first(&h) == NULL && heap_take(&h) == NULL);
	for (size_t i = 0; i < NODES; i++)
		heap_put(&h, &nodes[i], (int64_t)(next(&x) % 100) - 50);
	for (size_t i = 0; i < NODES; i += 3)	/* move */
		heap_put(&h, &nodes[i], (int64_t)(next(&x) % 100) - 50);
	for (size_t i = 0; i < NODES; i += 7) {	/* take from inside */
		heap_del(&h, &nodes[i]);
		heap_del(&h, &nodes[i]);	/* is in no heap: nothing */
		T_INT(nodes[i].at, 0);
		left--;
	}
	T_INT(h.n, left);
	for (int64_t last = INT64_MIN; left > 0; left--) {
		struct heap_node *first = heap_first(&h);
		struct heap_node *node = heap_take(&h);

		T_TRUE(node != NULL && node == first);
		T_TRUE(node->key >= last);
		T_INT(node->at, 0);
		last = node->key;
	}
	T_TRUE(heap_take(&h) == NULL);
	heap_put(&h, &nodes[0], INT64_MAX);
	heap_put(&h, &nodes[1], INT64_MIN);
	T_TRUE(heap_first(&h) == &nodes[1]);
	heap_fini(&h);
	T_INT(nodes[0].at, 0);
}

/* Equal keys: in the order in which they came, whatever came between. */
static void
equals(void **state)
{
	static struct heap_node nodes[NODES];
	struct heap h;
	uint32_t x = 1;

	(void)state;
	heap_init(&h);
	for (size_t i = 0; i < NODES; i++)
		heap_put(&h, &nodes[i], i % 5 == 0 ? 1 : 2);
	for (size_t i = 0; i < NODES; i += 5)	/* to the end of the others */
		heap_put(&h, &nodes[i], 2);
	for (size_t i = 1; i < NODES; i += 5)	/* stay where they are */
		heap_put(&h, &nodes[i], 2);
	for (size_t i = 0; i < NODES; i++)
		if (i % 5 != 0 && next(&x) % 2 == 0)
			heap_del(&h, &nodes[i]);
	for (size_t i = 0; i < NODES; i++)
		if (i % 5 != 0 && nodes[i].at != 0)
			T_TRUE(heap_take(&h) == &nodes[i]);
	for (size_t i = 0; i < NODES; i += 5)
		T_TRUE(heap_take(&h) == &nodes[i]);
	T_TRUE(heap_take(&h) == NULL);
	heap_fini(&h);
}

static void
item(void **state)
{
	struct thing { int a; struct heap_node node; } t = { .a = 5 };
	struct heap_node *node = &t.node;

	(void)state;
	T_TRUE(HEAP_ITEM(node, struct thing, node) == &t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(equals),
		cmocka_unit_test(item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
