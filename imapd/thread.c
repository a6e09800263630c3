/*
 * thread - see thread.h.
 * Every message and every identifier that is referred to is a node; a node
 * without a message is a dummy.  All nodes are there before the first link is
 * made, so a message's own references decide about its parent at once and no
 * link is ever taken back: a table of tops with shortened ways says whether a
 * link would make a loop, however long the chains are that somebody sends.
 *
 * The links are then the whole structure.  Dummies inside the trees are passed
 * over (step 3), threads with one subject are joined (step 5), and one sort of
 * all messages by date puts each set of siblings in order (step 6).
 *
 * Identifiers and subjects are kept as 64-bit hashes under a secret key.
 */
#include "imapd/thread.h"

#include <stdlib.h>

#include "base/bug.h"
#include "imapd/thread_priv.h"

struct thread *
thread_new(enum thread_kind kind, const uint8_t seed[16])
{
	struct thread *t = xcalloc(1, sizeof(*t));

	t->kind = kind;
	for (size_t i = 0; i < sizeof(t->seed); i++)
		t->seed[i] = seed[i];
	thread_table_init(&t->ids);
	(void)thread_node(t);	/* place 0 is none */
	return t;
}

void
thread_free(struct thread **t)
{
	if (*t == NULL)
		return;
	thread_table_fini(&(*t)->ids);
	free((*t)->refs);
	free((*t)->sorted);
	free((*t)->roots);
	free((*t)->v);
	free(*t);
	*t = NULL;
}

uint32_t
thread_node(struct thread *t)
{
	if (t->n == t->size) {
		t->size = t->size > 0 ? t->size * 2 : 256;
		t->v = xreallocarray(t->v, t->size, sizeof(t->v[0]));
	}
	t->v[t->n] = (struct thread_node){ .top = t->n };
	return t->n++;
}

static void
add_ref(struct thread *t, uint32_t node)
{
	if (t->refs_n == t->refs_size) {
		t->refs_size = t->refs_size > 0 ? t->refs_size * 2 : 256;
		t->refs = xreallocarray(t->refs, t->refs_size,
		    sizeof(t->refs[0]));
	}
	t->refs[t->refs_n++] = node;
}

static uint64_t
hash(const struct thread *t, struct span s)
{
	return s.n == 0 ? 0 : siphash(t->seed, s.p, s.n) | 1;
}

/* Of that identifier; made as a dummy where there is none. */
static uint32_t
node_of(struct thread *t, struct span id)
{
	uint32_t *place = thread_table_place(&t->ids, hash(t, id));

	if (*place == 0) {
		*place = t->n;
		(void)thread_node(t);
	}
	return *place;
}

void
thread_add(struct thread *t, const struct thread_message *m)
{
	uint32_t at = m->id.n > 0 ? node_of(t, m->id) : thread_node(t);

	/* Step 1.A: the identifier belongs to the first that has it. */
	if (t->v[at].seq != 0)
		at = thread_node(t);
	t->v[at].seq = m->seq;
	t->v[at].date_s = m->date_s;
	t->v[at].subject = hash(t, m->subject);
	t->v[at].reply = m->reply;
	t->v[at].order = t->messages++;
	add_ref(t, at | THREAD_OWN);
}

void
thread_refer(struct thread *t, struct span id)
{
	add_ref(t, node_of(t, id));
}

bool
thread_is_full(const struct thread *t)
{
	return t->refs_n - t->messages >= THREAD_REFERENCES_MAX;
}

/* The end of the way up. */
static uint32_t
top_of(struct thread *t, uint32_t at)
{
	uint32_t top = at, next;

	while (t->v[top].top != top)
		top = t->v[top].top;
	for (; at != top; at = next) {
		next = t->v[at].top;
		t->v[at].top = top;
	}
	return top;
}

static void
link_to(struct thread *t, uint32_t parent, uint32_t child)
{
	if (top_of(t, parent) == child)
		return;		/* a loop */
	t->v[child].up = parent;
	t->v[child].top = parent;
}

/* Step 1.A: one reference and the next. */
static void
link_refs(struct thread *t, uint32_t before, uint32_t ref, uint32_t order)
{
	const struct thread_node *n = &t->v[ref];

	/* A message that is still to come brings its own parent. */
	if (before != 0 && before != ref && n->up == 0 &&
	    (n->seq == 0 || n->order < order))
		link_to(t, before, ref);
}

/* Step 1: the messages in their order, each with its references. */
static void
link_all(struct thread *t)
{
	uint32_t self, before, order;
	size_t i = 0;

	while (i < t->refs_n) {
		self = t->refs[i++] & ~THREAD_OWN;
		order = t->v[self].order;
		for (before = 0; i < t->refs_n &&
		    (t->refs[i] & THREAD_OWN) == 0; i++) {
			link_refs(t, before, t->refs[i], order);
			before = t->refs[i];
		}
		if (before != 0 && before != self)
			link_to(t, before, self);	/* 1.B */
	}
}

/* Of dummies: the message above, or the dummy at the very top. */
static uint32_t
above(struct thread *t, uint32_t at)
{
	uint32_t end = at, next;

	while (t->v[end].seq == 0 && t->v[end].up != 0)
		end = t->v[end].up;
	for (; at != end; at = next) {
		next = t->v[at].up;
		t->v[at].up = end;
	}
	return end;
}

/* Step 3. */
static void
prune(struct thread *t)
{
	for (uint32_t i = 1; i < t->n; i++) {
		struct thread_node *n = &t->v[i];

		if (n->seq == 0 || n->up == 0)
			continue;
		n->up = above(t, n->up);
		if (t->v[n->up].seq == 0)
			t->v[n->up].children++;
	}
	/* One child alone takes the place of its dummy. */
	for (uint32_t i = 1; i < t->n; i++) {
		struct thread_node *n = &t->v[i];

		if (n->seq != 0 && n->up != 0 && t->v[n->up].seq == 0 &&
		    t->v[n->up].children == 1)
			n->up = 0;
	}
}

/* ORDEREDSUBJECT: the first of each subject is the parent of the others. */
static void
by_subject(struct thread *t)
{
	struct thread_table first;
	uint32_t *place;

	thread_table_init(&first);
	for (size_t i = 0; i < t->sorted_n; i++) {
		struct thread_node *n = &t->v[t->sorted[i].node];

		/* The empty subject is a subject. */
		place = thread_table_place(&first,
		    n->subject != 0 ? n->subject : 2);
		if (*place == 0)
			*place = t->sorted[i].node;
		else
			n->up = *place;
	}
	thread_table_fini(&first);
}

void
thread_finish(struct thread *t)
{
	thread_sort_messages(t);
	if (t->kind == THREAD_ORDEREDSUBJECT)
		by_subject(t);
	else {
		link_all(t);
		prune(t);
	}
	if (t->kind == THREAD_REFERENCES) {
		thread_build(t);	/* step 4 */
		thread_join_subjects(t);
	}
	thread_build(t);
}
