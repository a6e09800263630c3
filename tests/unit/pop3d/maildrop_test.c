/*
 * maildrop: numbers, sizes, deletions, unique ids and order, as at log-in
 * (RFC 1939 4 to 7), and what Dovecot's uidlist kept of a server before.
 */
#include "../scratch.h"

#include "pop3d/maildrop.h"
#include "os/clock.h"
#include "store/lock.h"
#include "store/maildir.h"

#define G	"G1f05b32a9c1e1e5f8f1a0000c5c1c5c1"

static struct maildrop drop;
static struct why why;
static const char *format = "%08Xu%08Xv";
static bool renaming;
static const struct maildrop_policy plain;

static int
setup(void **state)
{
	if (scratch_setup(state) != 0)
		return -1;
	return maildir_make(scratch, &why);
}

static int
teardown(void **state)
{
	maildrop_close(&drop);
	return scratch_teardown(state);
}

static void
open_it(void)
{
	const struct maildrop_how how = { .root = scratch, .uidl = format,
		.uidl_rename = renaming };

	T_TRUE(maildrop_open(&drop, &how, &why) == DROPLOCK_TAKEN);
}

static void
open_it_again(struct maildrop *other)
{
	maildrop_close(other);
	open_it();
}

static const char *
id_of(uint64_t number)
{
	static char id[UIDL_MAX + 1];
	const struct drop_message *m = maildrop_get(&drop, number);

	T_TRUE(m != NULL);
	maildrop_uidl(&drop, m, id);
	return id;
}

static void
an_empty_one(void **state)
{
	(void)state;
	open_it();
	T_INT(drop.n, 0);
	T_INT(drop.octets, 0);
	T_TRUE(maildrop_get(&drop, 0) == NULL);
	T_TRUE(maildrop_get(&drop, 1) == NULL);
	maildrop_reset(&drop);
	T_TRUE(maildrop_update(&drop, &plain, &why) == 0);
}

static void
numbers_and_sizes(void **state)
{
	(void)state;
	scratch_put("new/1.a", "x\n");			/* 3 on the wire */
	scratch_put("new/2.a", "12345678\n\n");		/* 12 */
	open_it();
	T_INT(drop.n, 2);
	T_INT(drop.left, 2);
	T_INT(drop.octets, 15);
	T_INT(maildrop_get(&drop, 2)->octets, 12);
	T_TRUE(maildrop_get(&drop, 0) == NULL);
	T_TRUE(maildrop_get(&drop, 3) == NULL);
	T_TRUE(maildrop_get(&drop, UINT64_MAX) == NULL);
	maildrop_delete(&drop, maildrop_get(&drop, 1));
	T_TRUE(maildrop_get(&drop, 1) == NULL);
	T_INT(maildrop_get(&drop, 2)->octets, 12);
	T_INT(drop.left, 1);
	T_INT(drop.octets, 12);
	maildrop_reset(&drop);
	T_INT(drop.left, 2);
	T_INT(drop.octets, 15);
	T_TRUE(maildrop_get(&drop, 1) != NULL);
}

static void
only_what_is_marked_goes(void **state)
{
	(void)state;
	scratch_put("new/1.a", "one\n");
	scratch_put("new/2.a", "two\n");
	open_it();
	maildrop_delete(&drop, maildrop_get(&drop, 1));
	maildrop_close(&drop);		/* as a connection that is lost */
	open_it();
	T_INT(drop.n, 2);
	maildrop_delete(&drop, maildrop_get(&drop, 1));
	T_TRUE(maildrop_update(&drop, &plain, &why) == 0);
	maildrop_close(&drop);
	open_it();
	T_INT(drop.n, 1);
	T_INT(drop.octets, 5);
}

static void
what_was_fetched(void **state)
{
	const struct maildrop_policy policy = { .mark_seen = true,
		.keep_days = 7 };

	(void)state;
	scratch_put("cur/1.a:2,", "old, never read\n");
	scratch_put("cur/2.a:2,", "old\n");
	scratch_put("cur/3.a:2,S", "old and seen\n");
	scratch_put("cur/4.a:2,F", "young\n");
	scratch_put("cur/5.a:2,S", "young and seen\n");
	scratch_put("cur/6.a:2,", "young, never read\n");
	for (int i = 1; i <= 3; i++) {
		char name[] = "cur/1.a:2,S";

		name[4] = (char)('0' + i);
		name[10] = i == 3 ? 'S' : '\0';
		T_TRUE(utimensat(scratch, name, (const struct timespec[2]){
		    { .tv_sec = 1000 }, { .tv_sec = 1000 } }, 0) == 0);
	}
	open_it();
	T_INT(drop.n, 6);
	maildrop_get(&drop, 2)->fetched = true;
	maildrop_get(&drop, 4)->fetched = true;
	T_TRUE(maildrop_update(&drop, &policy, &why) == 0);
	T_TRUE(scratch_has("cur/1.a:2,"));
	T_TRUE(!scratch_has("cur/2.a:2,") && !scratch_has("cur/2.a:2,S"));
	T_TRUE(!scratch_has("cur/3.a:2,S"));
	T_TRUE(scratch_has("cur/4.a:2,FS"));
	T_TRUE(scratch_has("cur/5.a:2,S"));
	T_TRUE(scratch_has("cur/6.a:2,"));
	/* By setting nothing of this happens. */
	maildrop_close(&drop);
	open_it();
	for (uint64_t i = 1; i <= 4; i++)
		maildrop_get(&drop, i)->fetched = true;
	T_TRUE(maildrop_update(&drop, &plain, &why) == 0);
	T_TRUE(scratch_has("cur/1.a:2,") && scratch_has("cur/6.a:2,"));
}

static void
one_at_a_time(void **state)
{
	struct maildrop_how how = { .root = scratch, .uidl = format };
	struct maildrop other;

	(void)state;
	open_it();
	T_TRUE(maildrop_open(&other, &how, &why) == DROPLOCK_IN_USE);
	T_TRUE(why.kind == WHY_TEMP);
	maildrop_close(&drop);
	open_it();
}

static void
lent(void **state)
{
	const struct maildrop_how how = { .root = scratch, .uidl = format };
	struct maildrop other;

	(void)state;
	open_it();
	droplock_lend(&drop.lock);
	T_TRUE(droplock_back(&drop.lock));	/* nobody came */
	droplock_lend(&drop.lock);
	T_TRUE(maildrop_open(&other, &how, &why) == DROPLOCK_TAKEN);
	T_TRUE(!droplock_back(&drop.lock));
	T_TRUE(!droplock_back(&drop.lock));	/* for good */
	maildrop_close(&drop);
	open_it_again(&other);
	/* Somebody who came and went counts, too. */
	droplock_lend(&drop.lock);
	T_TRUE(maildrop_open(&other, &how, &why) == DROPLOCK_TAKEN);
	maildrop_close(&other);
	T_TRUE(!droplock_back(&drop.lock));
	/* So does one who has made the file anew. */
	maildrop_close(&drop);
	open_it();
	droplock_lend(&drop.lock);
	T_TRUE(fs_discard(scratch, LOCK_POP3) == 0);
	T_TRUE(!droplock_back(&drop.lock));
}

static void
not_too_often(void **state)
{
	const struct maildrop_how how = { .root = scratch, .uidl = format,
		.delay_s = 60 };

	(void)state;
	/* The first log-in of all has none before it. */
	T_TRUE(maildrop_open(&drop, &how, &why) == DROPLOCK_TAKEN);
	maildrop_close(&drop);
	T_TRUE(maildrop_open(&drop, &how, &why) == DROPLOCK_TOO_SOON);
	T_TRUE(why.kind == WHY_TEMP);
	/* A log-in that was refused does not count. */
	T_TRUE(fs_set_mtime(scratch, LOCK_POP3,
	    (clock_wall_s() - 61) * INT64_C(1000000000)) == 0);
	T_TRUE(maildrop_open(&drop, &how, &why) == DROPLOCK_TAKEN);
	maildrop_close(&drop);
	/* The clock was set back. */
	T_TRUE(fs_set_mtime(scratch, LOCK_POP3,
	    (clock_wall_s() + 600) * INT64_C(1000000000)) == 0);
	T_TRUE(maildrop_open(&drop, &how, &why) == DROPLOCK_TAKEN);
}

static void
ids_stay(void **state)
{
	char first[UIDL_MAX + 1], second[UIDL_MAX + 1];

	(void)state;
	scratch_put("new/1.a", "one\n");
	scratch_put("new/2.a", "two\n");
	open_it();
	span_copy_cut(span_str(id_of(1)), first, sizeof(first));
	span_copy_cut(span_str(id_of(2)), second, sizeof(second));
	T_TRUE(strcmp(first, second) != 0);
	T_INT(strlen(first), 16);	/* UID and UIDVALIDITY */
	maildrop_delete(&drop, maildrop_get(&drop, 1));
	T_TRUE(maildrop_update(&drop, &plain, &why) == 0);
	maildrop_close(&drop);
	scratch_put("new/3.a", "three\n");
	open_it();
	T_STR(span_str(id_of(1)), second);
	T_TRUE(strcmp(id_of(2), first) != 0);
}

/* What "P" and "O" of a record say, and what they may not say. */
static void
dovecot_kept_them(void **state)
{
	(void)state;
	scratch_put("dovecot-uidlist", "3 V1700000000 N9 " G "\n"
	    "1 Pold-id-1 O3 :1.a\n"
	    "2 P\x80z :2.a\n"			/* not in 0x21-0x7E */
	    "3 Pold-id-3 O1 :3.a\n"
	    "4 Pxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxx :4.a\n"		/* over 70 octets */
	    "5 Ox :5.a\n"
	    "6 P :6.a,S=6\n");			/* the file's name */
	scratch_put("cur/1.a", "1\n");
	scratch_put("cur/2.a", "22\n");
	scratch_put("cur/3.a", "333\n");
	scratch_put("cur/4.a", "4444\n");
	scratch_put("cur/5.a", "55555\n");
	scratch_put("cur/6.a,S=6:2,S", "66666\n");
	open_it();
	T_INT(drop.n, 6);
	/* Those with a place come first, in their order. */
	T_INT(maildrop_get(&drop, 1)->octets, 5);
	T_INT(maildrop_get(&drop, 2)->octets, 3);
	T_INT(maildrop_get(&drop, 3)->octets, 4);
	T_INT(maildrop_get(&drop, 4)->octets, 6);
	T_INT(maildrop_get(&drop, 5)->octets, 7);
	T_STR(span_str(id_of(1)), "old-id-3");
	T_STR(span_str(id_of(2)), "old-id-1");
	T_STR(span_str(id_of(3)), "000000026553f100");
	T_STR(span_str(id_of(4)), "000000046553f100");
	T_STR(span_str(id_of(5)), "000000056553f100");
	T_STR(span_str(id_of(6)), "6.a,S=6");
}

static void
by_setting(void **state)
{
	(void)state;
	scratch_put("new/1.a", "one\n");
	scratch_put("new/2.a", "two\n");
	scratch_put("dovecot-uidlist", "3 V100 N9 " G "\n4 G0fee :1.a\n"
	    "5 Pkept :2.a\n");
	format = "UID%u-%v";
	open_it();
	T_STR(span_str(id_of(1)), "UID4-100");
	T_STR(span_str(id_of(2)), "kept");
	format = drop.uidl = "%g";
	T_STR(span_str(id_of(1)), "0fee");
	format = "%08Xu%08Xv";
	/* What makes none leads to those. */
	drop.uidl = "";
	T_STR(span_str(id_of(1)), "0000000400000064");
}

/* RFC 1939 7: unique; as Dovecot's pop3_uidl_duplicates. */
static void
duplicates(void **state)
{
	(void)state;
	scratch_put("dovecot-uidlist", "3 V100 N9 " G "\n"
	    "1 Pa O2 :1.a\n2 Pa O1 :2.a\n3 Pa-2 :3.a\n4 Pa :4.a\n"
	    "5 Pb :5.a\n6 P :6.a\n7 P6.a :7.a\n");
	scratch_put("cur/1.a:2,", "1\n");
	scratch_put("cur/2.a:2,", "22\n");
	for (char c = '3'; c <= '7'; c++) {
		char name[] = "cur/0.a:2,";

		name[4] = c;
		scratch_put(name, "x\n");
	}
	open_it();
	T_STR(span_str(id_of(1)), "a");
	T_STR(span_str(id_of(2)), "a");
	T_STR(span_str(id_of(7)), "6.a");
	maildrop_close(&drop);
	renaming = true;
	open_it();
	renaming = false;
	T_INT(maildrop_get(&drop, 1)->octets, 4);
	T_STR(span_str(id_of(1)), "a");
	T_STR(span_str(id_of(2)), "a-2");
	T_STR(span_str(id_of(3)), "a-2-2");
	T_STR(span_str(id_of(4)), "a-3");
	T_STR(span_str(id_of(5)), "b");
	T_STR(span_str(id_of(6)), "6.a");
	T_STR(span_str(id_of(7)), "6.a-2");
	/* In whatever order they are asked for. */
	T_STR(span_str(id_of(2)), "a-2");
}

static void
a_message_gone_meanwhile(void **state)
{
	int fd;

	(void)state;
	scratch_put("new/1.a", "one\n");
	scratch_put("new/2.a", "two\n");
	open_it();
	T_TRUE(fs_discard(scratch, "new/1.a") == 0 ||
	    unlinkat(scratch, "cur/1.a:2,", 0) == 0 ||
	    unlinkat(scratch, "cur/1.a", 0) == 0);
	T_INT(maildrop_read(&drop, maildrop_get(&drop, 1), &why), -1);
	T_TRUE(why.kind == WHY_PERM);
	fd = maildrop_read(&drop, maildrop_get(&drop, 2), &why);
	T_TRUE(fd >= 0);
	fd_close(&fd);
	T_INT(drop.n, 2);	/* numbers stay: RFC 1939 4 */
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_one), TEST(numbers_and_sizes),
		TEST(only_what_is_marked_goes), TEST(one_at_a_time),
		TEST(what_was_fetched), TEST(ids_stay), TEST(dovecot_kept_them),
		TEST(by_setting), TEST(a_message_gone_meanwhile),
		TEST(lent), TEST(not_too_often), TEST(duplicates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
