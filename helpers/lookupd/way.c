/*
 * way.c - one question for the domain, one for the sender, one for "*", each
 * only if its answer can still matter.  An entry of the sender that only says
 * from where, or how safe, changes nothing about the host.
 */
#include "helpers/lookupd/way.h"

#include <string.h>

/* The route of the sender says something more than from where. */
static bool
is_way(const struct target *t)
{
	return t->kind == TARGET_FAIL || t->nexthop[0] != '\0' || t->port != 0;
}

static void
take_way(struct target *to, const struct target *way)
{
	to->kind = way->kind;
	to->permanent = way->permanent;
	to->transport = way->transport;
	to->port = way->port;
	if (way->nexthop[0] != '\0')
		memcpy(to->nexthop, way->nexthop, sizeof(to->nexthop));
	memcpy(to->esc, way->esc, sizeof(to->esc));
	memcpy(to->text, way->text, sizeof(to->text));
}

/* What the sender's route asks for beside the way. */
static void
take_wishes(struct target *to, const struct target *by)
{
	if (to->source[0] == '\0')
		memcpy(to->source, by->source, sizeof(to->source));
	if (to->tls == DEMAND_DEFAULT)
		to->tls = by->tls;
}

enum map_got
way_find(const struct recipient_tables *t, struct span domain,
    struct span sender, struct target *out, struct why *why)
{
	struct target by = { .kind = TARGET_REMOTE };
	enum map_got got = t->route(t->ctx, domain, out, why), of_sender;

	if (got == MAP_FAILED || (got == MAP_FOUND &&
	    (out->kind == TARGET_FAIL || out->source[0] != '\0')))
		return got;
	of_sender = t->sender_route(t->ctx, sender, &by, why);
	if (of_sender == MAP_FAILED)
		return MAP_FAILED;
	if (got == MAP_FOUND) {
		memcpy(out->source, by.source, sizeof(out->source));
		return got;
	}
	if (of_sender == MAP_FOUND && is_way(&by)) {
		take_way(out, &by);
		take_wishes(out, &by);
		return MAP_FOUND;
	}
	got = t->route(t->ctx, SPAN_LIT("*"), out, why);
	if (got != MAP_FAILED)
		take_wishes(out, &by);
	return got;
}
