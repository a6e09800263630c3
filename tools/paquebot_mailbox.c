/*
 * paquebot_mailbox.c - the index of a mailbox, compared with its messages or
 * made anew, and the way to the other verbs for a mailbox.  Done as the
 * mailbox's owner, in the mailbox: what lies there is as foreign to root as to
 * any session.
 */
#include "tools/paquebot_mailbox.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "os/confine.h"
#include "os/user.h"
#include "store/folder_check.h"
#include "store/folders.h"
#include "store/layout.h"
#include "store/maildir.h"
#include "store/root.h"
#include "tools/paquebot.h"
#include "tools/paquebot_accounts.h"

#define FILES_MAX	256	/* open at once */
#define MEM_MAX		(2048 * MIB)	/* as a session of imapd */

int
mailbox_complain(const char *who, const char *what)
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
	    .sandbox = SANDBOX_OWNER, .mem_max_octets = MEM_MAX,
	    .nofile = FILES_MAX,
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
	layout_set(conf_str(conf, "mailbox_layout"),
	    conf_str(conf, "mailbox_names"), conf_str(conf, "mailbox_escape"));
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
check_folder(const struct mailbox *m, const char *name)
{
	static const char *const words[] = {
		[INDEX_IS_NONE] = "none", [INDEX_IS_GOOD] = "good",
		[INDEX_IS_OLD] = "old", [INDEX_IS_WRONG] = "wrong" };
	enum index_is is;
	struct why why;
	size_t n;

	if (folder_check(m->root, name, &is, &n, &why) != 0)
		return mailbox_complain(name, why.text);
	printf("%s messages=%zu index=%s\n", name, n, words[is]);
	return is == INDEX_IS_WRONG ? EXIT_DATA : 0;
}

static int
rebuild_folder(const struct mailbox *m, const char *name)
{
	struct why why;
	size_t n;

	if (folder_rebuild(m->root, name, &n, &why) != 0)
		return mailbox_complain(name, why.text);
	printf("%s messages=%zu index=good\n", name, n);
	return 0;
}

int
mailbox_each_folder(const struct mailbox *m,
    int (*run)(const struct mailbox *m, const char *name))
{
	struct folders fs;
	struct why why;
	int rc = 0, one;

	if (folders_list(m->root, false, &fs, &why) != 0)
		return mailbox_complain("folders", why.text);
	for (size_t i = 0; i < fs.n; i++) {
		if (!fs.v[i].exists)
			continue;
		one = run(m, fs.v[i].name);
		if (rc == 0)
			rc = one;
	}
	folders_fini(&fs);
	return rc;
}

static int
check_all(const struct mailbox *m)
{
	return mailbox_each_folder(m, check_folder);
}

static int
rebuild_all(const struct mailbox *m)
{
	return mailbox_each_folder(m, rebuild_folder);
}

static const struct verb {
	const char *word;
	int (*run)(const struct mailbox *m);
	bool words;		/* more may follow the user */
} verbs[] = {
	{ "check", check_all, false },
	{ "rebuild", rebuild_all, false },
	{ "adopt", mailbox_adopt, false },
	{ "leave", mailbox_leave, false },
	{ "kept", mailbox_kept, true },
	{ "restore", mailbox_restore, true },
};

static int
run_on(struct mailbox *m, const struct verb *verb)
{
	struct accounts a;
	struct account account;
	struct why why;
	int rc = accounts_open(&a, m->conf, m->user, false);

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
	m->root = enter(m->conf, &account, &why);
	return m->root < 0 || mail_root_check(m->root, &why) != 0 ?
	    mailbox_complain(m->user, why.text) : verb->run(m);
}

static int
run_mailbox(const struct tool *t, int argc, char **argv)
{
	struct mailbox m = { .root = -1 };
	struct conf_view *conf;
	int rc;

	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (argc < 3 || (argc > 3 && !verbs[i].words) ||
		    strcmp(argv[1], verbs[i].word) != 0)
			continue;
		m.conf = conf = tool_conf(t);
		m.user = argv[2];
		m.words = argv + 3;
		m.words_n = argc - 3;
		rc = run_on(&m, &verbs[i]);
		conf_view_free(&conf);
		return rc;
	}
	return tool_usage(&mailbox_command);
}

const struct subcommand mailbox_command = { "mailbox",
	"check | rebuild | adopt | leave | kept | restore name "
	"[folder=x] [since=3d] [id=x]", "look after a mailbox's index, take it "
	"over, or bring back what was expunged", run_mailbox };
