/*
 * map: the text form, the compiled form, account lines.  The form of account lines is
 * Dovecot's passwd-file.
 */
#include "t.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map/account.h"
#include "map/bdb.h"
#include "map/fresh.h"
#include "map/source.h"
#include "os/fs.h"

static int
collect(struct span key, struct span value, void *ctx, struct why *why)
{
	(void)why;
	return buf_addf(ctx, "[%.*s=%.*s]", SPAN_ARG(key), SPAN_ARG(value));
}

static void
source(void **state)
{
	static const struct { struct span in; const char *out, *why; }
	    cases[] = {
		{ SPAN_LIT("a: b\nC: d , e\n"), "[a=b][c=d , e]", "" },
		{ SPAN_LIT("# x\n\na:b\n\tc\n  d\n#y\ne:f"), "[a=b c d][e=f]",
		    "" },
		{ SPAN_LIT("\"a:b#\": c\r\n"), "[a:b#=c]", "" },
		{ SPAN_LIT("u@d:{PLAIN}x:1:2::::\n"), "[u@d={PLAIN}x:1:2::::]",
		    "" },
		/* folded: letters, form C, A-labels */
		{ SPAN_LIT("J\xc3\x96RG: a\njo\xcc\x88rg@B\xc3\xbc" "cher.example: b"),
		    "[j\xc3\xb6rg=a][j\xc3\xb6rg@xn--bcher-kva.example=b]",
		    "" },
		{ SPAN_LIT("@b\xc3\xbc" "cher.example: a"),
		    "[@xn--bcher-kva.example=a]", "" },
		{ SPAN_LIT("stra\xc3\x9f" "e: a"), "[stra\xc3\x9f" "e=a]", "" },
		/* LATIN CAPITAL I WITH DOT ABOVE is not i */
		{ SPAN_LIT("adm\xc4\xb0n: a"), "[adm\xc4\xb0n=a]", "" },
		{ SPAN_LIT("\xe4: a"), NULL,
		    "line 1: a key that is no good UTF-8" },
		{ SPAN_LIT("a@\xe2\x98\x83.example: a"), NULL,
		    "line 1: a key that is no good UTF-8" },
		{ SPAN_LIT("a:\n"), "[a=]", "" },
		{ SPAN_LIT(""), "", "" },
		{ SPAN_LIT("a: b\nno colon\n"), NULL, "line 2: no ':'" },
		{ SPAN_LIT(" a: b\n"), NULL,
		    "line 1: continuation of nothing" },
		{ SPAN_LIT("\"a\" b\n"), NULL,
		    "line 1: no ':' behind the quoted key" },
		{ SPAN_LIT(": b\n"), NULL, "line 1: empty key" },
		{ SPAN_LIT("a\x01: b\n"), NULL,
		    "line 1: control character in the key" },
		{ SPAN_LIT("a: b\0c\n"), NULL, "line 1: NUL in the text" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		struct why why;

		t_case(cases[i].in.p);
		why_clear(&why);
		buf_init(&out, 1000);
		T_TRUE((map_source_parse(cases[i].in, collect, &out,
		    &why) == 0) == (cases[i].out != NULL));
		T_STR(span_str(why.text), cases[i].why);
		if (cases[i].out != NULL)
			T_STR(buf_span(&out), cases[i].out);
		buf_fini(&out);
	}
}

static void
compiled(void **state)
{
	char top[] = "/tmp/paquebot-map.XXXXXX";
	struct map_build build = { .name = "aliases", .mode = 0640,
		.gid = -1 };
	struct map_fresh fresh;
	struct buf value;
	struct why why;
	size_t n = 0;

	(void)state;
	T_TRUE(mkdtemp(top) != NULL && chdir(top) == 0);
	build.dir = fs_open_top(".");
	buf_init(&value, 1000);

	/* Absent: an empty map, no error. */
	map_fresh_init(&fresh, build.dir, "aliases");
	T_TRUE(map_get(&fresh.map, SPAN_LIT("a"), &value, &why) == MAP_ABSENT);

	T_TRUE(fs_replace(build.dir, "aliases", SPAN_LIT("a: b\nc: d\n"),
	    0600) == 0);
	T_TRUE(map_bdb_build(&build, &n, &why) == 0);
	T_INT(n, 2);
	fresh.looked_ms -= 5000;
	map_fresh_look(&fresh);
	T_TRUE(map_get(&fresh.map, SPAN_LIT("c"), &value, &why) == MAP_FOUND);
	T_STR(buf_span(&value), "d");
	T_TRUE(map_get(&fresh.map, SPAN_LIT("C"), &value, &why) == MAP_ABSENT);

	/* A mistake leaves the old map where it was. */
	T_TRUE(fs_replace(build.dir, "aliases", SPAN_LIT("a: b\na: x\n"),
	    0600) == 0);
	T_TRUE(map_bdb_build(&build, &n, &why) == -1);
	T_STR(span_str(why.text), "aliases: line 2: a stands here twice");
	T_TRUE(fs_stat(build.dir, "aliases.db.new",
	    &(struct fs_stat){ 0 }) == -1);
	fresh.looked_ms -= 5000;
	map_fresh_look(&fresh);
	T_TRUE(map_get(&fresh.map, SPAN_LIT("c"), &value, &why) == MAP_FOUND);

	/* The same, built anew, is seen. */
	T_TRUE(fs_replace(build.dir, "aliases", SPAN_LIT("c: e\n"),
	    0600) == 0);
	T_TRUE(map_bdb_build(&build, &n, &why) == 0);
	fresh.looked_ms -= 5000;
	map_fresh_look(&fresh);
	T_TRUE(map_get(&fresh.map, SPAN_LIT("c"), &value, &why) == MAP_FOUND);
	T_STR(buf_span(&value), "e");

	/* Gone while it is open: nobody is unknown for that. */
	T_TRUE(fs_discard(build.dir, "aliases.db") == 0);
	fresh.looked_ms -= 5000;
	map_fresh_look(&fresh);
	T_TRUE(map_get(&fresh.map, SPAN_LIT("c"), &value, &why) == MAP_FOUND);
	map_fresh_fini(&fresh);

	/* Not to be understood from the start: no key is absent for that. */
	T_TRUE(fs_replace(build.dir, "aliases.db", SPAN_LIT("no database"),
	    0600) == 0);
	map_fresh_init(&fresh, build.dir, "aliases");
	T_TRUE(map_get(&fresh.map, SPAN_LIT("c"), &value, &why) ==
	    MAP_FAILED);
	T_INT(why.kind, WHY_TEMP);
	T_STR(span_str(why.esc), "4.3.5");
	T_TRUE(map_bdb_build(&build, &n, &why) == 0);
	fresh.looked_ms -= 5000;
	map_fresh_look(&fresh);
	T_TRUE(map_get(&fresh.map, SPAN_LIT("c"), &value, &why) == MAP_FOUND);

	map_fresh_fini(&fresh);
	buf_fini(&value);
	T_TRUE(fs_discard(build.dir, "aliases") == 0);
	T_TRUE(fs_discard(build.dir, "aliases.db") == 0);
	T_TRUE(chdir("/") == 0 && rmdir(top) == 0);
}

static void
accounts(void **state)
{
	static const struct account_defaults owner = { true, 5000, 5001,
		"/srv/mail/%d/%n" }, nobody = { false, 0, 0, "/m/%u" };
	static const struct {
		const char *name, *value; int rc; unsigned uid, gid;
		const char *maildir; uint64_t quota;
	} cases[] = {
		{ "a@b.example", "{PLAIN}x", 0, 5000, 5001,
		    "/srv/mail/b.example/a", 0 },
		{ "a@b.example", "x:10:20::/home/a", 0, 10, 20,
		    "/home/a/Maildir", 0 },
		{ "a@b.example", "x:::::/bin/sh:userdb_mail=maildir:/x/y "
		    "quota=1M", 0, 5000, 5001, "/x/y", 1048576 },
		{ "a", "x:0:20", -1, 0, 0, "", 0 },	/* root owns no mail */
		{ "a", "x:10:0", -1, 0, 0, "", 0 },
		{ "a", "x:-1:1", -1, 0, 0, "", 0 },
		{ "a", "x:1:1::relative", -1, 0, 0, "", 0 },
		{ "a", "x:1:1::/a/../b", -1, 0, 0, "", 0 },
		{ "a", "x::::::userdb_mail=maildir:../x", -1, 0, 0, "", 0 },
		{ "a", "x::::::quota=lots", -1, 0, 0, "", 0 },
		{ "../etc", "x", -1, 0, 0, "", 0 },
		{ "a/b", "x", -1, 0, 0, "", 0 },
		{ ".", "x", -1, 0, 0, "", 0 },
	};
	struct account a;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc = account_parse(span_str(cases[i].name),
		    span_str(cases[i].value), &owner, &a, &why);

		t_case(cases[i].value);
		T_INT(rc, cases[i].rc);
		if (rc != 0) {
			T_TRUE(why.kind == WHY_TEMP);
			continue;
		}
		T_INT(a.uid, cases[i].uid);
		T_INT(a.gid, cases[i].gid);
		T_STR(span_str(a.maildir), cases[i].maildir);
		T_TRUE(a.quota_octets == cases[i].quota);
	}
	T_TRUE(account_parse(SPAN_LIT("a"), SPAN_LIT("x"), &nobody, &a,
	    &why) == -1);
	T_TRUE(account_parse(SPAN_LIT("a"), SPAN_LIT("x:1:2"), &nobody, &a,
	    &why) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source),
		cmocka_unit_test(compiled),
		cmocka_unit_test(accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
