/*
 * relay_auth: whose log-in goes with a next hop, and whose must not.  The order
 * (sender, then next hop) is that of Postfix with
 * smtp_sender_dependent_authentication; that a domain's own hosts never get the
 * sender's is ours.
 */
#include "../t.h"

#include <string.h>

#include "helpers/lookupd/relay_auth.h"

static const struct { const char *key, *value; } entries[] = {
	{ "alice+x@ours.example", "a:1" },
	{ "alice@ours.example", "a:2" },
	{ "@ours.example", "a:3" },
	{ "[smart.example]:587", "h:1" },
	{ "[smart.example]", "h:2" },
	{ "other.example:25", "h:3" },
	{ "other.example", "h:4" },
	{ "smart.example@ours.example", "no:host" },
	{ "far.example", "h:5" },
	{ "[broken.example]", "!" },
	{ "[bad.example]", "nothing" },
};

static enum map_got
get(void *ctx, struct span key, struct buf *value, struct why *why)
{
	(void)ctx;
	buf_clear(value);
	for (size_t i = 0; i < COUNT(entries); i++) {
		if (!span_eq_str(key, entries[i].key))
			continue;
		if (entries[i].value[0] == '!') {
			why_set(why, WHY_TEMP, "4.3.5", "map");
			return MAP_FAILED;
		}
		(void)buf_add_str(value, entries[i].value);
		return MAP_FOUND;
	}
	return MAP_ABSENT;
}

static enum map_got
has_route(void *ctx, struct span domain, struct why *why)
{
	(void)ctx;
	why_clear(why);
	return span_eq_str(domain, "routed.example") ? MAP_FOUND : MAP_ABSENT;
}

static const struct relay_auth table = { .get = get, .has_route = has_route,
	.separator = '+' };

static void
keys(void **state)
{
	static const struct {
		const char *rcpt, *hop;
		uint16_t port;
		const char *sender, *key;
	} cases[] = {
		{ "b@x.example", "[smart.example]", 587, "alice+x@ours.example",
		    "alice+x@ours.example" },
		{ "b@x.example", "[smart.example]", 587, "Alice+y@Ours.example",
		    "alice@ours.example" },
		{ "b@x.example", "[smart.example]", 587, "bob@ours.example",
		    "@ours.example" },
		{ "b@x.example", "[smart.example]", 587, "bob@else.example",
		    "[smart.example]:587" },
		{ "b@x.example", "[smart.example]", 25, "", "[smart.example]" },
		{ "b@x.example", "[smart.example]", 0, "", "[smart.example]" },
		{ "b@x.example", "[Other.example]", 25, "",
		    "other.example:25" },
		{ "b@x.example", "other.example", 0, "", "other.example" },
		/* Nobody but the operator chose that host. */
		{ "b@far.example", "far.example", 0, "alice@ours.example",
		    "far.example" },
		{ "b@Near.example", "near.example", 0, "alice@ours.example",
		    "" },
		/* It was chosen for a domain, not for the sender. */
		{ "b@routed.example", "[smart.example]", 587,
		    "alice@ours.example", "[smart.example]:587" },
		{ "b@routed.example", "[none.example]", 587,
		    "alice@ours.example", "" },
		/* A name before the @ is no host. */
		{ "b@x.example", "[none.example]", 0,
		    "far.example@else.example", "" },
	};
	char key[RELAY_KEY_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target t = { .kind = TARGET_REMOTE,
			.port = cases[i].port };
		struct why why;

		t_case(cases[i].key);
		span_copy_cut(span_str(cases[i].rcpt), t.address,
		    sizeof(t.address));
		span_copy_cut(span_str(cases[i].hop), t.nexthop,
		    sizeof(t.nexthop));
		T_INT(relay_auth_find(&table, &t, span_str(cases[i].sender),
		    key, &why), cases[i].key[0] != '\0' ? MAP_FOUND :
		    MAP_ABSENT);
		T_STR(span_str(key), cases[i].key);
		t.transport = TRANSPORT_LMTP;
		T_INT(relay_auth_find(&table, &t, span_str(cases[i].sender),
		    key, &why), MAP_ABSENT);
	}
}

static void
trouble(void **state)
{
	struct target t = { .kind = TARGET_REMOTE, .address = "b@x.example",
		.nexthop = "[broken.example]" };
	char key[RELAY_KEY_MAX + 1];
	struct relay_login login;
	struct buf room;
	struct why why;

	(void)state;
	T_INT(relay_auth_find(&table, &t, SPAN_NONE, key, &why), MAP_FAILED);
	buf_init(&room, 1024);
	T_INT(relay_auth_get(&table, SPAN_LIT("[smart.example]"), &room, &login,
	    &why), 0);
	T_TRUE(span_eq_str(login.user, "h"));
	T_TRUE(span_eq_str(login.password, "2"));
	T_INT(relay_auth_get(&table, SPAN_LIT("gone"), &room, &login, &why),
	    -1);
	T_INT(why.kind, WHY_TEMP);
	T_INT(relay_auth_get(&table, SPAN_LIT("[bad.example]"), &room, &login,
	    &why), -1);
	T_INT(why.kind, WHY_TEMP);
	T_TRUE(strstr(why.text, "nothing") == NULL);
	buf_fini(&room);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
