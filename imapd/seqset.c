/*
 * seqset - see seqset.h.
 * A set is parsed into as many ranges as it has commas, counted before they
 * are allocated; resolving sorts and joins them, so that whatever was written
 * (1,1,1,... or 1:4294967295) a look-up costs a few steps and a walk touches
 * each message once.
 */
#include "imapd/seqset.h"

#include <stdlib.h>

#include "base/num.h"
#include "imapd/lexer.h"

static bool
is_set_char(char c)
{
	return ascii_isdigit(c) || c == ':' || c == ',' || c == '*';
}

/* seq-number = nz-number / "*" */
static bool
take_number(struct cur *c, uint32_t *out)
{
	if (cur_take(c, '*')) {
		*out = SEQSET_STAR;
		return true;
	}
	return lexer_nz_number(c, out);
}

static bool
take_range(struct cur *c, struct seqrange *r)
{
	if (!take_number(c, &r->first))
		return false;
	r->last = r->first;
	return !cur_take(c, ':') || take_number(c, &r->last);
}

bool
seqset_parse(struct cur *c, struct arena *mem, struct seqset *out)
{
	struct cur ahead = *c;
	struct span text = cur_while(&ahead, is_set_char);
	size_t ranges = 1;

	*out = (struct seqset){ .n = 0 };
	if (cur_take(c, '$')) {
		out->saved = true;
		return true;
	}
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ',')
			ranges++;
		if (text.p[i] == '*')
			out->star = true;
	}
	out->v = arena_array(mem, ranges, sizeof(out->v[0]));
	if (out->v == NULL)
		return false;
	do {
		if (!take_range(c, &out->v[out->n++]))
			return false;
	} while (cur_take(c, ','));
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct seqrange *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static void
resolve_range(struct seqrange *r, uint32_t star)
{
	uint32_t first = r->first == SEQSET_STAR ? star : r->first;
	uint32_t last = r->last == SEQSET_STAR ? star : r->last;

	/* RFC 3501 9, seq-range: 2:4 and 4:2 are equivalent. */
	r->first = first < last ? first : last;
	r->last = first < last ? last : first;
}

void
seqset_resolve(struct seqset *set, uint32_t star)
{
	size_t to = 0;

	if (set->n == 0)
		return;
	for (size_t i = 0; i < set->n; i++)
		resolve_range(&set->v[i], star);
	qsort(set->v, set->n, sizeof(set->v[0]), compare);
	for (size_t i = 1; i < set->n; i++) {
		struct seqrange *last = &set->v[to];
		const struct seqrange *r = &set->v[i];

		if (last->last == UINT32_MAX || r->first <= last->last + 1) {
			if (r->last > last->last)
				last->last = r->last;
		} else
			set->v[++to] = *r;
	}
	set->n = to + 1;
}

bool
seqset_has(const struct seqset *set, uint32_t number)
{
	size_t low = 0, high = set->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (number < set->v[mid].first)
			high = mid;
		else if (number > set->v[mid].last)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

uint32_t
seqset_max(const struct seqset *set)
{
	return set->n > 0 ? set->v[set->n - 1].last : 0;
}

void
seqset_put(struct buf *out, const uint32_t *v, size_t n)
{
	size_t run;

	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && v[i + run] == v[i] + run; run++)
			;
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_u64(out, v[i]);
		if (run > 1) {
			buf_add_char(out, ':');
			buf_add_u64(out, v[i + run - 1]);
		}
	}
}
