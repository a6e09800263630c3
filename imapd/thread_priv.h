/*
 * thread_priv - what thread.c, thread_join.c, thread_order.c and thread_table.c
 * share.  Pure.
 */
#ifndef IMAPD_THREAD_PRIV_H
#define IMAPD_THREAD_PRIV_H

#include "base/base.h"
#include "base/hash.h"
#include "imapd/thread.h"

#define THREAD_OWN	0x80000000U	/* in refs: a message begins here */

struct thread_node {
	int64_t	 date_s;
	uint64_t subject;	/* hash; 0: empty */
	uint32_t seq;		/* 0: a dummy */
	uint32_t up;		/* parent, or 0 */
	uint32_t top;		/* on the way to the top of the tree */
	uint32_t child, next;	/* after thread_build(): first child, sibling */
	uint32_t order;		/* of the message among all */
	uint32_t children;	/* of a dummy, while pruning */
	bool	 reply;
};

/* From hashes to nodes; 0 is no hash. */
struct thread_table {
	struct thread_slot { uint64_t key; uint32_t node; } *v;
	size_t n, size;
};

/* What is sorted, small and in one place. */
struct thread_key {
	int64_t	 date_s;
	uint32_t seq, node;
};

struct thread {
	enum thread_kind kind;
	uint8_t	seed[16];
	struct thread_node *v;
	uint32_t n, size;
	uint32_t messages;
	struct thread_table ids;
	uint32_t *refs;		/* a message | THREAD_OWN, its references */
	size_t	refs_n, refs_size;
	struct thread_key *sorted;	/* all messages by date */
	size_t	sorted_n;
	struct thread_key *roots;	/* as told */
	size_t	roots_n;
};

/* A new dummy. */
uint32_t thread_node(struct thread *t);

void	thread_table_init(struct thread_table *table);
void	thread_table_fini(struct thread_table *table);
/* The place of its node, 0 if it is new; valid until the next call. */
uint32_t *thread_table_place(struct thread_table *table, uint64_t key);

/* t->sorted. */
void	thread_sort_messages(struct thread *t);
/* From the parents: children in order, and t->roots. */
void	thread_build(struct thread *t);
/* Step 5: parents only. */
void	thread_join_subjects(struct thread *t);

#endif
