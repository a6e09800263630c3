/*
 * seen, recent: what is remembered, over a restart as well, and what is not.
 */
#include "../t.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "helpers/authd/seen.h"
#include "map/logins.h"
#include "os/fd.h"
#include "os/fs.h"

#define NOW_S	1800000000

static const uint8_t seed[16] = { 3 };
static char top[] = "/tmp/paquebot-seen.XXXXXX";
static int dir;

static int
setup(void **state)
{
	(void)state;
	dir = mkdtemp(top) != NULL ? fs_open_top(top) : -1;
	return dir >= 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	(void)fs_discard(dir, LOGINS_FILE);
	fd_close(&dir);
	return rmdir(top);
}

static void
login(struct seen *s, const char *user, const char *client, const char *app,
    int64_t now_s)
{
	struct seen_login l = { .user = span_str(user), .app = span_str(app),
		.service = SPAN_LIT("imap"), .now_s = now_s };

	network_of(span_str(client), &l.network);
	seen_login(s, &l);
}

static bool
known(struct seen *s, const char *user, const char *client, int64_t now_s)
{
	struct network net;

	network_of(span_str(client), &net);
	return seen_known(s, span_str(user), &net, now_s, 0) != NULL;
}

/* A name that is given to somebody else: the networks stay behind. */
static void
a_name_given_anew(void **state)
{
	struct seen *s = seen_new(seed, -1, NOW_S);
	struct network net;

	(void)state;
	network_of(SPAN_LIT("192.0.2.1"), &net);
	login(s, "a@b", "192.0.2.1", "", NOW_S);
	T_TRUE(seen_known(s, SPAN_LIT("a@b"), &net, NOW_S + 9, 0) != NULL);
	T_TRUE(seen_known(s, SPAN_LIT("a@b"), &net, NOW_S + 9,
	    NOW_S - 1) != NULL);
	T_TRUE(seen_known(s, SPAN_LIT("a@b"), &net, NOW_S + 9,
	    NOW_S) == NULL);
	T_TRUE(seen_known(s, SPAN_LIT("a@b"), &net, NOW_S + 9,
	    NOW_S + 5) == NULL);
	login(s, "a@b", "192.0.2.1", "", NOW_S + 6);
	T_TRUE(seen_known(s, SPAN_LIT("a@b"), &net, NOW_S + 9,
	    NOW_S + 5) != NULL);
	seen_free(&s);
}

static void
over_a_restart(void **state)
{
	struct seen *s = seen_new(seed, dir, NOW_S);
	struct buf text;

	(void)state;
	login(s, "a@b.example", "192.0.2.1", "", NOW_S);
	login(s, "a@b.example", "2001:db8::1", "phone", NOW_S + 1);
	login(s, "a@b.example", "192.0.2.7", "", NOW_S + 2);
	seen_save(s, SEEN_SAVE_MS, false);
	seen_free(&s);
	T_TRUE(s == NULL);

	buf_init(&text, 10000);
	T_INT(fs_slurp(dir, LOGINS_FILE, &text), 0);
	T_STR(buf_span(&text),
	    "use 1800000001 imap 2001:db8:0::/48 a@b.example phone\n"
	    "use 1800000002 imap 192.0.2.0/24 a@b.example -\n"
	    "known 1800000001 2001:db8:0::/48 a@b.example\n"
	    "known 1800000002 192.0.2.0/24 a@b.example\n");
	buf_fini(&text);

	s = seen_new(seed, dir, NOW_S + 10);
	T_TRUE(known(s, "a@b.example", "192.0.2.99", NOW_S + 10));
	T_TRUE(known(s, "a@b.example", "2001:db8:0:7::1", NOW_S + 10));
	T_TRUE(!known(s, "a@b.example", "192.0.3.1", NOW_S + 10));
	T_TRUE(!known(s, "b@b.example", "192.0.2.1", NOW_S + 10));
	seen_free(&s);
	/* Too old, and of a clock that was wrong. */
	s = seen_new(seed, dir, NOW_S + 2 + SEEN_KNOWN_S);
	T_TRUE(!known(s, "a@b.example", "192.0.2.1", NOW_S + SEEN_KNOWN_S));
	seen_free(&s);
	s = seen_new(seed, dir, NOW_S - 100);
	T_TRUE(!known(s, "a@b.example", "192.0.2.1", NOW_S));
	seen_free(&s);
}

static void
not_too_often(void **state)
{
	struct seen *s = seen_new(seed, dir, NOW_S);
	struct fs_stat st;

	(void)state;
	(void)fs_discard(dir, LOGINS_FILE);
	login(s, "a", "192.0.2.1", "", NOW_S);
	seen_save(s, SEEN_SAVE_MS - 1, false);
	T_INT(fs_stat(dir, LOGINS_FILE, &st), -1);
	seen_save(s, SEEN_SAVE_MS, false);
	T_INT(fs_stat(dir, LOGINS_FILE, &st), 0);
	(void)fs_discard(dir, LOGINS_FILE);
	login(s, "a", "192.0.2.1", "", NOW_S);
	seen_save(s, SEEN_SAVE_MS + 5, false);
	T_INT(fs_stat(dir, LOGINS_FILE, &st), -1);
	seen_save(s, SEEN_SAVE_MS + 5, true);
	T_INT(fs_stat(dir, LOGINS_FILE, &st), 0);
	(void)fs_discard(dir, LOGINS_FILE);
	/* Nothing new. */
	seen_save(s, 10 * SEEN_SAVE_MS, true);
	T_INT(fs_stat(dir, LOGINS_FILE, &st), -1);
	seen_free(&s);
}

/* One who comes from everywhere pushes nobody out. */
static void
a_user_adds_so_many_a_day(void **state)
{
	struct seen *s = seen_new(seed, -1, NOW_S);
	char client[20];

	(void)state;
	login(s, "b", "192.0.2.1", "", NOW_S);
	for (int i = 0; i < 3 * SEEN_NEW_MAX; i++) {
		(void)snprintf(client, sizeof(client), "10.0.%d.1", i);
		login(s, "a", client, "", NOW_S + i);
		T_TRUE(known(s, "a", client, NOW_S + i) == (i < SEEN_NEW_MAX));
	}
	T_TRUE(known(s, "b", "192.0.2.1", NOW_S));
	T_TRUE(known(s, "a", "10.0.1.1", NOW_S + 1000));
	login(s, "a", "10.1.0.1", "", NOW_S + 86400);
	T_TRUE(known(s, "a", "10.1.0.1", NOW_S + 86400));
	seen_free(&s);
}

/* What is there may be anything. */
static void
a_damaged_file(void **state)
{
	struct seen *s;

	(void)state;
	T_INT(fs_replace(dir, LOGINS_FILE, SPAN_LIT("known 1800000000 192.0."
	    "2.0/24 a\n\0\xff\nuse\nknown x\nknown 1800000000 192.0.3.0/24 "
	    "a\nknown 18000"), 0600), 0);
	s = seen_new(seed, dir, NOW_S);
	T_TRUE(known(s, "a", "192.0.2.1", NOW_S));
	T_TRUE(known(s, "a", "192.0.3.1", NOW_S));
	seen_free(&s);
}

static void
the_oldest_goes(void **state)
{
	struct recent *r = recent_new(seed, 3);
	struct recent_entry *e;

	(void)state;
	recent_touch(r, SPAN_LIT("a"))->at_s = 1;
	recent_touch(r, SPAN_LIT("b"))->at_s = 2;
	recent_touch(r, SPAN_LIT("c"))->at_s = 3;
	T_INT(recent_touch(r, SPAN_LIT("a"))->at_s, 1);
	recent_touch(r, SPAN_LIT("d"))->at_s = 4;
	T_INT(recent_count(r), 3);
	T_TRUE(recent_find(r, SPAN_LIT("b")) == NULL);
	T_TRUE(recent_find(r, SPAN_LIT("a")) != NULL);
	e = recent_next(r, NULL);
	T_STR(span_of(e->key, e->key_n), "c");
	e = recent_next(r, recent_next(r, e));
	T_STR(span_of(e->key, e->key_n), "d");
	T_TRUE(recent_next(r, e) == NULL);
	recent_free(&r);
	T_TRUE(r == NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_a_restart),
		cmocka_unit_test(a_name_given_anew),
		cmocka_unit_test(not_too_often),
		cmocka_unit_test(a_user_adds_so_many_a_day),
		cmocka_unit_test(a_damaged_file),
		cmocka_unit_test(the_oldest_goes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
