/*
 * thread_table - hashes to nodes, as a table with open places that is never
 * more than half full.  The hashes have a secret key, so their low bits spread.
 */
#include "imapd/thread_priv.h"

#include <stdlib.h>

#include "base/bug.h"

#define FIRST_SIZE	1024

void
thread_table_init(struct thread_table *table)
{
	*table = (struct thread_table){ .size = FIRST_SIZE };
	table->v = xcalloc(table->size, sizeof(table->v[0]));
}

void
thread_table_fini(struct thread_table *table)
{
	free(table->v);
	*table = (struct thread_table){ .v = NULL };
}

static struct thread_slot *
slot_of(struct thread_table *table, uint64_t key)
{
	size_t i = (size_t)(key >> 1) & (table->size - 1);

	while (table->v[i].key != 0 && table->v[i].key != key)
		i = (i + 1) & (table->size - 1);
	return &table->v[i];
}

static void
grow(struct thread_table *table)
{
	struct thread_table old = *table;

	table->size *= 2;
	table->v = xcalloc(table->size, sizeof(table->v[0]));
	for (size_t i = 0; i < old.size; i++)
		if (old.v[i].key != 0)
			*slot_of(table, old.v[i].key) = old.v[i];
	free(old.v);
}

uint32_t *
thread_table_place(struct thread_table *table, uint64_t key)
{
	struct thread_slot *slot;

	if (table->n >= table->size / 2)
		grow(table);
	slot = slot_of(table, key);
	if (slot->key == 0) {
		slot->key = key;
		table->n++;
	}
	return &slot->node;
}
