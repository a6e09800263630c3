/*
 * Modification numbers of a folder (RFC 7162): who has changed what since, and
 * what is gone, by whomever, whatever happens to the index.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <time.h>

#include "inbox.h"
#include "os/fs.h"
#include "store/ceiling.h"
#include "store/folder_modseq.h"
#include "store/history.h"
#include "store/index_format.h"

#define G	"G1f05b32a9c1e1e5f8f1a0000c5c1c5c1"

static int
fresh(void **state)
{
	if (scratch_setup(state) != 0 || maildir_make(scratch, &why) != 0)
		return -1;
	scratch_put("cur/1.a:2,S", "one\n");
	scratch_put("cur/2.b:2,", "two\n");
	scratch_put("cur/3.c:2,F", "three\n");
	scratch_put("cur/4.d:2,", "four\n");
	scratch_put("dovecot-uidlist", "3 V77 N30 " G "\n3 :1.a\n4 :2.b\n"
	    "9 :3.c\n10 :4.d\n");
	return 0;
}

static void
look(struct folder *f)
{
	T_TRUE(folder_sync(f, NULL, &why) == 0);
}

/* What the store says to a conditional +FLAGS or FLAGS for all four. */
static const char *
store(struct folder *f, enum folder_change_kind kind, uint8_t flags,
    uint64_t since)
{
	static const uint32_t uids[] = { 3, 4, 9, 10 };
	static struct told told;
	struct folder_change c = { .kind = kind, .uids = uids, .uids_n = 4,
		.flags = flags, .conditional = true,
		.unchanged_since = since };
	struct folder_result r;

	folder_result_init(&r);
	T_TRUE(folder_commit(f, &c, 1, &r, &why) == 0);
	told = (struct told){ .n = 0 };
	told_add(&told, '+', &r.done);
	told_add(&told, '!', &r.modified);
	folder_result_fini(&r);
	return told.text;
}

static void
expunge(struct folder *f, uint32_t uid)
{
	struct folder_change c = { .kind = CHANGE_EXPUNGE, .uids = &uid,
		.uids_n = 1 };

	T_TRUE(folder_commit(f, &c, 1, NULL, &why) == 0);
}

static const char *
gone(struct folder *f, uint64_t since)
{
	static char text[256];
	struct uid_runs runs;
	size_t n = 0;

	uid_runs_init(&runs);
	text[0] = '\0';
	if (!folder_gone_since(f, since, &runs))
		(void)snprintf(text, sizeof(text), "?");
	for (size_t i = 0; i < runs.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %u:%u",
		    runs.v[i].first, runs.v[i].last);
	uid_runs_fini(&runs);
	return text;
}

/* RFC 7162 3.1: each STORE has its own number, above all before. */
static void
test_stores(void **state)
{
	struct folder *f = inbox_open(false);
	uint64_t all = folder_modseq(f), one;

	(void)state;
	T_TRUE(all > 0);
	for (uint32_t uid = 3; uid < 11; uid++)
		if (folder_find(f, uid) != NULL)
			T_TRUE(folder_message_modseq(f, uid) <= all &&
			    folder_message_modseq(f, uid) > 0);
	/* 3.1.11: what is set already makes no number. */
	T_STR(span_str(store(f, CHANGE_FLAGS_ADD, MESSAGE_SEEN, all)),
	    "+4+9+10");
	one = folder_message_modseq(f, 4);
	T_TRUE(one > all && folder_modseq(f) == one);
	T_TRUE(folder_message_modseq(f, 10) == one);
	T_TRUE(folder_message_modseq(f, 3) <= all);
	look(f);
	T_TRUE(folder_message_modseq(f, 4) == one);
	T_TRUE(folder_modseq(f) == one);
	/* 3.1.3: a flag set by the old number; UNCHANGEDSINCE 0. */
	T_STR(span_str(store(f, CHANGE_FLAGS_SET, 0, all)), "+3!4!9!10");
	T_STR(span_str(store(f, CHANGE_FLAGS_SET, 0, 0)), "!3!4!9!10");
	T_TRUE(folder_message_modseq(f, 3) > one);
	folder_close(&f);
	f = inbox_open(false);
	T_TRUE(folder_message_modseq(f, 4) == one);
	folder_close(&f);
}

/* Two sessions and a foreign program. */
static void
test_others(void **state)
{
	struct folder *a = inbox_open(false), *b = inbox_open(false);
	uint64_t since = folder_modseq(a), mine;

	(void)state;
	T_TRUE(folder_modseq(b) == since);
	T_STR(span_str(store(a, CHANGE_FLAGS_SET, MESSAGE_SEEN, since)),
	    "+4+9+10");
	mine = folder_modseq(a);
	/* b has not looked since: its commit finds out all the same. */
	T_STR(span_str(store(b, CHANGE_FLAGS_SET, MESSAGE_DRAFT, since)),
	    "+3!4!9!10");
	T_TRUE(folder_modseq(b) > mine);
	/* 3.1.12: other flags have changed, not the one that is asked for. */
	look(a);
	since = folder_modseq(a);
	T_STR(span_str(store(b, CHANGE_FLAGS_ADD, MESSAGE_FLAGGED, since)),
	    "+3+4+9+10");
	T_STR(span_str(store(a, CHANGE_FLAGS_ADD, MESSAGE_ANSWERED, since)),
	    "+3+4+9+10");
	T_STR(span_str(store(a, CHANGE_FLAGS_REMOVE, MESSAGE_FLAGGED, since)),
	    "!3!4!9!10");
	/* Another program. */
	since = folder_modseq(a);
	look(b);
	T_INT(renameat(scratch, "cur/1.a:2,DFR", scratch, "cur/1.a:2,"), 0);
	T_STR(span_str(store(b, CHANGE_FLAGS_SET, MESSAGE_SEEN, since)),
	    "+4+9+10!3");
	look(a);
	T_TRUE(folder_message_modseq(a, 3) > since);
	folder_close(&a);
	folder_close(&b);
}

static void
test_gone(void **state)
{
	struct folder *f = inbox_open(false), *b;
	uint64_t at[4];

	(void)state;
	at[0] = folder_modseq(f);
	T_STR(span_str(gone(f, at[0])), "");
	T_STR(span_str(gone(f, 1)), "?");
	expunge(f, 4);
	look(f);
	at[1] = folder_modseq(f);
	T_TRUE(at[1] > at[0]);
	T_INT(unlinkat(scratch, "cur/1.a:2,S", 0), 0);
	look(f);
	at[2] = folder_modseq(f);
	T_TRUE(at[2] > at[1]);
	expunge(f, 9);
	folder_close(&f);
	/* In the log, then behind a snapshot; for one who was there and not. */
	f = inbox_open(false);
	at[3] = folder_modseq(f);
	T_TRUE(at[3] > at[2]);
	b = inbox_open(false);
	T_TRUE(folder_modseq(b) == at[3]);
	for (int i = 0; i < 2; i++) {
		T_STR(span_str(gone(b, at[0])), " 3:4 9:9");
		T_STR(span_str(gone(f, at[1])), " 3:3 9:9");
		T_STR(span_str(gone(b, at[2])), " 9:9");
		T_STR(span_str(gone(f, at[3])), "");
		T_STR(span_str(gone(f, at[3] + 1)), "");
		T_STR(span_str(gone(b, 1)), "?");
		for (int k = 0; i == 0 && k < 200; k++) {
			char name[32];

			(void)snprintf(name, sizeof(name), "cur/9%d.x", k);
			scratch_put(name, "x\n");
		}
		look(f);
		look(b);
	}
	folder_close(&b);
	folder_close(&f);
}

/* A lost index: what was known is not taken for true, and no number comes again. */
static void
test_lost(void **state)
{
	static const char *const files[] = { INDEX_NAME, INDEX_LOG_NAME };
	struct folder *f = inbox_open(false), *b = inbox_open(false);
	uint64_t was, is;

	(void)state;
	expunge(f, 4);
	look(f);
	look(b);
	was = folder_modseq(f);
	for (unsigned which = 1; which < 4; which++) {
		for (unsigned i = 0; i < 2; i++)
			if ((which >> i & 1) != 0)
				T_INT(unlinkat(scratch, files[i], 0), 0);
		/* With a session that has it open, and after it. */
		if (which % 2 == 0) {
			scratch_put("new/8.y", "y\n");
			look(b);
		}
		folder_close(&f);
		f = inbox_open(false);
		is = folder_modseq(f);
		T_TRUE(is > was);
		T_TRUE(folder_message_modseq(f, 10) > was);
		T_STR(span_str(gone(f, was)), "?");
		T_STR(span_str(gone(f, is)), "");
		was = is;
	}
	folder_close(&b);
	folder_close(&f);
}

/* What this program's clock is ahead of the system's. */
static int64_t ahead_s;

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (rc == 0 && id == CLOCK_REALTIME)
		ts->tv_sec += ahead_s;
	return rc;
}

/*
 * The clock was ahead, and is set right; then the index is lost, and nothing in
 * the folder has a time of those days any more.
 */
static void
test_lost_and_set_back(void **state)
{
	struct folder *f;
	struct stat st, same;
	uint64_t was;

	(void)state;
	ahead_s = 10 * 86400;
	f = inbox_open(false);
	was = folder_modseq(f);
	T_INT(fstatat(scratch, CEILING_NAME, &st, 0), 0);
	/* Written seldom: not for each number. */
	T_STR(span_str(store(f, CHANGE_FLAGS_ADD, MESSAGE_DELETED, was)),
	    "+3+4+9+10");
	T_TRUE(folder_modseq(f) > was);
	T_INT(fstatat(scratch, CEILING_NAME, &same, 0), 0);
	T_INT(same.st_ino, st.st_ino);
	ahead_s += 7200;
	T_STR(span_str(store(f, CHANGE_FLAGS_ADD, MESSAGE_ANSWERED,
	    folder_modseq(f))), "+3+4+9+10");
	T_INT(fstatat(scratch, CEILING_NAME, &same, 0), 0);
	T_TRUE(same.st_ino != st.st_ino);
	was = folder_modseq(f);
	folder_close(&f);
	ahead_s = 0;
	T_INT(unlinkat(scratch, INDEX_NAME, 0), 0);
	T_INT(unlinkat(scratch, INDEX_LOG_NAME, 0), 0);
	f = inbox_open(false);
	T_TRUE(folder_modseq(f) > was);
	T_TRUE(folder_message_modseq(f, 10) > was);
	folder_close(&f);
}

/* What makes no sense there is as if it were not there. */
static void
test_strange_ceiling(void **state)
{
	static const char *const texts[] = { "", "-5\n", "99999999999999999999",
		"9223372036854775807\n", "1 2\n", "0\n" };
	struct folder *f;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		scratch_put(CEILING_NAME, texts[i]);
		(void)unlinkat(scratch, INDEX_NAME, 0);
		f = inbox_open(false);
		T_TRUE(folder_modseq(f) / 1000000 <
		    (uint64_t)time(NULL) + 2 * 3600);
		T_TRUE(strtoull(scratch_get(CEILING_NAME), NULL, 10) >
		    folder_modseq(f));
		folder_close(&f);
	}
}

/* Dovecot has been at work: clients may have seen numbers of its own. */
static void
test_foreign_log(void **state)
{
	struct folder *f = inbox_open(false);
	uint64_t was = folder_modseq(f);

	(void)state;
	folder_close(&f);
	f = inbox_open(false);
	T_TRUE(folder_modseq(f) == was);
	folder_close(&f);
	scratch_put("dovecot.index.log", "something");
	f = inbox_open(false);
	T_TRUE(folder_message_modseq(f, 3) > was);
	T_STR(span_str(gone(f, was)), "?");
	was = folder_modseq(f);
	folder_close(&f);
	f = inbox_open(false);
	T_TRUE(folder_modseq(f) == was);
	folder_close(&f);
}

/* RFC 7162 5.3: a bounded queue; what has expired is one number. */
static void
test_history(void **state)
{
	struct history h, copy;
	struct buf text;

	(void)state;
	history_init(&h);
	for (uint32_t i = 1; i <= 5 * HISTORY_MAX; i++)
		history_add(&h, 2 * i, 100 + i);
	history_add(&h, 10 * HISTORY_MAX + 1, 100 + 5 * HISTORY_MAX);
	T_TRUE(h.n <= 2 * HISTORY_MAX);
	history_limit(&h);
	T_INT(h.n, HISTORY_MAX);
	T_INT(h.v[h.n - 1].last, 10 * HISTORY_MAX + 1);
	T_INT(h.forgot, h.v[0].modseq - 1);
	T_INT(history_since(&h, h.v[7].modseq), 8);
	buf_init(&text, HISTORY_MAX * HISTORY_OCTETS);
	history_put(&text, &h);
	history_init(&copy);
	T_TRUE(history_get(&copy, buf_span(&text)));
	T_INT(copy.n, h.n);
	T_TRUE(memcmp(copy.v, h.v, h.n * sizeof(h.v[0])) == 0);
	T_TRUE(!history_get(&copy, span_head(buf_span(&text), 17)));
	history_fini(&copy);
	/* One EXPUNGE of too many runs: all of it is forgotten. */
	for (uint32_t i = 1; i <= 3 * HISTORY_MAX; i++)
		history_add(&h, 2 * i, 1000000);
	history_limit(&h);
	T_INT(h.n, 0);
	T_INT(h.forgot, 1000000);
	history_fini(&h);
	buf_fini(&text);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, fresh, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stores), TEST(test_others), TEST(test_gone),
		TEST(test_lost), TEST(test_lost_and_set_back),
		TEST(test_strange_ceiling),
		TEST(test_foreign_log),
		cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
