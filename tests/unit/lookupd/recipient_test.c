/*
 * recipient: what follows from given maps.  Order and meaning as sendmail's
 * and Postfix's aliases(5) and virtual(5) have them, and RFC 5321 4.5.1.
 */
#include "../t.h"

#include <stdio.h>
#include <string.h>

#include "helpers/lookupd/recipient.h"

static const struct entry { const char *key, *value; } aliases[] = {
	{ "root",	"alice@ours.example" },
	{ "postmaster",	"root" },
	{ "both",	"alice@ours.example, bob@ours.example" },
	{ "alice",	"alice, bob" },		/* itself: the account */
	{ "loop1",	"loop2" },
	{ "loop2",	"loop1" },
	{ "keep",	"\\alice" },
	{ "list",	":include:members" },
	{ "owner-list",	"bob" },
	{ "evil",	":include:bad" },
	{ "pipe",	"|archive" },
	{ "nopipe",	"|\"sh\"" },
	{ "file",	"/etc/passwd" },
	{ "out",	"x@far.example" },
	{ "twice",	"alice@ours.example,ALICE@OURS.example, alice" },
	{ "junk",	"a b c" },
	{ "d0", "d1" }, { "d1", "d2" }, { "d2", "d3" }, { "d3", "d4" },
	{ "d4", "d5" }, { "d5", "bob" },
	{ "broken",	"!fail" },
	{ "stra\xc3\x9f" "e",	"J\xc3\x96RG@b\xc3\xbc" "cher.example, bob" },
}, virtuals[] = {
	{ "info@ours.example",	"bob" },
	{ "tag+x@ours.example",	"alice" },
	{ "tag@ours.example",	"bob" },
	{ "@catch.example",	"bob@ours.example" },
}, accounts[] = {
	{ "alice@ours.example",	"1001" },
	{ "bob@ours.example",	"1002" },
	{ "carol@catch.example", "1003" },
	{ "sys",		"1004" },
	{ "j\xc3\xb6rg@xn--bcher-kva.example", "1005" },
};

static enum map_got
find(const struct entry *v, size_t n, struct span key, struct buf *value)
{
	buf_clear(value);
	for (size_t i = 0; i < n; i++)
		if (span_eq_str(key, v[i].key)) {
			(void)buf_add_str(value, v[i].value);
			return strcmp(v[i].value, "!fail") == 0 ? MAP_FAILED :
			    MAP_FOUND;
		}
	return MAP_ABSENT;
}

static enum map_got
on_alias(void *ctx, struct span k, struct buf *v, struct why *why)
{
	(void)ctx;
	why_set(why, WHY_TEMP, "4.3.0", "map");
	return find(aliases, COUNT(aliases), k, v);
}

static enum map_got
on_virtual(void *ctx, struct span k, struct buf *v, struct why *why)
{
	(void)ctx;
	(void)why;
	return find(virtuals, COUNT(virtuals), k, v);
}

static enum map_got
on_account(void *ctx, struct span k, struct account *a, struct why *why)
{
	struct buf v;
	enum map_got got;

	(void)ctx;
	(void)why;
	buf_init(&v, 100);
	got = find(accounts, COUNT(accounts), k, &v);
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
	buf_clear(text);
	if (span_eq_str(path, "members"))
		return buf_add_str(text, "# a list\nalice@ours.example\n"
		    "x@far.example\n");
	if (span_eq_str(path, "bad"))
		return buf_add_str(text, "|archive\n:include:members\n");
	why_set(why, WHY_TEMP, "4.3.5", "no file");
	return -1;
}

static bool
on_local(void *ctx, struct span d)
{
	(void)ctx;
	return span_eq_str(d, "ours.example") ||
	    span_eq_str(d, "xn--bcher-kva.example") ||
	    span_eq_str(d, "catch.example") || span_eq_str(d, "mx.example");
}

static enum map_got
on_route(void *ctx, struct span d, struct target *t, struct why *why)
{
	(void)ctx;
	(void)why;
	if (!span_eq_str(d, "far.example"))
		return MAP_ABSENT;
	t->kind = TARGET_REMOTE;
	t->transport = TRANSPORT_SMTP;
	t->port = 2525;
	span_copy_cut(SPAN_LIT("[relay.example]"), t->nexthop,
	    sizeof(t->nexthop));
	return MAP_FOUND;
}

static enum map_got
on_sender_route(void *ctx, struct span s, struct target *t, struct why *why)
{
	(void)ctx;
	(void)why;
	if (span_eq_str(s, "way@ours.example") ||
	    span_eq_str(s, "both@ours.example"))
		span_copy_cut(SPAN_LIT("[way.example]"), t->nexthop,
		    sizeof(t->nexthop));
	if (span_eq_str(s, "from@ours.example") ||
	    span_eq_str(s, "both@ours.example"))
		span_copy_cut(SPAN_LIT("192.0.2.7"), t->source,
		    sizeof(t->source));
	if (span_eq_str(s, "bad@ours.example")) {
		t->kind = TARGET_FAIL;
		span_copy_cut(SPAN_LIT("5.7.1"), t->esc, sizeof(t->esc));
	}
	return t->nexthop[0] != '\0' || t->source[0] != '\0' ||
	    t->kind == TARGET_FAIL ? MAP_FOUND : MAP_ABSENT;
}

static enum map_got
on_star(void *ctx, struct span d, struct target *t, struct why *why)
{
	if (!span_eq_str(d, "*"))
		return on_route(ctx, d, t, why);
	span_copy_cut(SPAN_LIT("[smart.example]"), t->nexthop,
	    sizeof(t->nexthop));
	return MAP_FOUND;
}

static bool
on_pipe(void *ctx, struct span name)
{
	(void)ctx;
	return span_eq_str(name, "archive");
}

static const uint8_t seed[16];
static const struct recipient_tables tables = {
	.alias = on_alias, .virtual = on_virtual, .account = on_account,
	.include = on_include, .domain_is_local = on_local,
	.route = on_route, .sender_route = on_sender_route,
	 .pipe_exists = on_pipe, .separator = '+',
	.hostname = "mx.example",
	.first_domain = "ours.example", .postmaster = "", .depth_max = 4,
	.targets_max = 100, .seed = seed,
};

static const struct recipient_asked *
asked(struct span address)
{
	static struct recipient_asked a;

	a.address = address;
	return &a;
}

static int
on_target(void *ctx, const struct target *t)
{
	struct buf *out = ctx;

	if (out->n > 0)
		(void)buf_add_char(out, ' ');
	switch (t->kind) {
	case TARGET_MAILBOX:
		return buf_addf(out, "box:%s%s%s%s%s", t->user,
		    t->detail[0] != '\0' ? "+" : "", t->detail,
		    t->owner[0] != '\0' ? "/" : "", t->owner);
	case TARGET_REMOTE:
		return buf_addf(out, "out:%s>%s:%u%s%s", t->address,
		    t->nexthop, t->port, t->owner[0] != '\0' ? "/" : "",
		    t->owner);
	case TARGET_PIPE:
		return buf_addf(out, "pipe:%s", t->nexthop);
	default:
		return buf_addf(out, "fail:%s", t->esc);
	}
}

static int
on_way(void *ctx, const struct target *t)
{
	struct buf *out = ctx;

	return t->kind == TARGET_FAIL ? buf_addf(out, "fail:%s", t->esc) :
	    buf_addf(out, "%s/%s", t->nexthop, t->source);
}

/*
 * Of the domain before the sender's before all others': transport_maps,
 * sender_dependent_default_transport_maps, relayhost of Postfix.
 */
static void
senders_ways(void **state)
{
	static const struct {
		const char *sender, *to, *plain, *star;
	} cases[] = {
		{ "", "x@else.example", "else.example/", "[smart.example]/" },
		{ "a@b.example", "x@else.example", "else.example/",
		    "[smart.example]/" },
		{ "way@ours.example", "x@else.example", "[way.example]/",
		    "[way.example]/" },
		{ "both@ours.example", "x@else.example",
		    "[way.example]/192.0.2.7", "[way.example]/192.0.2.7" },
		{ "from@ours.example", "x@else.example",
		    "else.example/192.0.2.7", "[smart.example]/192.0.2.7" },
		{ "bad@ours.example", "x@else.example", "fail:5.7.1",
		    "fail:5.7.1" },
		{ "way@ours.example", "x@far.example", "[relay.example]/",
		    "[relay.example]/" },
		{ "both@ours.example", "x@far.example",
		    "[relay.example]/192.0.2.7", "[relay.example]/192.0.2.7" },
		{ "bad@ours.example", "x@far.example", "[relay.example]/",
		    "[relay.example]/" },
	};
	struct recipient_tables with = tables;

	(void)state;
	with.route = on_star;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct recipient_asked q = {
			.address = span_str(cases[i].to),
			.sender = span_str(cases[i].sender) };
		struct buf out;
		struct why why;
		uint32_t n;

		t_case(cases[i].sender);
		buf_init(&out, KIB);
		T_INT(recipient_resolve(&tables, &q, on_way, &out, &n, &why),
		    0);
		T_STR(buf_span(&out), cases[i].plain);
		buf_clear(&out);
		T_INT(recipient_resolve(&with, &q, on_way, &out, &n, &why), 0);
		T_STR(buf_span(&out), cases[i].star);
		buf_fini(&out);
	}
}

static void
resolving(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "alice@ours.example",
		    "box:alice@ours.example box:bob@ours.example" },
		{ "bob@ours.example", "box:bob@ours.example" },
		{ "bob+news@ours.example", "box:bob@ours.example+news" },
		{ "nobody@ours.example", "fail:5.1.1" },
		{ "root@ours.example",
		    "box:alice@ours.example box:bob@ours.example" },
		{ "postmaster",
		    "box:alice@ours.example box:bob@ours.example" },
		{ "keep@ours.example", "box:alice@ours.example" },
		{ "info@ours.example", "box:bob@ours.example" },
		{ "bob@mx.example", "box:bob@ours.example" },
		{ "sys@mx.example", "box:sys" },
		{ "sys@ours.example", "fail:5.1.1" },
		{ "loop1@ours.example", "fail:5.4.6" },
		{ "any@catch.example", "box:bob@ours.example" },
		{ "carol@catch.example", "box:carol@catch.example" },
		{ "list@ours.example", "out:x@far.example>"
		    "[relay.example]:2525/owner-list@ours.example "
		    "box:alice@ours.example/owner-list@ours.example "
		    "box:bob@ours.example/owner-list@ours.example" },
		{ "evil@ours.example", "fail:5.7.1" },
		{ "pipe@ours.example", "pipe:archive" },
		{ "nopipe@ours.example", "fail:4.3.5" },
		{ "file@ours.example", "fail:4.3.5" },
		{ "out@ours.example",
		    "out:x@far.example>[relay.example]:2525" },
		{ "x@else.example", "out:x@else.example>else.example:0" },
		{ "d0@ours.example", "fail:5.4.6" },	/* deeper than 4 */
		{ "d2@ours.example", "box:bob@ours.example" },
		{ "junk@ours.example", "fail:5.1.1" },
		/* Unicode form, case and the form of the domain: one name */
		{ "j\xc3\xb6rg@b\xc3\xbc" "cher.example",
		    "box:j\xc3\xb6rg@xn--bcher-kva.example" },
		{ "jo\xcc\x88rg@xn--bcher-kva.example",
		    "box:j\xc3\xb6rg@xn--bcher-kva.example" },
		{ "J\xc3\x96RG+\xc3\xa4@xn--BCHER-kva.example",
		    "box:j\xc3\xb6rg@xn--bcher-kva.example+\xc3\xa4" },
		{ "jorg@xn--bcher-kva.example", "fail:5.1.1" },
		{ "Stra\xc3\x9f" "e@b\xc3\xbc" "cher.example",
		    "box:j\xc3\xb6rg@xn--bcher-kva.example fail:5.1.1" },
		{ "stra\xc3\x9f" "e@ours.example",
		    "box:j\xc3\xb6rg@xn--bcher-kva.example "
		    "box:bob@ours.example" },
		{ "strasse@ours.example", "fail:5.1.1" },
		/* what is not ours keeps its octets */
		{ "Jo\xcc\x88RG@b\xc3\xbc.example",
		    "out:Jo\xcc\x88RG@xn--b-eha.example>xn--b-eha.example:0" },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; cases[i].out != NULL; i++) {
		struct buf out;
		struct why why;
		uint32_t count = 0;

		t_case(cases[i].in);
		buf_init(&out, 4096);
		T_TRUE(recipient_resolve(&tables, asked(span_str(cases[i].in)),
		    on_target, &out, &count, &why) == 0);
		if (strcmp(buf_cstr(&out), cases[i].out) != 0)
			print_message("%s\n", buf_cstr(&out));
		T_TRUE(strcmp(buf_cstr(&out), cases[i].out) == 0);
		T_TRUE(count > 0);
		buf_fini(&out);
	}
}

static void
trouble_is_temporary(void **state)
{
	struct buf out;
	struct why why;
	uint32_t count = 0;

	(void)state;
	buf_init(&out, 4096);
	T_TRUE(recipient_resolve(&tables, asked(SPAN_LIT("broken@ours.example")),
	    on_target, &out, &count, &why) == -1);
	T_TRUE(why.kind == WHY_TEMP);
	T_TRUE(recipient_exists(&tables, SPAN_LIT("broken@ours.example"),
	    &why) == MAP_FAILED);
	buf_fini(&out);
}

static void
too_many(void **state)
{
	struct recipient_tables few = tables;
	struct buf out;
	struct why why;
	uint32_t count = 0;

	(void)state;
	few.targets_max = 2;
	buf_init(&out, 4096);
	T_TRUE(recipient_resolve(&few, asked(SPAN_LIT("list@ours.example")),
	    on_target, &out, &count, &why) == -1);
	T_TRUE(why.kind == WHY_TEMP);
	/* As many as allowed: the alias itself does not count. */
	few.targets_max = 1;
	buf_clear(&out);
	T_TRUE(recipient_resolve(&few, asked(SPAN_LIT("keep@ours.example")),
	    on_target, &out, &count, &why) == 0);
	T_STR(buf_span(&out), "box:alice@ours.example");
	buf_fini(&out);
}

static void
existing(void **state)
{
	static const struct { const char *in; enum map_got got; } cases[] = {
		{ "bob@ours.example",		MAP_FOUND },
		{ "bob+x@ours.example",		MAP_FOUND },
		{ "root@ours.example",		MAP_FOUND },
		{ "postmaster",			MAP_FOUND },	/* RFC 5321 4.5.1 */
		{ "Postmaster@ours.example",	MAP_FOUND },
		{ "any@catch.example",		MAP_FOUND },
		{ "nobody@ours.example",	MAP_ABSENT },
		{ "+x@ours.example",		MAP_ABSENT },
		{ "sys@ours.example",		MAP_ABSENT },
	};
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		T_TRUE(recipient_exists(&tables, span_str(cases[i].in),
		    &why) == cases[i].got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolving),
		cmocka_unit_test(senders_ways),
		cmocka_unit_test(trouble_is_temporary),
		cmocka_unit_test(too_many),
		cmocka_unit_test(existing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
