/*
 * users.c - one look-up in the users map.  What no account can be called is
 * answered as "absent" here, like any other unknown name.
 */
#include "helpers/authd/users.h"

#include "base/secret.h"
#include "ipc/msg_auth.h"

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
	char lower[AUTH_USER_MAX];
	enum map_got got;

	if (name.n == 0 || name.n > sizeof(lower))
		return MAP_ABSENT;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == '/')
			return MAP_ABSENT;
		lower[i] = ascii_lower(name.p[i]);
	}
	map_fresh_look(&u->map);
	got = map_get(&u->map.map, span_of(lower, name.n), &u->value, why);
	if (got == MAP_FOUND && account_parse(span_of(lower, name.n),
	    buf_span(&u->value), &u->defaults, out, why) != 0)
		return MAP_FAILED;
	return got;
}
