/*
 * The index of a folder: what it says is what a listing would say, whatever
 * happens to its files; it saves the listing; and MODSEQ goes with it.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include <fcntl.h>

#include "inbox.h"
#include "os/clock.h"
#include "os/fs.h"
#include "store/folder_cache.h"
#include "store/index_format.h"

#define G	"G1f05b32a9c1e1e5f8f1a0000c5c1c5c1"
#define N	5
#define TEXT_SIZE	((size_t)65536)

static int
fresh(void **state)
{
	if (scratch_setup(state) != 0)
		return -1;
	return maildir_make(scratch, &why);
}

static void
set_time(const char *name, time_t s)
{
	const struct timespec t[2] = { { .tv_sec = s }, { .tv_sec = s } };

	T_INT(utimensat(scratch, name, t, 0), 0);
}

/* The directories look as if nobody had changed them for long. */
static void
make_old(void)
{
	set_time("new", 1600000000);
	set_time("cur", 1600000000);
	clock_sleep_ms(150);	/* ctime is believed a tick later */
}

static void
put_messages(void)
{
	scratch_put("cur/1.a,S=4,W=5:2,S", "one\n");
	scratch_put("cur/2.b:2,", "two\n");
	scratch_put("cur/3.c:2,FSab", "three\n");
	scratch_put("cur/4.d:2,T", "four\n");
	scratch_put("cur/5.e:2,P", "five\n");
	scratch_put("dovecot-keywords", "0 First\n1 Second\n");
	scratch_put("dovecot-uidlist", "3 V77 N30 " G "\n3 :1.a,S=4,W=5\n"
	    "4 P12 W5 :2.b\n9 :3.c\n10 :4.d\n21 :5.e\n");
}

/* All that the view says, as text. */
static const char *
view_text(struct folder *f)
{
	static char text[2][TEXT_SIZE];
	static int turn;
	char *to = text[turn = !turn];
	size_t n = 0;

	n += (size_t)snprintf(to, TEXT_SIZE, "V%u N%u:", folder_uidvalidity(f),
	    folder_uidnext(f));
	for (size_t i = 0; i < folder_count(f); i++) {
		uint32_t uid = folder_message(f, i)->uid;
		const struct message *m = folder_need(f, uid, NEED_WIRE, &why);

		if (m == NULL) {
			n += (size_t)snprintf(to + n, TEXT_SIZE - n, " %u?", uid);
			continue;
		}
		n += (size_t)snprintf(to + n, TEXT_SIZE - n, " %u %s %x %x %s %u",
		    uid, m->name, m->flags, m->keywords,
		    m->ext == NULL ? "-" : m->ext, (unsigned)m->wire_octets);
	}
	return to;
}

static const char all[] = "V77 N30: 3 1.a,S=4,W=5:2,S 1 0 - 5"
    " 4 2.b:2, 0 0 P12 W5 5 9 3.c:2,FSab 5 3 - 7 10 4.d:2,T 8 0 - 6"
    " 21 5.e:2,P 0 0 - 6";

#define VIEW(f, want)	T_STR(span_str(view_text(f)), (want))

static void
test_same_view(void **state)
{
	struct folder *f;

	(void)state;
	put_messages();
	for (int i = 0; i < 4; i++) {
		if (i == 2)
			make_old();
		f = inbox_open(false);
		VIEW(f, all);
		VIEW(f, all);
		folder_close(&f);
		T_TRUE(scratch_has(INDEX_NAME));
	}
}

/*
 * rsync -t and tar set the time of a directory back after they have put a file
 * there: it is seen, in a folder that is open and from the index.
 */
static void
test_times_set_back(void **state)
{
	struct folder *f, *open;

	(void)state;
	put_messages();
	make_old();
	open = inbox_open(false);
	make_old();
	T_TRUE(folder_sync(open, NULL, &why) == 0);
	T_INT(folder_count(open), N);
	scratch_put("cur/6.f:2,", "six\n");
	make_old();
	f = inbox_open(false);
	T_INT(folder_count(f), N + 1);
	T_INT(folder_find(f, 30)->uid, 30);
	folder_close(&f);
	T_TRUE(folder_sync(open, NULL, &why) == 0);
	T_INT(folder_count(open), N + 1);
	folder_close(&open);
}

static char *
slurp(const char *name, size_t *n)
{
	struct buf b;
	char *copy;

	buf_init(&b, MIB);
	T_TRUE(fs_slurp(scratch, name, &b) == 0);
	*n = b.n;
	copy = malloc(b.n + 1);
	T_TRUE(copy != NULL);
	memcpy(copy, b.p, b.n);
	buf_fini(&b);
	return copy;
}

/* In place, as by a disk that lies or an owner who plays. */
static void
spoil(const char *name, const char *text, size_t n)
{
	int fd = openat(scratch, name, O_WRONLY | O_TRUNC);

	T_TRUE(fd >= 0);
	T_INT(write(fd, text, n), (ssize_t)n);
	(void)close(fd);
}

/* A snapshot and a log with something in it. */
static void
make_both(void)
{
	static const uint32_t uid = 9;
	const struct folder_change c = { .kind = CHANGE_FLAGS_ADD,
	    .uids = &uid, .uids_n = 1, .flags = MESSAGE_ANSWERED };
	struct folder *f;

	put_messages();
	f = inbox_open(false);
	VIEW(f, all);
	T_TRUE(folder_commit(f, &c, 1, NULL, &why) == 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	folder_close(&f);
	make_old();
	f = inbox_open(false);		/* notes that nothing is new any more */
	folder_close(&f);
}

static const char marked[] = "V77 N30: 3 1.a,S=4,W=5:2,S 1 0 - 5"
    " 4 2.b:2, 0 0 P12 W5 5 9 3.c:2,FRSab 7 3 - 7 10 4.d:2,T 8 0 - 6"
    " 21 5.e:2,P 0 0 - 6";

/*
 * Any prefix, any changed bit of either file: the right view, from what is
 * left of the index or from a listing; and afterwards a good index again.
 */
static void
check_spoilt(const char *name, size_t step)
{
	size_t n, cut;
	char *text, *other;
	struct folder *f;

	text = slurp(name, &n);
	other = malloc(n);
	T_TRUE(other != NULL);
	for (size_t i = 0; i < 2 * n; i += step) {
		memcpy(other, text, n);
		cut = i < n ? i : n;
		if (i >= n)
			other[i - n] ^= (char)(1 << i % 8);
		spoil(name, other, cut);
		f = inbox_open(false);
		VIEW(f, marked);
		folder_close(&f);
		f = inbox_open(false);
		VIEW(f, marked);
		folder_close(&f);
	}
	free(other);
	free(text);
}

static void
test_spoilt_snapshot(void **state)
{
	(void)state;
	make_both();
	check_spoilt(INDEX_NAME, 7);
}

static void
test_spoilt_log(void **state)
{
	(void)state;
	make_both();
	check_spoilt(INDEX_LOG_NAME, 3);
}

/* Under the eyes of a session that has loaded it. */
static void
spoil_while_open(const char *name)
{
	struct folder *f;
	char *text;
	size_t n;

	make_both();
	for (size_t cut = 0; cut < 4; cut++) {
		f = inbox_open(false);
		T_INT(folder_count(f), N);
		text = slurp(name, &n);
		memset(text + n / 2, (int)cut, n / 2);
		spoil(name, text, n * cut / 4);
		free(text);
		VIEW(f, marked);
		T_TRUE(folder_sync(f, NULL, &why) == 0);
		VIEW(f, marked);
		folder_close(&f);
	}
	f = inbox_open(false);
	T_TRUE(fs_unlink(scratch, name) == 0);
	VIEW(f, marked);
	scratch_put("cur/6.f:2,", "six\n");
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), N + 1);
	T_INT(unlinkat(scratch, "cur/6.f:2,", 0), 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), N);
	folder_close(&f);
	f = inbox_open(false);
	T_INT(folder_count(f), N);
	folder_close(&f);
}

static void
test_spoilt_while_open(void **state)
{
	(void)state;
	spoil_while_open(INDEX_NAME);
}

static void
test_spoilt_log_while_open(void **state)
{
	(void)state;
	spoil_while_open(INDEX_LOG_NAME);
}

/* What one session notes another one reads, in step or far behind. */
static void
test_two_sessions(void **state)
{
	struct folder *a, *b;
	uint32_t uid = 4;
	struct folder_change c = { .kind = CHANGE_FLAGS_ADD, .uids = &uid,
	    .uids_n = 1, .flags = MESSAGE_FLAGGED };
	struct folder_changes seen;
	char name[64];

	(void)state;
	folder_changes_init(&seen);
	put_messages();
	a = inbox_open(false);
	b = inbox_open(false);
	T_TRUE(folder_commit(a, &c, 1, NULL, &why) == 0);
	T_TRUE(folder_sync(a, NULL, &why) == 0);
	T_TRUE(folder_sync(b, &seen, &why) == 0);
	T_INT(seen.flagged.n, 1);
	T_INT(seen.flagged.v[0], 4);
	T_INT(seen.added.n + seen.expunged.n, 0);
	/* So many that a new snapshot is written. */
	for (int i = 100; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "cur/%d.x:2,", i);
		scratch_put(name, "x\n");
	}
	c.kind = CHANGE_EXPUNGE;
	T_TRUE(folder_commit(a, &c, 1, NULL, &why) == 0);
	T_TRUE(folder_sync(a, NULL, &why) == 0);
	T_INT(folder_count(a), N + 199);
	T_TRUE(folder_sync(b, &seen, &why) == 0);
	T_INT(seen.added.n, 200);
	T_INT(seen.expunged.n, 1);
	T_INT(seen.expunged.v[0], 4);
	T_STR(span_str(view_text(a)), view_text(b));
	folder_close(&a);
	folder_close(&b);
	folder_changes_fini(&seen);
}

static uint64_t
modseq_of(struct folder *f, uint32_t uid)
{
	const struct message *m = folder_need(f, uid, 0, &why);

	T_TRUE(m != NULL);
	return m->modseq;
}

/*
 * RFC 7162 3.1: never lower than before, higher for what changed; also for
 * who comes later, and if the log is lost.
 */
static void
test_modseq(void **state)
{
	struct folder *f;
	uint32_t uid = 9;
	struct folder_change c = { .kind = CHANGE_FLAGS_ADD, .uids = &uid,
	    .uids_n = 1, .flags = MESSAGE_DRAFT };
	uint64_t was[2], is;

	(void)state;
	put_messages();
	f = inbox_open(false);
	was[0] = modseq_of(f, 3);
	was[1] = modseq_of(f, 9);
	T_TRUE(was[0] > 0 && was[0] == was[1]);
	T_TRUE(was[0] >= clock_wall_us() - 60 * UINT64_C(1000000));
	T_TRUE(folder_commit(f, &c, 1, NULL, &why) == 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_TRUE(modseq_of(f, 3) == was[0]);
	T_TRUE((is = modseq_of(f, 9)) > was[1]);
	folder_close(&f);
	f = inbox_open(false);
	T_TRUE(modseq_of(f, 3) == was[0]);
	T_TRUE(modseq_of(f, 9) == is);
	folder_close(&f);
	T_TRUE(fs_unlink(scratch, INDEX_LOG_NAME) == 0);
	f = inbox_open(false);
	T_TRUE(modseq_of(f, 3) > is);
	T_TRUE(modseq_of(f, 9) > is);
	folder_close(&f);
}

/* A list of other UIDs: nothing that the index says holds. */
static void
test_other_uidvalidity(void **state)
{
	struct folder *f;

	(void)state;
	make_both();
	scratch_put("dovecot-uidlist", "3 V78 N8 " G "\n7 :3.c\n");
	f = inbox_open(false);
	T_INT(folder_uidvalidity(f), 78);
	T_INT(folder_find(f, 7)->keywords, 3);
	T_INT(folder_uidnext(f), 8 + N - 1);
	T_TRUE(folder_find(f, 3) == NULL);
	folder_close(&f);
	/* No list: a new UIDVALIDITY, though the index knows an old one. */
	T_TRUE(fs_unlink(scratch, "dovecot-uidlist") == 0);
	f = inbox_open(false);
	T_TRUE(folder_uidvalidity(f) != 78);
	T_INT(folder_count(f), N);
	folder_close(&f);
}

/* Nobody may write: everything works as without. */
static void
test_no_room(void **state)
{
	struct folder *f;

	(void)state;
	put_messages();
	T_INT(mkdirat(scratch, INDEX_LOG_NAME, 0700), 0);
	for (int i = 0; i < 2; i++) {
		f = inbox_open(false);
		VIEW(f, all);
		folder_close(&f);
	}
	T_TRUE(!scratch_has(INDEX_NAME));
}

/* Planted in their place: a pipe that nobody writes to, links, giants. */
static void
test_planted(void **state)
{
	static const char *const names[] = { INDEX_NAME, INDEX_LOG_NAME,
		"paquebot-cache", INDEX_TMP_NAME };
	struct folder *f;
	int fd;

	(void)state;
	put_messages();
	scratch_put("elsewhere", "as it was");
	for (size_t i = 0; i < COUNT(names); i++)
		for (int kind = 0; kind < 4; kind++) {
			(void)unlinkat(scratch, names[i], 0);
			if (kind == 0)
				T_INT(mkfifoat(scratch, names[i], 0600), 0);
			else if (kind == 1)
				T_INT(symlinkat("elsewhere", scratch,
				    names[i]), 0);
			else if (kind == 2)
				scratch_put(names[i], "");
			else {
				fd = openat(scratch, names[i], O_CREAT |
				    O_WRONLY, 0600);
				T_INT(ftruncate(fd, INT64_C(1) << 40), 0);
				(void)close(fd);
			}
			f = inbox_open(false);
			VIEW(f, all);
			folder_cache_add(f, 3, CACHE_ENVELOPE,
			    SPAN_LIT("(NIL)"));
			folder_cache_write(f);
			folder_close(&f);
			f = inbox_open(false);
			VIEW(f, all);
			folder_close(&f);
			T_STR(span_str(scratch_get("elsewhere")),
			    "as it was");
		}
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, fresh, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_view), TEST(test_times_set_back),
		TEST(test_spoilt_snapshot), TEST(test_spoilt_log),
		TEST(test_spoilt_while_open),
		TEST(test_spoilt_log_while_open), TEST(test_two_sessions),
		TEST(test_modseq), TEST(test_other_uidvalidity),
		TEST(test_no_room), TEST(test_planted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
