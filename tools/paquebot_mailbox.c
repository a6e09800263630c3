/*
 * paquebot_mailbox.c - the index of a mailbox, compared with its messages or
 * made anew.  Done as the mailbox's owner, in the mailbox: what lies there is
 * as foreign to root as to any session.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "os/confine.h"
#include "os/user.h"
#include "store/folder_check.h"
#include "store/folders.h"
#include "store/maildir.h"
#include "store/root.h"
#include "tools/paquebot.h"
#include "tools/paquebot_accounts.h"

#define FILES_MAX	256	/* open at once */

static int
complain(const char *who, const char *what)
{
	(void)fprintf(stderr, "paquebot: %s: %s\n", who, what);
	return EXIT_IOERR;
}

/* As the parents of sessions: what they may, for this one owner. */
static int
give_up(const struct account *a, const struct mail_roots *roots,
    bool unprivileged, struct why *why)
{
	const struct id_range uids = { .first = a->uid, .count = 1 };
	const struct id_range gids = { .first = a->gid, .count = 1 };
	const struct confine c = { .name = "paquebot",
	    .keep_owner_caps = !unprivileged,
	    .owner_uids = &uids, .owner_uids_n = 1,
	    .owner_gids = &gids, .owner_gids_n = 1,
	    .sandbox = SANDBOX_OWNER, .nofile = FILES_MAX,
	    .fsize_octets = CONFINE_ANY_SIZE, .write_dirs = roots->fd };
	struct confine_report report;

	return confine(&c, &report, why) != 0 ||
	    confine_become_owner(a->uid, a->gid, unprivileged, why) != 0 ?
	    -1 : 0;
}

/* From here on the process is the owner's; the mailbox, or -1 with why. */
static int
enter(const struct conf_view *conf, const struct account *a, struct why *why)
{
	bool unprivileged = user_self() != 0;
	struct mail_roots roots = { .n = 0 };
	int root;

	if (unprivileged && user_self() != a->uid) {
		why_set(why, WHY_PERM, "5.7.1", "only root and its owner may");
		return -1;
	}
	for (size_t i = 0; i < conf_count(conf, "mailbox_roots"); i++)
		if (mail_roots_add(&roots, conf_item(conf, "mailbox_roots",
		    i)) != 0)
			continue;	/* the others are looked at */
	maildir_learn_host();
	roots.fd[roots.n] = -1;
	if (give_up(a, &roots, unprivileged, why) != 0)
		return -1;
	root = mail_roots_find(&roots, a->maildir);
	if (root < 0)
		why_sys(why, WHY_PERM, "5.1.1", "cannot open %s", a->maildir);
	mail_roots_close(&roots);
	if (root >= 0 && (confine_enter_mailbox(root, unprivileged,
	    why) != 0 || confine_narrow(SANDBOX_FILES, why) != 0))
		return -1;
	return root;
}

static int
check_folder(int root, const char *name)
{
	static const char *const words[] = {
		[INDEX_IS_NONE] = "none", [INDEX_IS_GOOD] = "good",
		[INDEX_IS_OLD] = "old", [INDEX_IS_WRONG] = "wrong" };
	enum index_is is;
	struct why why;
	size_t n;

	if (folder_check(root, name, &is, &n, &why) != 0)
		return complain(name, why.text);
	printf("%s messages=%zu index=%s\n", name, n, words[is]);
	return is == INDEX_IS_WRONG ? EXIT_DATA : 0;
}

static int
rebuild_folder(int root, const char *name)
{
	struct why why;
	size_t n;

	if (folder_rebuild(root, name, &n, &why) != 0)
		return complain(name, why.text);
	printf("%s messages=%zu index=good\n", name, n);
	return 0;
}

static int
each_folder(int root, int (*run)(int root, const char *name))
{
	struct folders fs;
	struct why why;
	int rc = 0, one;

	if (folders_list(root, false, &fs, &why) != 0)
		return complain("folders", why.text);
	for (size_t i = 0; i < fs.n; i++) {
		if (!fs.v[i].exists)
			continue;
		one = run(root, fs.v[i].name);
		if (rc == 0)
			rc = one;
	}
	folders_fini(&fs);
	return rc;
}

static int
run_on(struct conf_view *conf, const char *user,
    int (*run)(int root, const char *name))
{
	struct accounts a;
	struct account account;
	struct why why;
	int root, rc = accounts_open(&a, conf, user, false);

	why_clear(&why);
	if (rc == 0 && a.n == 0)
		rc = accounts_complain(a.name, "is not there");
	if (rc == 0)
		rc = accounts_parse(&a, span_str(a.name), buf_span(&a.value),
		    &account);
	/* The hashes are out of memory before anything of the owner's is read. */
	accounts_close(&a);
	if (rc != 0)
		return rc;
	root = enter(conf, &account, &why);
	return root < 0 ? complain(user, why.text) : each_folder(root, run);
}

static int
run_mailbox(const struct tool *t, int argc, char **argv)
{
	struct conf_view *conf;
	bool check;
	int rc;

	check = argc == 3 && strcmp(argv[1], "check") == 0;
	if (!check && (argc != 3 || strcmp(argv[1], "rebuild") != 0))
		return tool_usage(&mailbox_command);
	conf = tool_conf(t);
	rc = run_on(conf, argv[2], check ? check_folder : rebuild_folder);
	conf_view_free(&conf);
	return rc;
}

const struct subcommand mailbox_command = { "mailbox",
	"check | rebuild name", "compare a mailbox's index with it, or make it "
	"anew", run_mailbox };
