/*
 * view - see view.h.
 * One slot per row of the table, so that a name is looked for once and a
 * value was checked before it got in.  A list that nobody mentioned is empty;
 * any other value that is missing is a bug of the program that asks: it is
 * not on the row's list of roles, or master did not send it.
 */
#include "conf/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conf/value.h"

struct slot {
	char   **values;
	size_t	 n;
	uint64_t num;
};

struct conf_view {
	struct slot *slots;	/* conf_keys_n of them */
};

struct conf_view *
conf_view_new(void)
{
	struct conf_view *v = xcalloc(1, sizeof(*v));

	v->slots = xcalloc(conf_keys_n, sizeof(v->slots[0]));
	return v;
}

static void
slot_clear(struct slot *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->values[i]);
	free(s->values);
	*s = (struct slot){ NULL, 0, 0 };
}

void
conf_view_free(struct conf_view **v)
{
	if (*v == NULL)
		return;
	for (size_t i = 0; i < conf_keys_n; i++)
		slot_clear(&(*v)->slots[i]);
	free((*v)->slots);
	free(*v);
	*v = NULL;
}

int
conf_view_add(struct conf_view *v, const char *name, const char *value)
{
	const struct conf_key *key = conf_key_find(name);
	struct slot *s;
	uint64_t num;

	if (key == NULL || !conf_value_ok(key, value, &num, NULL, 0))
		return -1;
	s = &v->slots[key - conf_keys];
	if (key->kind != CONF_LIST)
		slot_clear(s);
	else if (s->n >= key->max)
		return -1;
	/* Room is doubled whenever n is a power of two. */
	if ((s->n & (s->n - 1)) == 0)
		s->values = xreallocarray(s->values,
		    s->n == 0 ? 1 : s->n * 2, sizeof(s->values[0]));
	s->values[s->n++] = xstrdup(value);
	s->num = num;
	return 0;
}

static const struct slot *
find(const struct conf_view *v, const char *name, bool list)
{
	const struct conf_key *key = conf_key_find(name);

	if (key == NULL || (key->kind == CONF_LIST) != list)
		bug("setting %s: no such %s", name, list ? "list" : "value");
	if (!list && v->slots[key - conf_keys].n == 0)
		bug("setting %s is not in this program's view", name);
	return &v->slots[key - conf_keys];
}

const char *
conf_str(const struct conf_view *v, const char *name)
{
	return find(v, name, false)->values[0];
}

uint64_t
conf_num(const struct conf_view *v, const char *name)
{
	return find(v, name, false)->num;
}

bool
conf_bool(const struct conf_view *v, const char *name)
{
	return find(v, name, false)->num != 0;
}

size_t
conf_count(const struct conf_view *v, const char *name)
{
	return find(v, name, true)->n;
}

const char *
conf_item(const struct conf_view *v, const char *name, size_t i)
{
	const struct slot *s = find(v, name, true);

	if (i >= s->n)
		bug("setting %s has no item %zu", name, i);
	return s->values[i];
}

int
conf_each(const struct conf_view *v, enum role role,
    int (*each)(const char *name, const char *value, void *ctx), void *ctx)
{
	int rc = 0;

	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct slot *s = &v->slots[i];

		if ((conf_keys[i].roles & ROLE_BIT(role)) == 0)
			continue;
		for (size_t j = 0; j < s->n && rc == 0; j++)
			rc = each(conf_keys[i].name, s->values[j], ctx);
	}
	return rc;
}
