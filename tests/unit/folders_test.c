/* folders: names that may be, and what CREATE, DELETE and RENAME leave. */
#include "store/folders.h"

#include "scratch.h"
#include "store/folder.h"
#include "store/subscriptions.h"

#define X50	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"

static const struct { const char *in, *want; } names[] = {
	{ "INBOX", "INBOX" },
	{ "inbox", "INBOX" }, { "iNbOx", "INBOX" },	/* RFC 3501 5.1 */
	{ "inbox.x", "INBOX.x" },
	{ "INBOXES", "INBOXES" },
	{ "Sent", "Sent" }, { "a.b.c", "a.b.c" }, { "a b", "a b" },
	{ "a~", "a~" }, { "cur.x", "cur.x" }, { "a.cur", "a.cur" },
	{ "R&AOk-sum&AOk-", "R&AOk-sum&AOk-" },
	{ "&-", "&-" }, { "&-&-", "&-&-" },	/* "&&" */
	{ "~peter.mail.&U,BTFw-.&ZeVnLIqe-",	/* RFC 3501 5.1.3 */
	    NULL },				/* but for the ~ */
	{ "mail.&U,BTFw-.&ZeVnLIqe-", "mail.&U,BTFw-.&ZeVnLIqe-" },
	/* Ways out, and what only looks like a name. */
	{ "", NULL }, { ".", NULL }, { "..", NULL }, { "a..b", NULL },
	{ ".a", NULL }, { "a.", NULL }, { "INBOX.", NULL }, { "/", NULL },
	{ "../other", NULL }, { "/etc", NULL }, { "a/../../b", NULL },
	{ "INBOX/../x", NULL }, { "a/b", NULL }, { "a//b", NULL },
	{ "~root", NULL }, { "~", NULL },
	{ "cur", NULL }, { "new", NULL }, { "tmp", NULL }, { "TMP", "TMP" },
	{ "a\nb", NULL }, { "a\x7f", NULL }, { "a\x1b[", NULL },
	{ "a*", NULL }, { "a%b", NULL }, { " a", NULL }, { "a .b", NULL },
	{ "\xc3\xa9", NULL },			/* raw UTF-8 */
	/* Modified UTF-7 that is not canonical or hides something. */
	{ "&", NULL }, { "a&b", NULL }, { "&AAA-", NULL },	/* NUL */
	{ "&AC8-", NULL },	/* slash */
	{ "&AC4-&AC4-", NULL },	/* dots: ASCII must stand for itself */
	{ "&AGE-", NULL }, { "&AOk", NULL }, { "&AOn-", NULL },
	{ "&2AA-", NULL },	/* half a surrogate pair */
	{ "&AA0ACg-", NULL },	/* CR LF */
	{ "&AIU-", NULL },	/* NEL, a C1 control */
	{ X50 X50 "x", NULL },
	{ X50 X50, X50 X50 },
};

static void
test_names(void **state)
{
	char out[FOLDER_NAME_SIZE];
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		t_case(names[i].in);
		bool ok = folder_name(t_exact(span_str(names[i].in)), out,
		    &why) == 0;
		T_TRUE(ok == (names[i].want != NULL));
		T_TRUE(ok || why.kind == WHY_PERM);
		if (ok)
			T_STR(span_str(out), names[i].want);
	}
	T_TRUE(folder_name(span_of("a\0b", 3), out, &why) != 0);
	static char big[10000];
	memset(big, 'a', sizeof(big));
	T_TRUE(folder_name(span_of(big, sizeof(big)), out, &why) != 0);
	for (size_t i = 1; i < sizeof(big); i += 2)
		big[i] = '.';
	T_TRUE(folder_name(span_of(big, 199), out, &why) != 0);
	T_TRUE(folder_name(span_of(big, 63), out, &why) == 0);
}

/* "name name!" : ! no folder of its own, + children, * subscribed */
static const char *
listed(bool subscribed)
{
	static char text[1024];
	struct folders fs;
	struct why why;

	T_TRUE(folders_list(scratch, subscribed, &fs, &why) == 0);
	text[0] = '\0';
	for (size_t i = 0; i < fs.n; i++) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s",
		    i > 0 ? " " : "", fs.v[i].name,
		    fs.v[i].exists ? "" : "!",
		    fs.v[i].children ? "+" : "",
		    fs.v[i].subscribed ? "*" : "");
		T_TRUE(folders_find(&fs, fs.v[i].name) == &fs.v[i]);
	}
	T_TRUE(folders_find(&fs, "none") == NULL);
	folders_fini(&fs);
	return text;
}

static void
test_life(void **state)
{
	struct why why;

	(void)state;
	T_STR(span_str(listed(false)), "INBOX");
	T_TRUE(folders_create(scratch, "A", &why) == 0);
	T_TRUE(scratch_has(".A/cur") && scratch_has(".A/maildirfolder"));
	T_TRUE(folders_create(scratch, "A", &why) != 0);
	T_TRUE(why.kind == WHY_PERM);
	T_TRUE(folders_create(scratch, "INBOX", &why) != 0);
	T_TRUE(folders_create(scratch, "x.y.z", &why) == 0);
	T_TRUE(folders_create(scratch, "x-y", &why) == 0);
	T_TRUE(folders_create(scratch, "INBOX.sub", &why) == 0);
	T_STR(span_str(listed(false)),
	    "INBOX+ INBOX.sub A x!+ x.y!+ x.y.z x-y");
	/* RFC 3501 6.3.5: what is below goes along. */
	T_TRUE(folders_rename(scratch, "x", "w.v", &why) == 0);
	T_STR(span_str(listed(false)),
	    "INBOX+ INBOX.sub A w!+ w.v!+ w.v.y!+ w.v.y.z x-y");
	T_TRUE(folders_rename(scratch, "none", "n", &why) != 0);
	T_TRUE(folders_rename(scratch, "A", "x-y", &why) != 0);
	T_TRUE(folders_rename(scratch, "A", "A.b", &why) != 0);
	T_TRUE(folders_rename(scratch, "A", "INBOX", &why) != 0);
	/* RFC 3501 6.3.4: deletion leaves what is below. */
	T_TRUE(folders_create(scratch, "w.v", &why) == 0);
	T_TRUE(folders_delete(scratch, "w.v", &why) == 0);
	T_TRUE(folders_delete(scratch, "w.v", &why) != 0);
	T_TRUE(folders_delete(scratch, "INBOX", &why) != 0);
	T_TRUE(why.kind == WHY_PERM);
	T_STR(span_str(listed(false)),
	    "INBOX+ INBOX.sub A w!+ w.v!+ w.v.y!+ w.v.y.z x-y");
	T_TRUE(folders_delete(scratch, "w.v.y.z", &why) == 0);
	T_STR(span_str(listed(false)), "INBOX+ INBOX.sub A x-y");
	/* What others left lying about is no folder. */
	T_TRUE(mkdirat(scratch, ".inbox.y", 0700) == 0);
	T_TRUE(mkdirat(scratch, ".&AGE-", 0700) == 0);
	T_TRUE(mkdirat(scratch, "..b", 0700) == 0);
	T_TRUE(mkdirat(scratch, "plain", 0700) == 0);
	T_TRUE(symlinkat("/etc", scratch, ".link") == 0);
	scratch_put(".file", "");
	T_STR(span_str(listed(false)), "INBOX+ INBOX.sub A x-y");
	T_TRUE(!folder_exists(scratch, "link"));
	T_TRUE(folder_open(scratch, "link", false, &why) == NULL);
}

static void
test_subscribe(void **state)
{
	struct why why;

	(void)state;
	T_TRUE(folders_subscribe(scratch, "A", true, &why) == 0);
	T_TRUE(folders_subscribe(scratch, "gone.b", true, &why) == 0);
	T_TRUE(folders_subscribe(scratch, "A", true, &why) == 0);
	T_STR(span_str(scratch_get("subscriptions")), "A\ngone.b\n");
	T_STR(span_str(listed(false)), "INBOX+ INBOX.sub A* x-y");
	T_STR(span_str(listed(true)),
	    "INBOX+ INBOX.sub A* gone.b!* x-y");
	T_TRUE(folders_subscribe(scratch, "A", false, &why) == 0);
	T_STR(span_str(scratch_get("subscriptions")), "gone.b\n");
	/* Dovecot 2.3: version 2; what we do not know stays. */
	scratch_put("subscriptions", "V\t2\n\nx\ty\n\001weird\n");
	T_TRUE(folders_subscribe(scratch, "a.b", true, &why) == 0);
	T_TRUE(folders_subscribe(scratch, "x.y", false, &why) == 0);
	T_STR(span_str(scratch_get("subscriptions")),
	    "V\t2\n\n\001weird\na\tb\n");
	T_TRUE(!scratch_has("subscriptions.lock"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_subscribe),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
