/*
 * view - see view.h.
 * Two ascending lists.  New messages have higher UIDs than all before them
 * (RFC 3501 2.3.1.1), so additions go to the end; removals are gathered and
 * made in one pass.
 */
#include "imapd/view.h"

void
view_init(struct view *v)
{
	uids_init(&v->told);
	uids_init(&v->gone);
}

void
view_fini(struct view *v)
{
	uids_fini(&v->told);
	uids_fini(&v->gone);
}

uint32_t
view_count(const struct view *v)
{
	return (uint32_t)v->told.n;
}

uint32_t
view_uid(const struct view *v, uint32_t seq)
{
	return v->told.v[seq - 1];
}

/* Index of the first UID >= uid. */
static size_t
lower_bound(const struct uids *u, uint32_t uid)
{
	size_t low = 0, high = u->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (u->v[mid] < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t
view_seq(const struct view *v, uint32_t uid)
{
	size_t i = lower_bound(&v->told, uid);

	return i < v->told.n && v->told.v[i] == uid ? (uint32_t)(i + 1) : 0;
}

uint32_t
view_seq_behind(const struct view *v, uint32_t uid, uint32_t seq)
{
	if (seq < v->told.n && v->told.v[seq] == uid)
		return seq + 1;
	return view_seq(v, uid);
}

uint32_t
view_last_uid(const struct view *v)
{
	return v->told.n > 0 ? v->told.v[v->told.n - 1] : 0;
}

void
view_add(struct view *v, const struct uids *added)
{
	for (size_t i = 0; i < added->n; i++)
		if (added->v[i] > view_last_uid(v))
			uids_add(&v->told, added->v[i]);
}

void
view_lose(struct view *v, const struct uids *uids)
{
	for (size_t i = 0; i < uids->n; i++)
		if (view_seq(v, uids->v[i]) != 0)
			uids_add(&v->gone, uids->v[i]);
	uids_sort(&v->gone);
}

void
view_expunge(struct view *v, void (*told)(uint32_t seq, void *ctx), void *ctx)
{
	size_t to = 0, next = 0;

	for (size_t i = v->gone.n; told != NULL && i > 0; i--)
		told(view_seq(v, v->gone.v[i - 1]), ctx);
	for (size_t i = 0; i < v->told.n; i++) {
		if (next < v->gone.n && v->gone.v[next] == v->told.v[i])
			next++;
		else
			v->told.v[to++] = v->told.v[i];
	}
	v->told.n = to;
	uids_clear(&v->gone);
}

static void
select_seqs(const struct view *v, const struct seqrange *r, struct uids *out)
{
	for (uint32_t n = r->first; n <= r->last && n <= view_count(v); n++)
		if (n > 0)
			uids_add(out, view_uid(v, n));
}

static void
select_uids(const struct view *v, const struct seqrange *r, struct uids *out)
{
	size_t i = lower_bound(&v->told, r->first);

	for (; i < v->told.n && v->told.v[i] <= r->last; i++)
		uids_add(out, v->told.v[i]);
}

void
view_select(const struct view *v, const struct seqset *set, bool by_uid,
    struct uids *out)
{
	uids_clear(out);
	for (size_t i = 0; i < set->n; i++) {
		if (by_uid)
			select_uids(v, &set->v[i], out);
		else
			select_seqs(v, &set->v[i], out);
	}
}
