/*
 * Sessions that look at what has changed only, beside what is on disk: whatever
 * other programs do to a folder, also in the middle of a look or of a change,
 * in the end each view has the files that are there, under their names, and
 * every session the same UIDs, which are those of the uidlist.
 * PAQUEBOT_SEED repeats one run.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <dlfcn.h>

#include "os/clock.h"
#include "scratch.h"
#include "store/folder.h"
#include "store/folder_check.h"
#include "store/index_format.h"

#define SCENES		40
#define STEPS		60
#define SESSIONS	4
#define FILES		200	/* in one folder, at most */
#define SETTLE_MS	2600	/* a change beside one of ours is looked for by then */
#define LIST		"dovecot-uidlist"

struct scene {
	int	 root, dirs[3];		/* new, cur, stash */
	struct folder *f[SESSIONS];
	bool	 half;			/* a file has two names, and one is to go */
	struct timespec kept[2];	/* a time that new/ and cur/ once had */
	unsigned made;
};

static struct why why;
static struct scene scenes[SCENES], *watched;
static uint64_t rnd_state;
static unsigned seed;

static unsigned
rnd(unsigned n)
{
	rnd_state = rnd_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(rnd_state >> 33) % n;
}

struct listing {
	char name[FILES][300];
	size_t n;
};

static void
list_dir(int dir, struct listing *out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY);
	DIR *d = fdopendir(fd);
	struct dirent *e;

	out->n = 0;
	T_TRUE(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && out->n < FILES)
			(void)snprintf(out->name[out->n++], 300, "%s",
			    e->d_name);
	closedir(d);
}

/* false: there is none */
static bool
pick(int dir, char out[300])
{
	struct listing l;

	list_dir(dir, &l);
	if (l.n == 0)
		return false;
	memcpy(out, l.name[rnd((unsigned)l.n)], 300);
	return true;
}

static void
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	T_TRUE(fd >= 0 && fd_write_all(fd, "x\n", 2) == 0);
	fd_close(&fd);
}

static void
fresh_name(struct scene *s, bool old, char out[300])
{
	(void)snprintf(out, 100, "%lld.%uq.host",
	    old ? 1000000000LL : (long long)clock_wall_s(), s->made++);
}

/* The name without its flags, and with others. */
static void
flagged(const char *name, char out[300])
{
	static const char *const flags[] = { "", "S", "FS", "T", "R", "ab" };

	(void)snprintf(out, 300, "%.*s:2,%s", (int)strcspn(name, ":"), name,
	    flags[rnd(COUNT(flags))]);
}

static void
move_file(int from, const char *name, int to, const char *as)
{
	if (faccessat(to, as, F_OK, 0) != 0)
		(void)!renameat(from, name, to, as);
}

/* A file of two names keeps one. */
static void
finish_half(struct scene *s)
{
	struct listing l;
	struct stat st;

	for (unsigned i = 0; s->half && i < 3; i++) {
		list_dir(s->dirs[i], &l);
		for (size_t k = 0; k < l.n; k++)
			if (fstatat(s->dirs[i], l.name[k], &st, 0) == 0 &&
			    st.st_nlink > 1)
				(void)!unlinkat(s->dirs[i], l.name[k], 0);
	}
	s->half = false;
}

static void
set_time(struct scene *s)
{
	unsigned i = rnd(2);
	struct timespec t[2] = { { .tv_sec = 1600000000 },
		{ .tv_sec = 1600000000 } };
	struct stat st;

	if (fstat(s->dirs[i], &st) != 0)
		return;
	if (rnd(2) == 0 && s->kept[i].tv_sec != 0)
		t[0] = t[1] = s->kept[i];
	s->kept[i] = st.st_mtim;
	(void)!utimensat(s->dirs[i], ".", t, 0);
}

/* As Dovecot would add a message: file and line under the lock. */
static void
add_with_line(struct scene *s)
{
	char name[300], line[400], text[65536];
	unsigned long uid = 0;
	int fd = openat(s->root, LIST, O_RDWR | O_APPEND);
	ssize_t n = fd < 0 ? -1 : fd_read(fd, text, sizeof(text) - 1);
	char *at;

	if (n > 10 && text[n - 1] == '\n') {
		text[n] = '\0';
		at = strstr(text, " N");
		uid = at == NULL ? 0 : strtoul(at + 2, NULL, 10);
		text[n - 1] = '\0';
		at = strrchr(text, '\n');
		if (at != NULL && strtoul(at + 1, NULL, 10) >= uid)
			uid = strtoul(at + 1, NULL, 10) + 1;
	}
	if (uid != 0) {
		fresh_name(s, rnd(4) == 0, name);
		make_file(s->dirs[rnd(2)], name);
		(void)snprintf(line, sizeof(line), "%lu :%s\n", uid, name);
		T_TRUE(fd_write_all(fd, line, strlen(line)) == 0);
	}
	fd_close(&fd);
}

static void
harm_files(struct scene *s)
{
	struct stat st;

	switch (rnd(6)) {
	case 0:
		(void)!unlinkat(s->root, LIST, 0);
		break;
	case 1:
		if (fstatat(s->root, LIST, &st, 0) == 0 && st.st_size > 60) {
			int fd = openat(s->root, LIST, O_WRONLY);

			(void)!ftruncate(fd, st.st_size - 3);
			fd_close(&fd);
		}
		break;
	case 2:
		(void)!unlinkat(s->root, INDEX_NAME, 0);
		break;
	case 3:
		(void)!unlinkat(s->root, INDEX_LOG_NAME, 0);
		break;
	default:
		add_with_line(s);
	}
}

/* The first half of a rename by link and unlink. */
static void
halve(struct scene *s)
{
	char name[300], as[300];

	finish_half(s);
	if (!pick(s->dirs[1], name))
		return;
	flagged(name, as);
	s->half = linkat(s->dirs[1], name, s->dirs[1], as, 0) == 0;
}

/* A file leaves the folder, or one comes back. */
static void
take_out(struct scene *s, bool back)
{
	int dir = s->dirs[rnd(2)], stash = s->dirs[2];
	char name[300];

	finish_half(s);
	if (pick(back ? stash : dir, name))
		move_file(back ? stash : dir, name, back ? dir : stash, name);
}

/* Another program does something. */
static void
disturb(struct scene *s)
{
	char name[300], as[300];
	int new = s->dirs[0], cur = s->dirs[1];

	switch (rnd(16)) {
	case 0:
	case 1:
	case 2:
		fresh_name(s, rnd(4) == 0, name);
		make_file(new, name);
		break;
	case 3:
		fresh_name(s, rnd(2) == 0, name);
		flagged(name, as);
		make_file(cur, as);
		break;
	case 4:
		if (pick(s->dirs[rnd(2)], name))
			(void)!unlinkat(s->dirs[rnd(2)], name, 0);
		break;
	case 5:
	case 6:
		if (pick(cur, name)) {
			flagged(name, as);
			move_file(cur, name, cur, as);
		}
		break;
	case 7:
		if (pick(new, name)) {
			flagged(name, as);
			move_file(new, name, cur, as);
		}
		break;
	case 8:
		if (pick(cur, name))
			move_file(cur, name, new, name);
		break;
	case 9:
		halve(s);
		break;
	case 10:
	case 11:
		take_out(s, rnd(2) == 0);
		break;
	case 12:
	case 13:
		set_time(s);
		break;
	default:
		if (faccessat(s->root, LIST ".lock", F_OK, 0) != 0)
			harm_files(s);
	}
}

/* In the middle of what a session does. */
static void
in_between(unsigned one_of)
{
	struct scene *s = watched;

	if (s == NULL || rnd(one_of) != 0)
		return;
	watched = NULL;
	disturb(s);
	watched = s;
}

struct dirent *
readdir(DIR *d)
{
	static struct dirent *(*next)(DIR *);

	if (next == NULL) {
		void *found = dlsym(RTLD_NEXT, "readdir");

		memcpy(&next, &found, sizeof(next));
	}
	in_between(40);
	return next(d);
}

int
futimens(int fd, const struct timespec t[2])
{
	int rc;

	in_between(3);
	rc = utimensat(fd, "", t, AT_EMPTY_PATH);
	in_between(3);
	return rc;
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to,
    unsigned flags)
{
	static int (*next)(int, const char *, int, const char *, unsigned);
	int rc;

	if (next == NULL) {
		void *found = dlsym(RTLD_NEXT, "renameat2");

		memcpy(&next, &found, sizeof(next));
	}
	in_between(8);
	rc = next(from_dir, from, to_dir, to, flags);
	in_between(8);
	return rc;
}

static void
reopen(struct scene *s, unsigned i)
{
	folder_close(&s->f[i]);
	s->f[i] = folder_open(s->root, "INBOX", i == SESSIONS - 1, &why);
	T_TRUE(s->f[i] != NULL);
}

/* returns  what folder_sync() did; a session that has to end begins anew */
static int
sync_one(struct scene *s, unsigned i)
{
	struct folder_changes c;
	int rc;

	folder_changes_init(&c);
	rc = folder_sync(s->f[i], rnd(4) == 0 ? NULL : &c, &why);
	if (c.reset || folder_uidvalidity(s->f[i]) == 0) {
		reopen(s, i);
		rc = folder_sync(s->f[i], NULL, &why);
	}
	folder_changes_fini(&c);
	return rc;
}

static void
append(struct folder *f)
{
	struct folder_append *a = folder_append_begin(f, 1000, &why);
	struct folder_change c = { .append = &a,
		.kind = rnd(2) == 0 ? CHANGE_APPEND : CHANGE_DELIVER,
		.flags = rnd(2) == 0 ? MESSAGE_SEEN : 0 };

	T_TRUE(a != NULL && folder_append_write(a, "x\r\n", 3, &why) == 0);
	(void)!folder_commit(f, &c, 1, NULL, &why);
}

static void
change_one(struct folder *f)
{
	static const enum folder_change_kind kinds[] = { CHANGE_FLAGS_ADD,
		CHANGE_FLAGS_REMOVE, CHANGE_FLAGS_SET, CHANGE_EXPUNGE,
		CHANGE_COPY, CHANGE_MOVE, CHANGE_FLAGS_ADD };
	struct folder_change c = { .kind = kinds[rnd(COUNT(kinds))],
		.uids_n = 1, .flags = rnd(2) == 0 ? MESSAGE_FLAGGED :
		MESSAGE_SEEN, .to = f, .numbered = rnd(2) == 0 };
	uint32_t uid;

	if (folder_count(f) == 0)
		return;
	uid = folder_message(f, rnd((unsigned)folder_count(f)))->uid;
	c.uids = &uid;
	(void)!folder_commit(f, &c, 1, NULL, &why);
}

static void
step(struct scene *s)
{
	unsigned i = rnd(SESSIONS);
	bool writer = i != SESSIONS - 1;

	watched = s;
	switch (rnd(12)) {
	case 0:
	case 1:
		if (writer)
			append(s->f[i]);
		break;
	case 2:
	case 3:
	case 4:
		if (writer && folder_uidvalidity(s->f[i]) != 0)
			change_one(s->f[i]);
		break;
	case 5:
		reopen(s, i);
		break;
	case 6:
		watched = NULL;
		disturb(s);
		break;
	case 7:
		clock_sleep_ms(rnd(8) == 0 ? 120 : 5);
		break;
	default:
		(void)!sync_one(s, i);
	}
	watched = NULL;
}

static void
setup_scene(struct scene *s, unsigned n)
{
	static const char *const names[] = { "new", "cur", "stash" };
	char name[20];

	(void)snprintf(name, sizeof(name), "s%u", n);
	T_INT(mkdirat(scratch, name, 0700), 0);
	*s = (struct scene){ .root = openat(scratch, name,
	    O_RDONLY | O_DIRECTORY) };
	T_INT(mkdirat(s->root, "stash", 0700), 0);
	T_INT(maildir_make(s->root, &why), 0);
	for (unsigned i = 0; i < 3; i++)
		s->dirs[i] = openat(s->root, names[i],
		    O_RDONLY | O_DIRECTORY);
	for (unsigned i = 0; i < SESSIONS; i++)
		reopen(s, i);
}

/* The highest UID that the list has for a base; 0: none. */
static uint32_t
listed_uid(const char *list, const char *name)
{
	char line[320];
	const char *at = list;
	uint32_t uid = 0;
	size_t n;

	n = (size_t)snprintf(line, sizeof(line), ":%.*s\n",
	    (int)strcspn(name, ":"), name);
	while ((at = strstr(at, line)) != NULL) {
		const char *begin = at;

		while (begin > list && begin[-1] != '\n')
			begin--;
		uid = (uint32_t)strtoul(begin, NULL, 10);
		at += n;
	}
	return uid;
}

static bool
is_there(const struct scene *s, const struct message *m)
{
	return faccessat(s->dirs[m->in_new ? 0 : 1], m->name, F_OK,
	    AT_SYMLINK_NOFOLLOW) == 0;
}

static void
check_view(struct scene *s, unsigned n, unsigned i)
{
	static char list[1 << 20];
	struct folder *f = s->f[i];
	struct listing new, cur;
	int fd = openat(s->root, LIST, O_RDONLY);
	ssize_t got = fd < 0 ? 0 : fd_read(fd, list, sizeof(list) - 1);

	fd_close(&fd);
	list[got < 0 ? 0 : got] = '\0';
	list_dir(s->dirs[0], &new);
	list_dir(s->dirs[1], &cur);
	if (folder_count(f) != new.n + cur.n)
		fail_msg("seed %u scene %u session %u: %zu messages, %zu files",
		    seed, n, i, folder_count(f), new.n + cur.n);
	for (size_t k = 0; k < folder_count(f); k++) {
		uint32_t uid = folder_message(f, k)->uid, is;
		const struct message *m = folder_need(f, uid, 0, &why);

		T_TRUE(m != NULL);
		is = listed_uid(list, m->name);
		if (!is_there(s, m) || is != uid)
			fail_msg("seed %u scene %u session %u: %s has UID %u, "
			    "%u in the list", seed, n, i, m->name, uid, is);
	}
}

static void
check_scene(struct scene *s, unsigned n)
{
	enum index_is is;
	size_t messages;

	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < SESSIONS; i++)
			if (sync_one(s, i) != 0)
				fail_msg("seed %u scene %u session %u: %s",
				    seed, n, i, why.text);
	for (unsigned i = 0; i < SESSIONS; i++)
		check_view(s, n, i);
	/* And who comes now, and knows only what the index says. */
	for (unsigned i = 0; i < SESSIONS; i++)
		reopen(s, i);
	for (unsigned i = 0; i < SESSIONS; i++)
		T_INT(sync_one(s, i), 0);
	for (unsigned i = 0; i < SESSIONS; i++)
		check_view(s, n, i);
	T_INT(folder_check(s->root, "INBOX", &is, &messages, &why), 0);
	T_TRUE(is != INDEX_IS_WRONG);
}

static void
test_rescan(void **state)
{
	const char *text = getenv("PAQUEBOT_SEED");

	(void)state;
	seed = text != NULL ? (unsigned)strtoul(text, NULL, 10) :
	    (unsigned)clock_wall_us();
	rnd_state = seed;
	for (unsigned n = 0; n < SCENES; n++)
		setup_scene(&scenes[n], n);
	for (unsigned k = 0; k < STEPS * SCENES; k++)
		step(&scenes[rnd(SCENES)]);
	for (unsigned n = 0; n < SCENES; n++)
		finish_half(&scenes[n]);
	clock_sleep_ms(SETTLE_MS);
	for (unsigned n = 0; n < SCENES; n++)
		check_scene(&scenes[n], n);
	for (unsigned n = 0; n < SCENES; n++) {
		for (unsigned i = 0; i < SESSIONS; i++)
			folder_close(&scenes[n].f[i]);
		for (unsigned i = 0; i < 3; i++)
			fd_close(&scenes[n].dirs[i]);
		fd_close(&scenes[n].root);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rescan, scratch_setup,
		    scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
