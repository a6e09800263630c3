/*
 * users.c - one look-up in the users map.  What no account can be called is
 * answered as "absent" here, like any other unknown name.
 */
#include "helpers/authd/users.h"

#include "base/secret.h"
#include "ipc/msg_auth.h"
#include "mail/intl.h"
#include "map/fold.h"

void
users_init(struct users *u, int dir, const struct account_defaults *defaults)
{
	map_fresh_init(&u->map, dir, "users");
	u->defaults = *defaults;
	buf_init(&u->value, MAP_VALUE_MAX);
}

void
users_fini(struct users *u)
{
	map_fresh_fini(&u->map);
	if (u->value.p != NULL)
		wipe(u->value.p, u->value.size);
	buf_fini(&u->value);
}

enum map_got
users_find(struct users *u, struct span name, struct account *out,
    struct why *why)
{
	enum map_got got = MAP_ABSENT;
	struct buf key;

	if (name.n == 0 || name.n > AUTH_USER_MAX || span_has(name, ' ') ||
	    span_has(name, '/') || !intl_text_ok(name))
		return MAP_ABSENT;
	map_fresh_look(&u->map);
	buf_init(&key, AUTH_USER_MAX);
	if (fold_name(name, &key) == 0)
		got = map_get(&u->map.map, buf_span(&key), &u->value, why);
	if (got == MAP_FOUND && account_parse(buf_span(&key),
	    buf_span(&u->value), &u->defaults, out, why) != 0)
		got = MAP_FAILED;
	buf_fini(&key);
	return got;
}
