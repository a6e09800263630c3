/*
 * sender: which addresses an account may write under.  The rows are the
 * meaning of Postfix's smtpd_sender_login_maps, read off the maps that say
 * where mail goes.
 */
#include "../t.h"

#include <stdio.h>
#include <string.h>

#include "helpers/lookupd/sender.h"

static const struct entry { const char *key, *value; } aliases[] = {
	{ "sales",	"alice@ours.example" },
	{ "team",	"alice@ours.example, bob@ours.example" },
	{ "copy",	"alice@ours.example, x@far.example" },
	{ "tool",	"alice@ours.example, |archive" },
	{ "chain",	"sales" },
	{ "loop",	"loop" },
	{ "broken",	"!fail" },
	{ "boss",	"sys" },
}, virtuals[] = {
	{ "info@ours.example",	"alice" },
	{ "alice+bob@ours.example", "bob" },
	{ "@catch.example",	"bob@ours.example" },
}, accounts[] = {
	{ "alice@ours.example",	"" },
	{ "bob@ours.example",	"" },
	{ "sys",		"" },
}, grants[] = {
	{ "bob@ours.example",	"boss@far.example, @shop.example" },
	{ "list@ours.example",	"*" },
	{ "broken@ours.example", "!fail" },
};

static enum map_got
find(const struct entry *v, size_t n, struct span key, struct buf *value,
    struct why *why)
{
	buf_clear(value);
	for (size_t i = 0; i < n; i++)
		if (span_eq_str(key, v[i].key)) {
			(void)buf_add_str(value, v[i].value);
			if (strcmp(v[i].value, "!fail") != 0)
				return MAP_FOUND;
			why_set(why, WHY_TEMP, "4.3.0", "map");
			return MAP_FAILED;
		}
	return MAP_ABSENT;
}

static enum map_got
on_alias(void *ctx, struct span k, struct buf *v, struct why *why)
{
	(void)ctx;
	return find(aliases, COUNT(aliases), k, v, why);
}

static enum map_got
on_virtual(void *ctx, struct span k, struct buf *v, struct why *why)
{
	(void)ctx;
	return find(virtuals, COUNT(virtuals), k, v, why);
}

static enum map_got
on_senders(void *ctx, struct span k, struct buf *v, struct why *why)
{
	(void)ctx;
	return find(grants, COUNT(grants), k, v, why);
}

static enum map_got
on_account(void *ctx, struct span k, struct account *a, struct why *why)
{
	struct buf v;
	enum map_got got;

	(void)ctx;
	buf_init(&v, 100);
	got = find(accounts, COUNT(accounts), k, &v, why);
	memset(a, 0, sizeof(*a));
	span_copy_cut(k, a->user, sizeof(a->user));
	(void)snprintf(a->maildir, sizeof(a->maildir), "/m/%s", a->user);
	buf_fini(&v);
	return got;
}

static int
on_include(void *ctx, struct span path, struct buf *text, struct why *why)
{
	(void)ctx;
	(void)path;
	(void)text;
	(void)why;
	return -1;
}

static bool
on_local(void *ctx, struct span d)
{
	(void)ctx;
	return span_eq_str(d, "ours.example") ||
	    span_eq_str(d, "catch.example") ||
	    span_eq_str(d, "mx.example") || span_eq_str(d, "localhost");
}

static enum map_got
on_route(void *ctx, struct span d, struct target *t, struct why *why)
{
	(void)ctx;
	(void)d;
	(void)t;
	(void)why;
	return MAP_ABSENT;
}

static enum map_got
on_sender_route(void *ctx, struct span s, struct target *t, struct why *why)
{
	return on_route(ctx, s, t, why);
}

static bool
on_pipe(void *ctx, struct span name)
{
	(void)ctx;
	(void)name;
	return true;
}

static const uint8_t seed[16];
static const struct recipient_tables recipient = {
	.alias = on_alias, .virtual = on_virtual, .account = on_account,
	.include = on_include, .domain_is_local = on_local,
	.route = on_route, .sender_route = on_sender_route,
	 .pipe_exists = on_pipe, .separator = '+',
	.hostname = "mx.example", .first_domain = "ours.example",
	.postmaster = "alice@ours.example", .depth_max = 10,
	.targets_max = 100, .seed = seed,
};
static const struct sender_tables tables = {
	.recipient = &recipient, .senders = on_senders,
};

static void
owning(void **state)
{
	static const struct {
		const char *account, *address;
		enum map_got got;
	} cases[] = {
		{ "alice@ours.example", "alice@ours.example", MAP_FOUND },
		{ "alice@ours.example", "ALICE@ours.example", MAP_FOUND },
		{ "alice@ours.example", "alice+x@ours.example", MAP_FOUND },
		/* a subaddress that is somebody else's */
		{ "alice@ours.example", "alice+bob@ours.example", MAP_ABSENT },
		{ "alice@ours.example", "bob@ours.example", MAP_ABSENT },
		{ "alice@ours.example", "sales@ours.example", MAP_FOUND },
		{ "alice@ours.example", "chain@ours.example", MAP_FOUND },
		{ "alice@ours.example", "info@ours.example", MAP_FOUND },
		{ "alice@ours.example", "postmaster@ours.example", MAP_FOUND },
		{ "bob@ours.example", "postmaster@ours.example", MAP_ABSENT },
		/* others read it too, or a program, or another host */
		{ "alice@ours.example", "team@ours.example", MAP_ABSENT },
		{ "alice@ours.example", "copy@ours.example", MAP_ABSENT },
		{ "alice@ours.example", "tool@ours.example", MAP_ABSENT },
		{ "alice@ours.example", "loop@ours.example", MAP_ABSENT },
		{ "alice@ours.example", "nobody@ours.example", MAP_ABSENT },
		{ "alice@ours.example", "alice@far.example", MAP_ABSENT },
		{ "bob@ours.example", "any@catch.example", MAP_FOUND },
		{ "alice@ours.example", "any@catch.example", MAP_ABSENT },
		/* the map senders */
		{ "bob@ours.example", "boss@far.example", MAP_FOUND },
		{ "bob@ours.example", "Boss+x@far.example", MAP_FOUND },
		{ "bob@ours.example", "bos@far.example", MAP_ABSENT },
		{ "bob@ours.example", "a@shop.example", MAP_FOUND },
		{ "bob@ours.example", "a@x.shop.example", MAP_ABSENT },
		{ "list@ours.example", "anybody@far.example", MAP_FOUND },
		{ "alice@ours.example", "boss@far.example", MAP_ABSENT },
		/* users of the system */
		{ "sys", "sys@mx.example", MAP_FOUND },
		{ "sys", "sys@localhost", MAP_FOUND },
		{ "sys", "sys@ours.example", MAP_ABSENT },
		{ "sys", "sys+x@mx.example", MAP_FOUND },
		{ "sys", "boss@mx.example", MAP_FOUND },
		{ "nomail", "nomail@mx.example", MAP_FOUND },
		{ "nomail", "sys@mx.example", MAP_ABSENT },
		/* one account's name in front of another's */
		{ "ali", "alice@ours.example", MAP_ABSENT },
		{ "alice", "alice@ours.example", MAP_ABSENT },
		{ "alice@ours.exampl", "alice@ours.example", MAP_ABSENT },
		/* trouble is no answer */
		{ "alice@ours.example", "broken@ours.example", MAP_FAILED },
		{ "broken@ours.example", "x@far.example", MAP_FAILED },
		/* no mailbox, no account */
		{ "alice@ours.example", "alice", MAP_ABSENT },
		{ "alice@ours.example", "", MAP_ABSENT },
		{ "", "alice@ours.example", MAP_ABSENT },
	};
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].address);
		T_TRUE(sender_owns(&tables, span_str(cases[i].account),
		    span_str(cases[i].address), &why) == cases[i].got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
