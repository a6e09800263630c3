/*
 * columns - see columns.h.
 * Two of the arrays are made only when they say anything: keywords when a
 * message has one, rows when a message of the snapshot has left the view.  The
 * table of extras removes by moving what follows back, so it never fills up
 * with the dead.
 */
#include "store/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

#define SLOTS_MIN	64
#define RUN_LOG2	4	/* so many UIDs in a row lie side by side */

void
columns_init(struct columns *c)
{
	*c = (struct columns){ .n = 0 };
}

void
columns_fini(struct columns *c)
{
	free(c->uid);
	free(c->bits);
	free(c->letters);
	free(c->row);
	columns_init(c);
}

void
columns_reserve(struct columns *c, size_t n)
{
	if (n <= c->size)
		return;
	c->size = n;
	c->uid = xreallocarray(c->uid, n, sizeof(c->uid[0]));
	c->bits = xreallocarray(c->bits, n, sizeof(c->bits[0]));
	if (c->letters != NULL)
		c->letters = xreallocarray(c->letters, n,
		    sizeof(c->letters[0]));
	if (c->row != NULL)
		c->row = xreallocarray(c->row, n, sizeof(c->row[0]));
}

size_t
columns_at(const struct columns *c, uint32_t uid)
{
	size_t low = 0, high = c->n, mid;

	/* It is there, if no message before it has gone. */
	if (c->n > 0 && uid >= c->uid[0] && uid - c->uid[0] < c->n &&
	    c->uid[uid - c->uid[0]] == uid)
		return uid - c->uid[0];
	while (low < high) {
		mid = low + (high - low) / 2;
		if (c->uid[mid] < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
columns_has(const struct columns *c, uint32_t uid)
{
	size_t i = columns_at(c, uid);

	return i < c->n && c->uid[i] == uid;
}

uint32_t
columns_letters(const struct columns *c, size_t i)
{
	return c->letters == NULL ? 0 : c->letters[i];
}

void
columns_set_letters(struct columns *c, size_t i, uint32_t letters)
{
	if (c->letters == NULL && letters == 0)
		return;
	if (c->letters == NULL) {
		c->letters = xreallocarray(NULL, c->size,
		    sizeof(c->letters[0]));
		memset(c->letters, 0, c->n * sizeof(c->letters[0]));
	}
	c->letters[i] = letters;
}

uint32_t
columns_row(const struct columns *c, size_t i)
{
	if (c->row != NULL)
		return c->row[i];
	return i < c->rows_n ? (uint32_t)i : ROW_NONE;
}

/* Each row beside its message. */
static void
make_rows(struct columns *c)
{
	uint32_t *rows = xreallocarray(NULL, c->size, sizeof(rows[0]));

	for (size_t i = 0; i < c->n; i++)
		rows[i] = columns_row(c, i);
	c->row = rows;
}

/* Messages from .. from + n go to where to is, which is not above. */
static void
move_down(struct columns *c, size_t to, size_t from, size_t n)
{
	if (to == from || n == 0)
		return;
	memmove(c->uid + to, c->uid + from, n * sizeof(c->uid[0]));
	memmove(c->bits + to, c->bits + from, n * sizeof(c->bits[0]));
	if (c->letters != NULL)
		memmove(c->letters + to, c->letters + from,
		    n * sizeof(c->letters[0]));
	if (c->row != NULL)
		memmove(c->row + to, c->row + from, n * sizeof(c->row[0]));
}

void
columns_remove(struct columns *c, const struct uids *uids)
{
	size_t to = 0, from = 0, i;

	for (size_t k = 0; k < uids->n; k++) {
		i = columns_at(c, uids->v[k]);
		if (i < from || i == c->n || c->uid[i] != uids->v[k])
			continue;
		if (c->row == NULL && i < c->rows_n)
			make_rows(c);
		if (from == 0)
			to = i;
		else
			move_down(c, to, from, i - from);
		to += from == 0 ? 0 : i - from;
		from = i + 1;
	}
	if (from == 0)
		return;
	move_down(c, to, from, c->n - from);
	c->n -= from - to;
}

void
columns_push(struct columns *c, uint32_t uid, uint8_t bits, uint32_t letters,
    uint32_t row)
{
	size_t i = c->n;

	if (i == c->size)
		columns_reserve(c, i < 64 ? 64 : i + i / 4);
	if (c->row == NULL && columns_row(c, i) != row)
		make_rows(c);
	c->uid[i] = uid;
	c->bits[i] = bits;
	if (c->row != NULL)
		c->row[i] = row;
	c->n++;
	columns_set_letters(c, i, letters);
}

/* The slot of uid, or the free one where it would be. */
static size_t
slot_of(const struct extras *x, uint32_t uid)
{
	uint32_t run = (uid >> RUN_LOG2) * UINT32_C(2654435761);
	size_t at = ((run << RUN_LOG2) + (uid & ((1U << RUN_LOG2) - 1))) &
	    (x->size - 1);

	while (x->v[at] != NULL && x->v[at]->m.uid != uid)
		at = (at + 1) & (x->size - 1);
	return at;
}

static void
extra_free(struct extra *e)
{
	free(e->m.name);
	free(e->m.ext);
	free(e);
}

void
extras_fini(struct extras *x)
{
	for (size_t i = 0; i < x->size; i++)
		if (x->v[i] != NULL)
			extra_free(x->v[i]);
	free(x->v);
	*x = (struct extras){ .v = NULL };
}

struct extra *
extras_get(const struct extras *x, uint32_t uid)
{
	return x->size == 0 ? NULL : x->v[slot_of(x, uid)];
}

/* At most half of the slots are in use. */
void
extras_reserve(struct extras *x, size_t n)
{
	struct extras old = *x;

	if (n * 2 <= x->size)
		return;
	x->size = x->size == 0 ? SLOTS_MIN : x->size;
	while (n * 2 > x->size)
		x->size *= 2;
	x->v = xcalloc(x->size, sizeof(x->v[0]));
	for (size_t i = 0; i < old.size; i++)
		if (old.v[i] != NULL)
			x->v[slot_of(x, old.v[i]->m.uid)] = old.v[i];
	free(old.v);
}

struct extra *
extras_put(struct extras *x, uint32_t uid)
{
	size_t at;

	extras_reserve(x, x->n + 1);
	at = slot_of(x, uid);
	if (x->v[at] == NULL) {
		x->v[at] = xcalloc(1, sizeof(*x->v[at]));
		x->v[at]->m.uid = uid;
		x->n++;
	}
	return x->v[at];
}

void
extras_remove(struct extras *x, uint32_t uid)
{
	size_t at;
	struct extra *e;

	if (extras_get(x, uid) == NULL)
		return;
	at = slot_of(x, uid);
	extra_free(x->v[at]);
	x->v[at] = NULL;
	x->n--;
	/* What was put behind it because of it has to be found again. */
	for (at = (at + 1) & (x->size - 1); x->v[at] != NULL;
	    at = (at + 1) & (x->size - 1)) {
		e = x->v[at];
		x->v[at] = NULL;
		x->v[slot_of(x, e->m.uid)] = e;
	}
}
