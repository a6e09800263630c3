/*
 * layout: names of folders on disk as Dovecot 2.3.19 writes them (its LAYOUT=fs,
 * UTF-8 and listescape), and nothing that could lead elsewhere.
 */
#include "store/layout.h"

#include "scratch.h"
#include "store/folder.h"
#include "store/maildir.h"

static const struct {
	const char *layout, *names, *escape;
	const char *seen;		/* by a client with '/' */
	const char *disk;		/* NULL: refused */
} cases[] = {
	/* Maildir++ */
	{ "maildir++", "utf-7", "", "a/b", ".a.b" },
	{ "maildir++", "utf-7", "", "a.b", NULL },
	{ "maildir++", "utf-7", "", "~a", NULL },
	{ "maildir++", "utf-7", "", "a/cur", ".a.cur" },
	{ "maildir++", "utf-7", "", "cur", NULL },
	{ "maildir++", "utf-7", "", "&AOQ-", ".&AOQ-" },
	{ "maildir++", "utf-7", "", "q\\w", ".q\\w" },
	{ "maildir++", "utf-7", "\\", "x.y", ".x\\2ey" },
	{ "maildir++", "utf-7", "\\", "..", ".\\2e\\2e" },
	{ "maildir++", "utf-7", "\\", "a/../b", ".a.\\2e\\2e.b" },
	{ "maildir++", "utf-7", "\\", ".dot", ".\\2edot" },
	{ "maildir++", "utf-7", "\\", "~z", ".\\7ez" },
	{ "maildir++", "utf-7", "\\", "a/~z", ".a.~z" },
	{ "maildir++", "utf-7", "\\", "q\\w", ".q\\5cw" },
	{ "maildir++", "utf-7", "^", "x.y", ".x^2ey" },
	{ "maildir++", "utf-8", "", "&AOQ-/b", ".\xc3\xa4.b" },
	{ "maildir++", "utf-8", "", "R&-D", ".R&D" },
	{ "maildir++", "utf-8", "\\", "&AOQ-.b", ".\xc3\xa4\\2eb" },
	/* fs */
	{ "fs", "utf-7", "", "a/b", "a/b" },
	{ "fs", "utf-7", "", "x.y", "x.y" },
	{ "fs", "utf-7", "", "a/.dot", "a/.dot" },
	{ "fs", "utf-7", "", "INBOX/sub", "INBOX/sub" },
	{ "fs", "utf-7", "", "inbox/sub", "INBOX/sub" },
	{ "fs", "utf-7", "", "a/cur", NULL },
	{ "fs", "utf-7", "", "new/x", NULL },
	{ "fs", "utf-7", "\\", "a/cur", NULL },
	{ "fs", "utf-7", "", "..", NULL },
	{ "fs", "utf-7", "", "a/../b", NULL },
	{ "fs", "utf-7", "", "./a", NULL },
	{ "fs", "utf-7", "", "~z", NULL },
	{ "fs", "utf-7", "", "a//b", NULL },
	{ "fs", "utf-7", "", "dovecot-uidlist", NULL },
	{ "fs", "utf-7", "", "a/subscriptions", NULL },
	{ "fs", "utf-7", "\\", "..paquebot-0", NULL },
	{ "fs", "utf-7", "", "paquebot-index", NULL },
	{ "fs", "utf-7", "", "courierimapkeywords", NULL },
	/* Folders that people have, and that Dovecot lists with LAYOUT=fs. */
	{ "fs", "utf-7", "", "New", "New" },
	{ "fs", "utf-7", "", "a/Subscriptions", "a/Subscriptions" },
	{ "fs", "utf-7", "", "Lists/dovecot", "Lists/dovecot" },
	{ "fs", "utf-7", "", "Courier bills", "Courier bills" },
	{ "fs", "utf-7", "\\", "..", "\\2e." },
	{ "fs", "utf-7", "\\", "a/../b", "a/\\2e./b" },
	{ "fs", "utf-7", "\\", "~z", "\\7ez" },
	{ "fs", "utf-7", "\\", "q\\w", "q\\5cw" },
	{ "fs", "utf-7", "\\", "a/.dot", "a/.dot" },
	{ "fs", "utf-8", "", "&AOQ-/b", "\xc3\xa4/b" },
	/* never */
	{ "fs", "utf-7", "\\", "a\nb", NULL },
	{ "fs", "utf-7", "\\", "&AAo-", NULL },
	{ "fs", "utf-7", "\\", "&AC4-", NULL },	/* not canonical */
	{ "maildir++", "utf-7", "\\", "&AC8-", NULL },
	{ "fs", "utf-8", "\\", "*", NULL },
};

/* As a client's name becomes one of the store. */
static int
name_of(const char *seen, char separator, char out[FOLDER_NAME_SIZE])
{
	struct why why;
	struct buf b;
	int rc;

	why_set(&why, WHY_PERM, "5.1.0", "no such name");
	buf_init(&b, 4 * FOLDER_NAME_SIZE);
	rc = folder_name_from(span_str(seen), separator, &b);
	if (rc == 0)
		rc = folder_name(buf_span(&b), out, &why);
	if (rc != 0)
		T_TRUE(why.kind == WHY_PERM);
	buf_fini(&b);
	return rc;
}

static void
test_names(void **state)
{
	char name[FOLDER_NAME_SIZE], again[FOLDER_NAME_SIZE];
	char path[LAYOUT_PATH_SIZE];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].seen);
		layout_set(cases[i].layout, cases[i].names, cases[i].escape);
		if (name_of(cases[i].seen, '/', name) != 0) {
			T_TRUE(cases[i].disk == NULL);
			continue;
		}
		T_TRUE(cases[i].disk != NULL);
		T_INT(layout_path(name, path), 0);
		T_STR(span_str(path), cases[i].disk);
		T_INT(layout_name(span_str(path + !layout_is_fs()),
		    layout_separator(), again), 0);
		T_STR(span_str(again), name);
		buf_init(&b, KIB);
		folder_name_to(name, '/', &b);
		if (span_starts(buf_span(&b), SPAN_LIT("INBOX")))
			T_TRUE(span_ieq(buf_span(&b), span_str(cases[i].seen)));
		else
			T_STR(buf_span(&b), cases[i].seen);
		buf_fini(&b);
	}
	layout_set("maildir++", "utf-7", "");
}

/* Where clients have '.', a '/' needs an escape, in either layout. */
static void
test_slash(void **state)
{
	char name[FOLDER_NAME_SIZE], path[LAYOUT_PATH_SIZE];

	(void)state;
	layout_set("fs", "utf-7", "");
	T_TRUE(name_of("x/y", '.', name) != 0);
	layout_set("fs", "utf-7", "\\");
	T_INT(name_of("a.//.b", '.', name), 0);
	T_INT(layout_path(name, path), 0);
	T_STR(span_str(path), "a/\\2f\\2f/b");	/* Dovecot */
	layout_set("maildir++", "utf-7", "\\");
	T_INT(name_of("x/y", '.', name), 0);
	T_INT(layout_path(name, path), 0);
	T_STR(span_str(path), ".x\\2fy");
	layout_set("maildir++", "utf-7", "");
}

/* What would be written otherwise is no folder: none has two names. */
static void
test_other_spellings(void **state)
{
	static const char *const bad[] = { "\\61", "x\\2Ey", "a\\", "a\\2",
		"a\\zz", "\\0a", "\\c3\\a4", "cur", "a/tmp", "", "a//b",
		"..paquebot-0123", "&AC4-", "~a", ".." };
	char name[FOLDER_NAME_SIZE];

	(void)state;
	layout_set("fs", "utf-7", "\\");
	for (size_t i = 0; i < COUNT(bad); i++) {
		t_case(bad[i]);
		T_TRUE(layout_name(span_str(bad[i]), '/', name) != 0);
	}
	layout_set("fs", "utf-8", "");
	T_TRUE(layout_name(SPAN_LIT("\xff"), '/', name) != 0);
	layout_set("maildir++", "utf-7", "");
}

/* A component on disk is a file name of at most 255 octets. */
static void
test_long(void **state)
{
	char big[101], name[FOLDER_NAME_SIZE];

	(void)state;
	memset(big, '\\', sizeof(big));
	big[100] = '\0';
	layout_set("fs", "utf-7", "");
	T_INT(name_of(big, '/', name), 0);
	layout_set("fs", "utf-7", "\\");
	T_TRUE(name_of(big, '/', name) != 0);
	big[LAYOUT_PART_MAX / 3] = '\0';
	T_INT(name_of(big, '/', name), 0);
	/* In a Maildir++ all of the name is one. */
	big[40] = '/';
	big[LAYOUT_PART_MAX / 3] = '\\';
	big[90] = '\0';
	layout_set("maildir++", "utf-7", "\\");
	T_TRUE(name_of(big, '/', name) != 0);
	big[70] = '\0';
	T_INT(name_of(big, '/', name), 0);
	layout_set("maildir++", "utf-7", "");
}

static int
setup(void **state)
{
	struct why why;

	layout_set("fs", "utf-7", "");
	return scratch_setup(state) != 0 ? -1 : maildir_make(scratch, &why);
}

static int
teardown(void **state)
{
	layout_set("maildir++", "utf-7", "");
	return scratch_teardown(state);
}

/* "a(x) b": names, with (x) where there is a folder. */
static const char *
listed(void)
{
	static char text[1024];
	struct folders fs;
	struct why why;
	size_t n = 0;

	text[0] = '\0';
	T_INT(folders_list(scratch, false, &fs, &why), 0);
	for (size_t i = 0; i < fs.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s",
		    i > 0 ? " " : "", fs.v[i].name,
		    fs.v[i].exists ? "" : "-");
	folders_fini(&fs);
	return text;
}

static void
test_tree(void **state)
{
	struct folder *f;
	struct why why;

	(void)state;
	T_INT(folders_create(scratch, "a.b.c", &why), 0);
	T_STR(span_str(listed()), "INBOX a- a.b- a.b.c");
	T_TRUE(!scratch_has("a/b/c/maildirfolder"));
	/* Only above others: no folder, and nothing is made in it. */
	T_TRUE(folder_open(scratch, "a.b", false, &why) == NULL);
	T_TRUE(why.kind == WHY_PERM);
	T_TRUE(!scratch_has("a/b/cur"));
	T_TRUE(!folder_exists(scratch, "a.b"));
	T_INT(folders_create(scratch, "a.b", &why), 0);
	T_INT(folders_create(scratch, "a.b", &why), -1);
	T_STR(span_str(listed()), "INBOX a- a.b a.b.c");
	f = folder_open(scratch, "a.b.c", false, &why);
	T_TRUE(f != NULL && folder_sync(f, NULL, &why) == 0);
	folder_close(&f);
	/* The tree moves, over an empty directory, too. */
	T_INT(fs_mkdir(scratch, "z"), 0);
	T_INT(folders_rename(scratch, "a", "z", &why), 0);
	T_STR(span_str(listed()), "INBOX z- z.b z.b.c");
	T_INT(folders_create(scratch, "y", &why), 0);
	T_INT(folders_rename(scratch, "y", "z", &why), -1);
	T_TRUE(why.kind == WHY_PERM);
	/* RFC 3501 6.3.4: what is below stays. */
	scratch_put("z/b/new/1.a", "x\n");
	T_INT(folders_delete(scratch, "z.b", &why), 0);
	T_STR(span_str(listed()), "INBOX y z- z.b- z.b.c");
	T_TRUE(!scratch_has("z/b/new") && !scratch_has("z/b/dovecot-uidlist"));
	T_INT(folders_delete(scratch, "z.b", &why), -1);
	T_INT(folders_delete(scratch, "z.b.c", &why), 0);
	T_STR(span_str(listed()), "INBOX y");
	T_TRUE(!scratch_has("z"));
	/* RFC 3501 6.3.5 */
	scratch_put("new/2.a", "y\n");
	T_INT(folders_rename(scratch, "INBOX", "old.mail", &why), 0);
	T_STR(span_str(listed()), "INBOX old- old.mail y");
}

static void
test_not_ours(void **state)
{
	struct why why;

	(void)state;
	T_INT(folders_create(scratch, "a", &why), 0);
	T_INT(fs_mkdir(scratch, "..paquebot-0123456789abcdef"), 0);
	T_INT(fs_mkdir(scratch, "..DOVECOT-TRASHED"), 0);
	T_INT(fs_mkdirs(scratch, "a/cur/deep"), 0);
	T_INT(fs_mkdirs(scratch, "courierimapkeywords/x"), 0);
	T_INT(symlinkat("..", scratch, "up"), 0);
	T_INT(symlinkat("a", scratch, "b"), 0);
	T_STR(span_str(listed()), "INBOX a");
	T_TRUE(!folder_exists(scratch, "b"));
	T_TRUE(folder_open(scratch, "up.x", false, &why) == NULL);
}

static void
test_subscribe(void **state)
{
	struct buf text;
	struct why why;

	(void)state;
	T_INT(folders_subscribe(scratch, "a.b&AC4-c", true, &why), 0);
	buf_init(&text, KIB);
	T_INT(fs_slurp(scratch, "subscriptions", &text), 0);
	T_STR(buf_span(&text), "a/b.c\n");
	buf_fini(&text);
	/* Dovecot's form with TABs: components as they are on disk. */
	layout_set("maildir++", "utf-7", "\\");
	scratch_put("subscriptions", "V\t2\n\na\tb\nx\\2ey\n");
	T_INT(folders_subscribe(scratch, "x&AC4-y", false, &why), 0);
	T_INT(folders_subscribe(scratch, "c.d&AC4-", true, &why), 0);
	buf_init(&text, KIB);
	T_INT(fs_slurp(scratch, "subscriptions", &text), 0);
	T_STR(buf_span(&text), "V\t2\n\na\tb\nc\td\\2e\n");
	buf_fini(&text);
}

#define EACH(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_slash),
		cmocka_unit_test(test_other_spellings),
		cmocka_unit_test(test_long),
		EACH(test_tree),
		EACH(test_not_ours),
		EACH(test_subscribe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
