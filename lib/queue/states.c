/*
 * states - see states.h: its table of edges, as bits.
 */
#include "queue/states.h"

#define BIT(s)	(1u << (s))

static const struct {
	const char *name;
	unsigned    to;
} states[] = {
	[QUEUE_INCOMING] = { "incoming", BIT(QUEUE_DEFERRED) |
	    BIT(QUEUE_HOLD) | BIT(QUEUE_CORRUPT) | BIT(QUEUE_NONE) },
	[QUEUE_DEFERRED] = { "deferred", BIT(QUEUE_HOLD) |
	    BIT(QUEUE_CORRUPT) | BIT(QUEUE_NONE) },
	[QUEUE_HOLD] = { "hold", BIT(QUEUE_DEFERRED) | BIT(QUEUE_CORRUPT) |
	    BIT(QUEUE_NONE) },
	[QUEUE_CORRUPT] = { "corrupt", 0 },
	[QUEUE_NONE] = { "none", BIT(QUEUE_INCOMING) },
};

const char *
queue_state_name(enum queue_state s)
{
	return states[s].name;
}

bool
queue_state_edge(enum queue_state from, enum queue_state to)
{
	return (states[from].to & BIT(to)) != 0;
}
