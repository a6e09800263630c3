/*
 * heap - see heap.h.
 * The usual binary heap in an array; every move of a node also writes its
 * new place into the node.  All operations take logarithmic time; the array
 * doubles and never shrinks.  A number that grows with each put tells nodes of
 * equal key apart.
 */
#include "base/heap.h"

#include <stdlib.h>

#include "base/bug.h"

#define FIRST_SIZE	16	/* nodes */

void
heap_init(struct heap *h)
{
	*h = (struct heap){ .n = 0 };
}

void
heap_fini(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->v[i]->at = 0;
	free(h->v);
	heap_init(h);
}

static bool
before(const struct heap_node *a, const struct heap_node *b)
{
	return a->key != b->key ? a->key < b->key : a->turn < b->turn;
}

static void
place(struct heap *h, size_t i, struct heap_node *node)
{
	h->v[i] = node;
	node->at = i + 1;
}

/* Put node where it belongs on the way from i to the root. */
static void
rise(struct heap *h, size_t i, struct heap_node *node)
{
	while (i > 0 && before(node, h->v[(i - 1) / 2])) {
		place(h, i, h->v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, node);
}

/* Put node where it belongs on the way from i to the leaves. */
static void
sink(struct heap *h, size_t i, struct heap_node *node)
{
	size_t child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n &&
		    before(h->v[child + 1], h->v[child]))
			child++;
		if (before(node, h->v[child]))
			break;
		place(h, i, h->v[child]);
		i = child;
	}
	place(h, i, node);
}

static void
settle(struct heap *h, size_t i, struct heap_node *node)
{
	if (i > 0 && before(node, h->v[(i - 1) / 2]))
		rise(h, i, node);
	else
		sink(h, i, node);
}

static void
check_own(const struct heap *h, const struct heap_node *node)
{
	if (node->at > h->n || h->v[node->at - 1] != node)
		bug("heap node at %zu is not in this heap", node->at);
}

void
heap_put(struct heap *h, struct heap_node *node, int64_t key)
{
	if (node->at != 0) {
		check_own(h, node);
		if (node->key == key)
			return;
		node->key = key;
		node->turn = ++h->turns;
		settle(h, node->at - 1, node);
		return;
	}
	if (h->n == h->size) {
		h->size = h->size > 0 ? 2 * h->size : FIRST_SIZE;
		h->v = xreallocarray(h->v, h->size, sizeof(h->v[0]));
	}
	node->key = key;
	node->turn = ++h->turns;
	h->n++;
	rise(h, h->n - 1, node);
}

void
heap_del(struct heap *h, struct heap_node *node)
{
	size_t i = node->at;
	struct heap_node *last;

	if (i == 0)
		return;
	check_own(h, node);
	node->at = 0;
	last = h->v[--h->n];
	if (last != node)
		settle(h, i - 1, last);
}

struct heap_node *
heap_first(const struct heap *h)
{
	return h->n > 0 ? h->v[0] : NULL;
}

struct heap_node *
heap_take(struct heap *h)
{
	struct heap_node *first = heap_first(h);

	if (first != NULL)
		heap_del(h, first);
	return first;
}
