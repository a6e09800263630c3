/*
 * heap - the smallest key first, of equal keys the one that was put there first.
 * Each item carries its place in the heap (struct heap_node), so that it can be
 * removed or moved from the middle.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include "base/base.h"

struct heap_node {
	int64_t key;
	uint64_t turn;	/* among equal keys */
	size_t	at;	/* index + 1; 0: in no heap */
};

struct heap {
	struct heap_node **v;
	size_t n, size;
	uint64_t turns;		/* given so far */
};

void	heap_init(struct heap *h);
void	heap_fini(struct heap *h);	/* frees the array, not the nodes */
/* A node that is in h already is moved, if the key is another one. */
void	heap_put(struct heap *h, struct heap_node *node, int64_t key);
/* Nothing happens if node is in no heap. */
void	heap_del(struct heap *h, struct heap_node *node);
struct heap_node *heap_first(const struct heap *h);	/* NULL: empty */
struct heap_node *heap_take(struct heap *h);
#define HEAP_ITEM(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

#endif
