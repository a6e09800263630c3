/*
 * thread_join - threads that have one subject become one (RFC 5256 section 3,
 * REFERENCES, step 5).
 */
#include "imapd/thread_priv.h"

/* 5.B.i */
static uint64_t
subject_of(const struct thread *t, uint32_t root)
{
	const struct thread_node *n = &t->v[root];

	return n->seq != 0 ? n->subject : t->v[n->child].subject;
}

static bool
is_dummy(const struct thread *t, uint32_t node)
{
	return t->v[node].seq == 0;
}

/* 5.B.iv: whether a root takes the place of the one in the table. */
static bool
is_better(const struct thread *t, uint32_t root, uint32_t than)
{
	return !is_dummy(t, than) && (is_dummy(t, root) ||
	    (t->v[than].reply && !t->v[root].reply));
}

static void
populate(const struct thread *t, struct thread_table *table)
{
	for (size_t i = 0; i < t->roots_n; i++) {
		uint32_t root = t->roots[i].node, *place;
		uint64_t subject = subject_of(t, root);

		if (subject == 0)
			continue;
		place = thread_table_place(table, subject);
		if (*place == 0 || is_better(t, root, *place))
			*place = root;
	}
}

/* 5.C for a root that is not the one in the table. */
static void
join(struct thread *t, uint32_t root, uint32_t *place)
{
	uint32_t with = *place, dummy;

	if (is_dummy(t, with) && is_dummy(t, root)) {
		for (uint32_t c = t->v[root].child; c != 0; c = t->v[c].next)
			t->v[c].up = with;
	} else if (is_dummy(t, with) ||
	    (t->v[root].reply && !t->v[with].reply)) {
		t->v[root].up = with;
	} else {
		dummy = thread_node(t);
		t->v[root].up = dummy;
		t->v[with].up = dummy;
		*place = dummy;
	}
}

void
thread_join_subjects(struct thread *t)
{
	struct thread_table table;

	thread_table_init(&table);
	populate(t, &table);
	for (size_t i = 0; i < t->roots_n; i++) {
		uint32_t root = t->roots[i].node, *place;
		uint64_t subject = subject_of(t, root);

		if (subject == 0)
			continue;
		place = thread_table_place(&table, subject);
		if (*place != root)
			join(t, root, place);
	}
	thread_table_fini(&table);
}
