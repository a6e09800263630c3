/*
 * store_tool - lib/store from a script: one command per line on standard
 * input, one line of answer each, on one Maildir.
 *
 *	store_tool MAILDIR
 *	open NAME | sync | list | append FLAGS KEYWORD|- TEXT
 *	flags +|-|= UID FLAGS KEYWORD|- | expunge UID | copy UID NAME
 *	move UID NAME | create NAME | rename FROM TO | delete NAME
 *	subscribe NAME | folders | deliver TEXT | replace UID TEXT
 *	keep (what is expunged) | restore (all of that)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder.h"
#include "store/folders.h"
#include "store/kept.h"
#include "store/quota.h"

static struct {
	int	       root;
	struct folder *f;
	struct why     why;
} tool;

struct words {
	struct span v[6];
	size_t	    n;
};

static void
print_uids(const char *mark, const struct uids *u)
{
	for (size_t i = 0; i < u->n; i++)
		printf("%s%s%u", i == 0 ? mark : "", i > 0 ? "," : "",
		    u->v[i]);
}

static bool
run_sync(const struct words *w)
{
	struct folder_changes c;
	bool ok;

	(void)w;
	folder_changes_init(&c);
	ok = folder_sync(tool.f, &c, &tool.why) == 0;
	if (ok) {
		printf("ok");
		print_uids(" +", &c.added);
		print_uids(" -", &c.expunged);
		print_uids(" ~", &c.flagged);
		printf("%s\n", c.reset ? " RESET" : "");
	}
	folder_changes_fini(&c);
	return ok;
}

static bool
run_open(const struct words *w)
{
	char name[FOLDER_NAME_SIZE];

	folder_close(&tool.f);
	if (folder_name(w->v[1], name, &tool.why) != 0 ||
	    (tool.f = folder_open(tool.root, name, false, &tool.why)) == NULL)
		return false;
	return run_sync(w);
}

static void
print_message(const struct message *m)
{
	struct buf letters;

	buf_init(&letters, 64);
	maildir_letters(&letters, m->flags, 0, SPAN_NONE);
	printf(" %u:%s", m->uid, buf_cstr(&letters));
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if ((m->keywords >> i & 1) != 0)
			printf("+%s", folder_keyword(tool.f, i) == NULL ?
			    "?" : folder_keyword(tool.f, i));
	printf(":%llu:%llu:%lld",
	    (unsigned long long)m->size_octets,
	    (unsigned long long)m->wire_octets, (long long)m->date_s);
	buf_fini(&letters);
}

static bool
run_list(const struct words *w)
{
	const struct message *m;

	(void)w;
	printf("ok V%u N%u G%s", folder_uidvalidity(tool.f),
	    folder_uidnext(tool.f), folder_guid(tool.f));
	for (size_t i = 0; i < folder_count(tool.f); i++) {
		m = folder_need(tool.f, folder_message(tool.f, i)->uid,
		    NEED_SIZE | NEED_WIRE | NEED_DATE, &tool.why);
		if (m != NULL)
			print_message(m);
	}
	printf("\n");
	return true;
}

static uint8_t
flags_of(struct span letters)
{
	struct maildir_name name;
	struct buf b;
	uint8_t flags;

	buf_init(&b, 64);
	(void)buf_addf(&b, "x:2,%.*s", SPAN_ARG(letters));
	flags = maildir_name_parse(buf_span(&b), &name) ? name.flags : 0;
	buf_fini(&b);
	return flags;
}

static bool
commit(struct folder_change c)
{
	struct folder_result r;
	bool ok;

	folder_result_init(&r);
	ok = folder_commit(tool.f, &c, 1, &r, &tool.why) == 0;
	if (ok) {
		printf("ok");
		print_uids(" ", &r.done);
		print_uids(" >", &r.made);
		printf("\n");
	}
	folder_result_fini(&r);
	return ok;
}

/* A change that brings a text. */
static bool
commit_text(struct folder_change c, struct span text)
{
	struct folder_append *a = folder_append_begin(tool.f, MIB, &tool.why);

	c.append = &a;
	if (a == NULL || folder_append_write(a, text.p, text.n,
	    &tool.why) != 0 ||
	    folder_append_write(a, "\r\n", 2, &tool.why) != 0) {
		folder_append_abort(&a);
		return false;
	}
	return commit(c);
}

static bool
add_text(enum folder_change_kind kind, struct span text, uint8_t flags,
    struct span keyword)
{
	struct folder_change c = { .kind = kind, .flags = flags,
	    .keywords = &keyword,
	    .keywords_n = keyword.n > 0 && !span_eq_str(keyword, "-") };

	return commit_text(c, text);
}

static bool
run_append(const struct words *w)
{
	return add_text(CHANGE_APPEND, w->v[3], flags_of(w->v[1]), w->v[2]);
}

static bool
run_deliver(const struct words *w)
{
	return add_text(CHANGE_DELIVER, w->v[1], 0, SPAN_NONE);
}

static bool
uid_of(struct span s, uint32_t *uid)
{
	uint64_t v;

	if (num_parse(s, 1, UINT32_MAX, &v) != 0)
		return false;
	*uid = (uint32_t)v;
	return true;
}

static bool
run_flags(const struct words *w)
{
	uint32_t uid;
	struct folder_change c = { .uids = &uid, .uids_n = 1,
	    .flags = flags_of(w->v[3]), .keywords = &w->v[4],
	    .keywords_n = w->n > 4 && !span_eq_str(w->v[4], "-") };

	c.kind = span_eq_str(w->v[1], "+") ? CHANGE_FLAGS_ADD :
	    span_eq_str(w->v[1], "-") ? CHANGE_FLAGS_REMOVE :
	    CHANGE_FLAGS_SET;
	return uid_of(w->v[2], &uid) && commit(c);
}

static bool
run_expunge(const struct words *w)
{
	uint32_t uid;
	struct folder_change c = { .kind = CHANGE_EXPUNGE, .uids = &uid,
	    .uids_n = 1 };

	return uid_of(w->v[1], &uid) && commit(c);
}

static bool
run_replace(const struct words *w)
{
	uint32_t uid;
	struct folder_change c = { .kind = CHANGE_REPLACE, .uids = &uid,
	    .uids_n = 1, .to = tool.f };

	return uid_of(w->v[1], &uid) && commit_text(c, w->v[2]);
}

static bool
to_folder(enum folder_change_kind kind, const struct words *w)
{
	char name[FOLDER_NAME_SIZE];
	uint32_t uid;
	struct folder_change c = { .kind = kind, .uids = &uid, .uids_n = 1 };
	bool ok;

	if (!uid_of(w->v[1], &uid) ||
	    folder_name(w->v[2], name, &tool.why) != 0 ||
	    (c.to = folder_open(tool.root, name, false, &tool.why)) == NULL)
		return false;
	ok = commit(c);
	folder_close(&c.to);
	return ok;
}

static bool
run_copy(const struct words *w)
{
	return to_folder(CHANGE_COPY, w);
}

static bool
run_move(const struct words *w)
{
	return to_folder(CHANGE_MOVE, w);
}

static bool
on_names(const struct words *w,
    int (*run)(int root, const char *a, const char *b))
{
	char a[FOLDER_NAME_SIZE], b[FOLDER_NAME_SIZE] = "";

	if (folder_name(w->v[1], a, &tool.why) != 0 ||
	    (w->n > 2 && folder_name(w->v[2], b, &tool.why) != 0) ||
	    run(tool.root, a, b) != 0)
		return false;
	printf("ok\n");
	return true;
}

static int
do_create(int root, const char *a, const char *b)
{
	(void)b;
	return folders_create(root, a, &tool.why);
}

static int
do_rename(int root, const char *a, const char *b)
{
	return folders_rename(root, a, b, &tool.why);
}

static int
do_delete(int root, const char *a, const char *b)
{
	(void)b;
	return folders_delete(root, a, &tool.why);
}

static int
do_subscribe(int root, const char *a, const char *b)
{
	(void)b;
	return folders_subscribe(root, a, true, &tool.why);
}

static bool
run_create(const struct words *w)
{
	return on_names(w, do_create);
}

static bool
run_rename(const struct words *w)
{
	return on_names(w, do_rename);
}

static bool
run_delete(const struct words *w)
{
	return on_names(w, do_delete);
}

static bool
run_subscribe(const struct words *w)
{
	return on_names(w, do_subscribe);
}

static bool
run_folders(const struct words *w)
{
	struct folders fs;

	(void)w;
	if (folders_list(tool.root, true, &fs, &tool.why) != 0)
		return false;
	printf("ok");
	for (size_t i = 0; i < fs.n; i++)
		printf(" %s%s%s", fs.v[i].name, fs.v[i].exists ? "" : "!",
		    fs.v[i].subscribed ? "*" : "");
	printf("\n");
	folders_fini(&fs);
	return true;
}

static bool
run_keep(const struct words *w)
{
	(void)w;
	if (kept_begin(tool.root, 1, 0, &tool.why) != 0)
		return false;
	printf("ok\n");
	return true;
}

static bool
run_restore(const struct words *w)
{
	const struct kept_choice all = { .since_s = INT64_MIN };
	size_t n;

	(void)w;
	if (kept_restore(tool.root, &all, &n, &tool.why) != 0)
		return false;
	printf("ok %zu\n", n);
	return true;
}

static const struct {
	const char *name;
	bool (*run)(const struct words *w);
	size_t words;
	bool   in_folder;
} commands[] = {
	{ "open", run_open, 2, false }, { "sync", run_sync, 1, true },
	{ "list", run_list, 1, true }, { "append", run_append, 4, true },
	{ "deliver", run_deliver, 2, true },
	{ "replace", run_replace, 3, true },
	{ "flags", run_flags, 5, true },
	{ "expunge", run_expunge, 2, true }, { "copy", run_copy, 3, true },
	{ "move", run_move, 3, true }, { "create", run_create, 2, false },
	{ "rename", run_rename, 3, false },
	{ "delete", run_delete, 2, false },
	{ "subscribe", run_subscribe, 2, false },
	{ "folders", run_folders, 1, false },
	{ "keep", run_keep, 1, false }, { "restore", run_restore, 1, false },
};

static bool
run_line(struct span line)
{
	struct words w = { .n = 0 };

	why_set(&tool.why, WHY_PERM, "5.5.4", "bad command");
	while (w.n < COUNT(w.v) && (w.v[w.n] = span_word(&line)).n > 0)
		w.n++;
	for (size_t i = 0; i < COUNT(commands); i++)
		if (w.n >= commands[i].words &&
		    span_eq_str(w.v[0], commands[i].name) &&
		    (tool.f != NULL || !commands[i].in_folder))
			return commands[i].run(&w);
	return false;
}

int
main(int argc, char **argv)
{
	char line[4096];

	if (argc != 2 || (tool.root = fs_open_top(argv[1])) < 0)
		return 64;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (!run_line(span_trim_ws(span_str(line))))
			printf("no %s %s\n", tool.why.esc, tool.why.text);
		(void)fflush(stdout);
	}
	folder_close(&tool.f);
	fd_close(&tool.root);
	return 0;
}
