/*
 * folder_history - see folder_modseq.h: which messages were expunged is read
 * from the index when somebody asks, and when a new snapshot takes it over; no
 * session holds it.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"
#include "os/fd.h"
#include "store/folder_modseq.h"
#include "store/folder_priv.h"

uint64_t
history_sum(const struct index_head *h, struct span text)
{
	struct sum64 s;

	sum64_init(&s);
	sum64_add(&s, &h->generation, sizeof(h->generation));
	sum64_add(&s, text.p, text.n);
	return sum64_end(&s);
}

/* What the snapshot says. */
static bool
read_base(const struct index_base *b, struct history *h)
{
	size_t n = (size_t)b->head.gone * HISTORY_OCTETS;
	struct buf text;
	char *to;
	bool ok;

	if (n == 0)
		return true;
	buf_init(&text, HISTORY_MAX * HISTORY_OCTETS);
	to = buf_room(&text, n);
	ok = to != NULL && fd_pread_all(b->fd, to, n,
	    index_gone_at(&b->head)) == 0;
	if (ok) {
		buf_grown(&text, n);
		ok = history_sum(&b->head, buf_span(&text)) ==
		    b->head.gone_sum && history_get(h, buf_span(&text));
	}
	buf_fini(&text);
	return ok;
}

static bool
pass_message(void *ctx, const struct message *m)
{
	(void)ctx;
	(void)m;
	return true;
}

static bool
pass_state(void *ctx, const struct index_state *s)
{
	(void)ctx;
	(void)s;
	return true;
}

static bool
add_gone(void *ctx, uint32_t uid, uint64_t modseq)
{
	history_add(ctx, uid, modseq);
	return true;
}

/* What the log says, as far as this session has read it. */
static bool
read_log(const struct folder_index *ix, struct history *h)
{
	const struct index_log_reader r = { .message = pass_message,
	    .gone = add_gone, .state = pass_state, .ctx = h };
	size_t n = (size_t)ix->log_at - INDEX_LOG_HEAD, good = 0;
	struct buf text;
	char *to;
	bool ok;

	if (n == 0)
		return true;
	buf_init(&text, INDEX_LOG_MAX);
	to = buf_room(&text, n);
	ok = to != NULL && fd_pread_all(ix->log_fd, to, n,
	    INDEX_LOG_HEAD) == 0;
	if (ok) {
		buf_grown(&text, n);
		ok = index_log_each(buf_span(&text),
		    ix->base.head.generation, &r, &good) && good == n;
	}
	buf_fini(&text);
	return ok;
}

void
index_history(struct folder *f, struct history *h)
{
	const struct folder_index *ix = &f->index;

	h->forgot = ix->forgot;
	if (!ix->loaded || ix->base.fd < 0 || ix->log_fd < 0 ||
	    !read_base(&ix->base, h) || !read_log(ix, h))
		history_forget(h, ix->modseq);
}

uint64_t
folder_modseq(const struct folder *f)
{
	return f->index.off || !f->index.loaded ? 0 : f->index.modseq;
}

uint64_t
folder_message_modseq(struct folder *f, uint32_t uid)
{
	size_t i = columns_at(&f->cols, uid);
	const struct message *m = NULL;

	if (i < f->cols.n && f->cols.uid[i] == uid)
		m = folder_whole(f, i);
	return m == NULL ? 0 : m->modseq;
}

void
uid_runs_init(struct uid_runs *r)
{
	*r = (struct uid_runs){ .n = 0 };
}

void
uid_runs_fini(struct uid_runs *r)
{
	free(r->v);
	uid_runs_init(r);
}

static int
compare(const void *a, const void *b)
{
	const struct uid_run *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorted, and what overlaps or touches becomes one. */
static void
join(struct uid_runs *r)
{
	size_t to = 0;

	if (r->n == 0)
		return;
	qsort(r->v, r->n, sizeof(r->v[0]), compare);
	for (size_t i = 1; i < r->n; i++) {
		if (r->v[i].first <= r->v[to].last ||
		    r->v[i].first - 1 == r->v[to].last) {
			if (r->v[to].last < r->v[i].last)
				r->v[to].last = r->v[i].last;
		} else
			r->v[++to] = r->v[i];
	}
	r->n = to + 1;
}

bool
folder_gone_since(struct folder *f, uint64_t since, struct uid_runs *out)
{
	struct history h;
	size_t i;
	bool known;

	out->n = 0;
	history_init(&h);
	index_history(f, &h);
	known = since >= h.forgot;
	i = history_since(&h, since);
	if (known && h.n > i) {
		out->size = h.n - i;
		out->v = xreallocarray(out->v, out->size, sizeof(out->v[0]));
		for (; i < h.n; i++)
			out->v[out->n++] = (struct uid_run){ h.v[i].first,
				h.v[i].last };
		join(out);
	}
	history_fini(&h);
	return known;
}
