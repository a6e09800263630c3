/*
 * thread_order - siblings in the order of their dates, and threads as text.
 * All messages are sorted once; children are then hung before each other from
 * the last to the first.  Trees are walked without recursion: a thread may be
 * as deep as there are messages.
 */
#include "imapd/thread_priv.h"

#include <stdlib.h>

#include "base/bug.h"
#include "imapd/limits.h"

/* RFC 5256 2.2: what is equally old stays in the order of the mailbox. */
static int
compare(const void *a, const void *b)
{
	const struct thread_key *x = a, *y = b;

	if (x->date_s != y->date_s)
		return x->date_s < y->date_s ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
sort(struct thread_key *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(v[0]), compare);
}

void
thread_sort_messages(struct thread *t)
{
	t->sorted = xreallocarray(NULL, (size_t)t->messages + 1,
	    sizeof(t->sorted[0]));
	for (uint32_t i = 1; i < t->n; i++)
		if (t->v[i].seq != 0)
			t->sorted[t->sorted_n++] = (struct thread_key){
				t->v[i].date_s, t->v[i].seq, i };
	sort(t->sorted, t->sorted_n);
}

static void
add_root(struct thread *t, struct thread_key key, uint32_t node)
{
	key.node = node;
	t->roots[t->roots_n++] = key;
}

/*
 * REFS: threads in the order of their last message, which stands first in a
 * walk from the end.  top is free for it now.
 */
static void
roots_by_last(struct thread *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		t->v[i].top = 0;
	for (size_t i = t->sorted_n; i > 0; i--) {
		uint32_t at = t->sorted[i - 1].node;

		/* Up to where an earlier walk has been. */
		while (t->v[at].top == 0) {
			t->v[at].top = 1;
			if (t->v[at].up == 0) {
				add_root(t, t->sorted[i - 1], at);
				break;
			}
			at = t->v[at].up;
		}
	}
}

/* A thread's date is that of its first message (step 4). */
static void
roots_by_first(struct thread *t)
{
	for (size_t i = t->sorted_n; i > 0; i--) {
		const struct thread_key *key = &t->sorted[i - 1];
		uint32_t up = t->v[key->node].up;

		if (up == 0)
			add_root(t, *key, key->node);
		else if (t->v[up].seq == 0 && t->v[up].child == key->node)
			add_root(t, *key, up);
	}
}

void
thread_build(struct thread *t)
{
	free(t->roots);
	t->roots_n = 0;
	t->roots = xreallocarray(NULL, t->sorted_n + 1, sizeof(t->roots[0]));
	for (uint32_t i = 0; i < t->n; i++)
		t->v[i].child = t->v[i].next = 0;
	for (size_t i = t->sorted_n; i > 0; i--) {
		uint32_t at = t->sorted[i - 1].node, up = t->v[at].up;

		if (up == 0)
			continue;
		t->v[at].next = t->v[up].child;
		t->v[up].child = at;
	}
	if (t->kind == THREAD_REFS)
		roots_by_last(t);
	else
		roots_by_first(t);
	sort(t->roots, t->roots_n);
}

static bool
is_split(const struct thread *t, uint32_t at)
{
	uint32_t child = t->v[at].child;

	return child != 0 && t->v[child].next != 0;
}

/* From the end of a branch to the next one; 0: the thread is at its end. */
static uint32_t
next_branch(const struct thread *t, uint32_t at, uint32_t root,
    struct buf *out)
{
	while (at != root) {
		uint32_t up = t->v[at].up;

		if (is_split(t, up))
			buf_add_char(out, ')');
		if (t->v[at].next != 0) {
			buf_add_char(out, '(');
			return t->v[at].next;
		}
		at = up;
	}
	return 0;
}

static void
put_one(const struct thread *t, uint32_t root,
    const struct thread_sink *sink, struct buf *out)
{
	uint32_t at = root;

	buf_add_char(out, '(');
	while (at != 0) {
		const struct thread_node *n = &t->v[at];

		if (n->seq != 0)
			buf_add_u64(out, sink->number(n->seq, sink->ctx));
		if (n->seq != 0 && n->child != 0)
			buf_add_char(out, ' ');
		if (is_split(t, at))
			buf_add_char(out, '(');
		at = n->child != 0 ? n->child : next_branch(t, at, root, out);
		if (out->n < IMAP_PIECE / 2)
			continue;
		sink->put(buf_span(out), sink->ctx);
		buf_clear(out);
	}
	buf_add_char(out, ')');
}

void
thread_put(const struct thread *t, const struct thread_sink *sink)
{
	struct buf out;

	/* The end of a deep thread is as many brackets as it has levels. */
	buf_init(&out, IMAP_ANSWER_MAX);
	for (size_t i = 0; i < t->roots_n; i++)
		put_one(t, t->roots[i].node, sink, &out);
	sink->put(buf_span(&out), sink->ctx);
	buf_fini(&out);
}
