/*
 * relay_auth.c - see relay_auth.h.  The map is read twice: which entry it is,
 * when qmgr asks for the way, and what stands in it, when a worker is about to
 * go that way.  So passwords pass through no process but the two that need them.
 */
#include "helpers/lookupd/relay_auth.h"

#include <string.h>

#include "base/secret.h"
#include "mail/addr.h"
#include "map/fold.h"

/* Is there such an entry?  Its value is wiped. */
static enum map_got
try_key(const struct relay_auth *t, struct span key, struct why *why)
{
	struct buf value;
	enum map_got got;

	if (key.n > RELAY_KEY_MAX)
		return MAP_ABSENT;
	buf_init(&value, MAP_VALUE_MAX);
	got = t->get(t->ctx, key, &value, why);
	if (value.p != NULL)
		wipe(value.p, value.n);
	buf_fini(&value);
	return got;
}

static enum map_got
try_into(const struct relay_auth *t, const struct buf *made,
    char key[RELAY_KEY_MAX + 1], struct why *why)
{
	enum map_got got;

	if (made->full)
		return MAP_ABSENT;
	got = try_key(t, buf_span(made), why);
	if (got == MAP_FOUND)
		span_copy_cut(buf_span(made), key, RELAY_KEY_MAX + 1);
	return got;
}

/* May the sender's own entry be told to that next hop? */
static enum map_got
is_chosen(const struct relay_auth *t, const struct target *target,
    struct why *why)
{
	struct span domain = span_str(target->address);
	enum map_got got;

	domain = span_from(domain, span_rchr(domain, '@') + 1);
	if (span_ieq_str(domain, target->nexthop))
		return MAP_ABSENT;
	got = t->has_route(t->ctx, domain, why);
	return got == MAP_FAILED ? got :
	    got == MAP_FOUND ? MAP_ABSENT : MAP_FOUND;
}

/* "local+detail@domain", "local@domain", "@domain" */
static enum map_got
of_sender(const struct relay_auth *t, struct span sender,
    char key[RELAY_KEY_MAX + 1], struct why *why)
{
	char local[ADDR_LOCAL_SIZE];
	enum map_got got = MAP_ABSENT;
	struct span parts[3];
	struct addr a;
	struct buf made;

	if (sender.n == 0 || addr_parse(sender, &a, NULL) != 0 ||
	    a.kind != ADDR_MAILBOX)
		return MAP_ABSENT;
	fold_addr_local(&a, local);
	parts[0] = span_str(local);
	parts[1] = t->separator == '\0' ? parts[0] :
	    span_head(parts[0], span_chr(parts[0], t->separator));
	parts[2] = SPAN_NONE;
	buf_init(&made, RELAY_KEY_MAX);
	for (size_t i = 0; i < COUNT(parts) && got == MAP_ABSENT; i++) {
		buf_clear(&made);
		(void)buf_add_span(&made, parts[i]);
		(void)buf_add_char(&made, '@');
		(void)buf_add_span(&made, addr_domain(&a));
		got = try_into(t, &made, key, why);
	}
	buf_fini(&made);
	return got;
}

static enum map_got
of_hop(const struct relay_auth *t, const struct target *target,
    char key[RELAY_KEY_MAX + 1], struct why *why)
{
	enum map_got got = MAP_ABSENT;
	struct buf made;

	buf_init(&made, RELAY_KEY_MAX);
	for (size_t i = 0; i < RELAY_HOP_KEYS && got == MAP_ABSENT; i++)
		if (relay_login_hop_key(span_str(target->nexthop),
		    target->port, i, &made) == 0)
			got = try_into(t, &made, key, why);
	buf_fini(&made);
	return got;
}

enum map_got
relay_auth_find(const struct relay_auth *t, const struct target *target,
    struct span sender, char key[RELAY_KEY_MAX + 1], struct why *why)
{
	enum map_got got;

	key[0] = '\0';
	if (target->transport != TRANSPORT_SMTP)
		return MAP_ABSENT;
	got = is_chosen(t, target, why);
	if (got == MAP_FOUND)
		got = of_sender(t, sender, key, why);
	return got == MAP_ABSENT ? of_hop(t, target, key, why) : got;
}

int
relay_auth_get(const struct relay_auth *t, struct span key, struct buf *room,
    struct relay_login *out, struct why *why)
{
	switch (t->get(t->ctx, key, room, why)) {
	case MAP_FOUND:
		return relay_login_parse(buf_span(room), out, why);
	case MAP_ABSENT:
		why_set(why, WHY_TEMP, "4.3.5",
		    "its entry of relay_auth is there no more");
		break;
	case MAP_FAILED:
		break;
	}
	return -1;
}
