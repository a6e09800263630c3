/*
 * folder: what sync sees and commit leaves, with several sessions and foreign
 * programs in the same folder.
 */
#include "store/folder.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/clock.h"
#include "scratch.h"
#include "store/folders.h"
#include "store/lock.h"
#include "store/quota.h"
#include "store/uidlist.h"
#include "store/watch.h"

#define G	"G1f05b32a9c1e1e5f8f1a0000c5c1c5c1"

static struct why why;

static struct folder *
open_it(const char *name, bool read_only)
{
	struct folder *f = folder_open(scratch, name, read_only, &why);

	T_TRUE(f != NULL);
	return f;
}

static const char *
uids_text(const struct uids *u)
{
	static char text[4][512];
	static int turn;
	char *to = text[turn = (turn + 1) % 4];
	size_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < u->n; i++)
		n += (size_t)snprintf(to + n, 512 - n, "%s%u",
		    i > 0 ? "," : "", u->v[i]);
	return to;
}

/* Sync, and what it said: "+added -expunged ~flagged". */
static const char *
sync_it(struct folder *f)
{
	static char text[1600];
	struct folder_changes c;

	folder_changes_init(&c);
	if (folder_sync(f, &c, &why) != 0)
		(void)snprintf(text, sizeof(text), "FAILED %s", why.text);
	else
		(void)snprintf(text, sizeof(text), "+%s -%s ~%s%s",
		    uids_text(&c.added), uids_text(&c.expunged),
		    uids_text(&c.flagged), c.reset ? " RESET" : "");
	folder_changes_fini(&c);
	return text;
}

#define SYNC(f, want)	T_STR(span_str(sync_it(f)), (want))

/* An empty Maildir root for each test. */
static int
fresh(void **state)
{
	if (scratch_setup(state) != 0)
		return -1;
	return maildir_make(scratch, &why);
}

static uint32_t
append(struct folder *f, const char *text, uint8_t flags,
    const char *keyword)
{
	struct span k = span_str(keyword);
	struct folder_append *a = folder_append_begin(f, 1000000, &why);
	struct folder_change c = { .kind = CHANGE_APPEND, .append = &a,
	    .flags = flags, .keywords = &k, .keywords_n = keyword != NULL };
	struct folder_result r;
	uint32_t uid = 0;

	T_TRUE(a != NULL);
	T_TRUE(folder_append_write(a, text, strlen(text), &why) == 0);
	folder_result_init(&r);
	if (folder_commit(f, &c, 1, &r, &why) == 0) {
		T_INT(r.made.n, 1);
		uid = r.made.v[0];
	}
	T_TRUE(a == NULL);
	folder_result_fini(&r);
	return uid;
}

/* One change of uids; returns the result's text "done>made". */
static const char *
commit(struct folder *f, struct folder_change c, const uint32_t *uids,
    size_t n)
{
	static char text[1100];
	struct folder_result r;

	c.uids = uids;
	c.uids_n = n;
	folder_result_init(&r);
	if (folder_commit(f, &c, 1, &r, &why) != 0)
		(void)snprintf(text, sizeof(text), "FAILED %s", why.text);
	else
		(void)snprintf(text, sizeof(text), "%s>%s",
		    uids_text(&r.done), uids_text(&r.made));
	folder_result_fini(&r);
	return text;
}

#define COMMIT(f, change, want, ...) do { \
	const uint32_t some_uids[] = { __VA_ARGS__ }; \
	T_STR(span_str(commit((f), (struct folder_change) change, some_uids, \
	    COUNT(some_uids))), (want)); \
} while (0)
#define CHANGE(...)	{ __VA_ARGS__ }

/* Microseconds are numbers, and count only where both names have them. */
static void
test_arrival_order(void **state)
{
	static const char *const names[] = { "5.M9.h", "5.M10.a", "5.M10.b",
		"6.P1.h", "1700000000.M1.h" };
	struct folder *f = open_it("INBOX", true);

	(void)state;
	for (size_t i = COUNT(names); i > 0; i--) {
		char path[64];

		(void)snprintf(path, sizeof(path), "new/%s", names[i - 1]);
		scratch_put(path, "x\n");
	}
	SYNC(f, "+1,2,3,4,5 - ~");
	for (size_t i = 0; i < COUNT(names); i++)
		T_STR(span_str(folder_need(f, (uint32_t)i + 1, 0, &why)->name),
		    names[i]);
	folder_close(&f);
}

static void
test_new_mail(void **state)
{
	struct folder *f = open_it("INBOX", true), *g;
	const struct message *m;

	(void)state;
	SYNC(f, "+ - ~");
	T_TRUE(folder_uidvalidity(f) > 0);
	T_INT(folder_uidnext(f), 1);
	T_INT(strlen(folder_guid(f)), 32);
	/* UIDs in the order of arrival, not of the listing. */
	scratch_put("new/1700000002.M1.h", "two\n");
	scratch_put("new/1700000001.M9.h", "one\n");
	scratch_put("cur/999.M1.h:2,S", "zero\n");
	SYNC(f, "+1,2,3 - ~");
	T_STR(span_str(folder_need(f, 1, 0, &why)->name), "999.M1.h:2,S");
	T_STR(span_str(folder_need(f, 2, 0, &why)->name), "1700000001.M9.h");
	T_INT(folder_find(f, 3)->flags, MESSAGE_RECENT);
	T_INT(folder_find(f, 1)->flags, MESSAGE_SEEN);
	T_TRUE(scratch_has("new/1700000001.M9.h"));
	/* The first read-write session takes them, and it alone. */
	g = open_it("INBOX", false);
	SYNC(g, "+1,2,3 - ~");
	T_INT(folder_find(g, 3)->flags, MESSAGE_RECENT);
	T_TRUE(scratch_has("cur/1700000001.M9.h:2,"));
	folder_close(&f);
	f = open_it("INBOX", false);
	SYNC(f, "+1,2,3 - ~");
	T_INT(folder_find(f, 3)->flags, 0);
	T_TRUE(folder_find(f, 4) == NULL);
	/* Sizes: on disk and on the wire. */
	m = folder_need(f, 2, NEED_SIZE | NEED_WIRE | NEED_DATE, &why);
	T_TRUE(m != NULL);
	T_INT(m->size_octets, 4);
	T_INT(m->wire_octets, 5);
	T_TRUE(m->date_s > 1700000000);
	folder_close(&g);
	folder_close(&f);
}

static void
test_dovecot_list(void **state)
{
	struct folder *f;

	(void)state;
	scratch_put("dovecot-uidlist", "3 V77 N20 " G " Pfmt\n"
	    "5 G99 P12 W9 :1.a\n9 :2.b,S=3\n17 Q1 :3.c\n");
	scratch_put("cur/1.a:2,FS", "1\n2\n");
	scratch_put("cur/2.b,S=3:2,", "ab\n");
	scratch_put("new/4.d", "new\n");
	scratch_put("dovecot-keywords", "0 $Junk\n2 Work\n");
	f = open_it("INBOX", false);
	SYNC(f, "+5,9,20 - ~");
	T_INT(folder_uidvalidity(f), 77);
	T_INT(folder_uidnext(f), 21);
	T_STR(uidlist_ext(span_str(folder_need(f, 5, 0, &why)->ext), 'P'), "12");
	T_INT(folder_need(f, 5, 0, &why)->wire_octets, 9);	/* W of the record */
	T_STR(span_str(folder_keyword(f, 2)), "Work");
	T_TRUE(folder_keyword(f, 1) == NULL);
	T_STR(span_str(scratch_get("dovecot-uidlist")),
	    "3 V77 N20 " G " Pfmt\n"
	    "5 G99 P12 W9 :1.a\n9 :2.b,S=3\n17 Q1 :3.c\n20 :4.d\n");
	folder_close(&f);
}

/* Damage: the valid prefix stays, nothing else keeps or gets its UID. */
static void
test_damaged_list(void **state)
{
	static const struct { const char *list, *after; } cases[] = {
		{ "3 V77 N4 " G "\n1 :1.a\n", "+1,4 - ~" },	/* good */
		{ "3 V77 N4 " G "\n1 :1.a\n3 :2.", "+1,4 - ~" }, /* torn */
		{ "3 V77 N2 " G "\n1 :1.a\n3 :2.b", "+1,3 - ~" },
		{ "3 V77 N2 " G "\n1 :1.a\n#\n9 :2.b\n", "+1,10 - ~" },
		{ "3 V77 N2 " G "\n1 :1.a\n5 :x\n4 :2.b\n", "+1,6 - ~" },
		{ "3 V77 N4\n1 Zq :1.a\n", "+1,4 - ~" },	/* no GUID */
		{ "1 77 4\n1 1.a\n", "+1,4 - ~" },	/* version 1 */
		{ "", "+1,2 - ~" },
		{ "3 V77 N4294967290 " G "\n1 :1.a\n", "+1,2 - ~" },
	};
	struct folder *f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].list);
		scratch_put("cur/1.a:2,", "1\n");
		scratch_put("cur/2.b:2,", "2\n");
		scratch_put("dovecot-uidlist", cases[i].list);
		(void)unlinkat(scratch, "paquebot-index", 0);
		f = open_it("INBOX", false);
		SYNC(f, cases[i].after);
		T_TRUE(folder_uidvalidity(f) == 77 || i >= 7);
		T_STR(span_str(folder_need(f, 1, 0, &why)->name), "1.a:2,");
		if (strstr(cases[i].list, "Zq") != NULL)
			T_STR(span_str(folder_need(f, 1, 0, &why)->ext), "Zq");
		SYNC(f, "+ - ~");
		folder_close(&f);
		T_TRUE(!scratch_has("dovecot-uidlist.lock"));
		/* What is there now is whole. */
		f = open_it("INBOX", true);
		T_TRUE(strncmp(sync_it(f), cases[i].after,
		    strlen(cases[i].after)) == 0);
		folder_close(&f);
	}
}

/* A torn line, found by one who only wants to append. */
static void
test_torn_append(void **state)
{
	struct folder *f = open_it("INBOX", false);

	(void)state;
	T_INT(append(f, "x\r\n", 0, NULL), 1);
	int fd = openat(scratch, "dovecot-uidlist", O_WRONLY | O_APPEND);
	T_TRUE(fd_write_all(fd, "7 :to", 5) == 0);
	fd_close(&fd);
	SYNC(f, "+1 - ~");	/* might be somebody who is writing */
	T_INT(append(f, "x\r\n", 0, NULL), 8);
	SYNC(f, "+8 - ~");
	folder_close(&f);
}

/* The list is lost while a session has the folder open. */
static void
test_lost_list(void **state)
{
	struct folder *f = open_it("INBOX", false);
	uint32_t uidvalidity;

	(void)state;
	scratch_put("new/1.a", "1\n");
	scratch_put("new/2.b", "1\n");
	SYNC(f, "+1,2 - ~");
	uidvalidity = folder_uidvalidity(f);
	T_TRUE(unlinkat(scratch, "dovecot-uidlist", 0) == 0);
	T_TRUE(unlinkat(scratch, "cur/2.b:2,", 0) == 0);
	scratch_put("new/3.c", "1\n");
	SYNC(f, "+3 -2 ~");
	T_INT(folder_uidvalidity(f), uidvalidity);
	/* Another UIDVALIDITY: the session's view is void. */
	scratch_put("dovecot-uidlist.x", "3 V9 N7 " G "\n6 :1.a\n");
	T_TRUE(renameat(scratch, "dovecot-uidlist.x", scratch,
	    "dovecot-uidlist") == 0);
	SYNC(f, "+ - ~ RESET");
	T_INT(folder_count(f), 0);
	SYNC(f, "+6,7 - ~");
	folder_close(&f);
}

static void
test_flags(void **state)
{
	struct span two[] = { SPAN_LIT("$Forwarded"), SPAN_LIT("Work") };
	struct folder *f, *g;

	(void)state;
	scratch_put("cur/1.a:2,P", "1\n");	/* P is none of ours */
	scratch_put("cur/2.b:2,S", "1\n");
	f = open_it("INBOX", false);
	g = open_it("INBOX", false);
	SYNC(f, "+1,2 - ~");
	SYNC(g, "+1,2 - ~");
	COMMIT(f, CHANGE(.kind = CHANGE_FLAGS_ADD, .flags = MESSAGE_SEEN),
	    "1>", 1, 2, 7);
	T_TRUE(scratch_has("cur/1.a:2,PS"));
	SYNC(f, "+ - ~");	/* its own change is not told again */
	SYNC(g, "+ - ~1");
	COMMIT(f, CHANGE(.kind = CHANGE_FLAGS_ADD, .keywords = two,
	    .keywords_n = 2), "1,2>", 1, 2);
	T_TRUE(scratch_has("cur/1.a:2,PSab"));
	T_STR(span_str(scratch_get("dovecot-keywords")),
	    "0 $Forwarded\n1 Work\n");
	/* g has not looked since: its rename fails, it looks, then adds. */
	COMMIT(g, CHANGE(.kind = CHANGE_FLAGS_ADD,
	    .flags = MESSAGE_FLAGGED), "1,2>", 1, 2);
	T_TRUE(scratch_has("cur/1.a:2,FPSab"));
	SYNC(g, "+ - ~1,2");	/* of f's keywords it must hear */
	COMMIT(g, CHANGE(.kind = CHANGE_FLAGS_REMOVE, .flags = MESSAGE_SEEN,
	    .keywords = two, .keywords_n = 1), "1>", 1);
	T_TRUE(scratch_has("cur/1.a:2,FPb"));
	COMMIT(g, CHANGE(.kind = CHANGE_FLAGS_SET, .flags = MESSAGE_DELETED),
	    "1>", 1);
	T_TRUE(scratch_has("cur/1.a:2,PT"));
	SYNC(f, "+ - ~1,2");
	T_INT(folder_find(f, 1)->flags, MESSAGE_DELETED);
	T_INT(folder_find(f, 2)->keywords, 3);
	/* Another program sets flags. */
	T_TRUE(renameat(scratch, "cur/1.a:2,PT", scratch, "cur/1.a:2,R") ==
	    0);
	SYNC(f, "+ - ~1");
	T_INT(folder_find(f, 1)->flags, MESSAGE_ANSWERED);
	folder_close(&g);
	/* Read-only: nothing. */
	g = open_it("INBOX", true);
	SYNC(g, "+1,2 - ~");
	T_TRUE(strncmp(commit(g, (struct folder_change){
	    .kind = CHANGE_FLAGS_SET }, (uint32_t[]){ 1 }, 1), "FAILED",
	    6) == 0);
	T_STR(span_str(why.esc), "5.7.0");
	folder_close(&g);
	folder_close(&f);
}

static void
test_27_keywords(void **state)
{
	struct folder *f = open_it("INBOX", false);
	struct folder_result r;
	char name[16];
	uint32_t uid = append(f, "x\r\n", 0, NULL);
	struct span k;
	struct folder_change c = { .kind = CHANGE_FLAGS_ADD, .uids = &uid,
	    .uids_n = 1, .keywords = &k, .keywords_n = 1 };

	(void)state;
	SYNC(f, "+1 - ~");
	folder_result_init(&r);
	for (int i = 0; i < 27; i++) {
		(void)snprintf(name, sizeof(name), "k%d", i);
		k = span_str(name);
		T_TRUE(folder_commit(f, &c, 1, &r, &why) == 0);
		T_TRUE(r.keywords_full == (i == 26));
		T_INT(r.done.n, i < 26);
	}
	T_INT(folder_find(f, 1)->keywords, 0x3ffffff);
	folder_result_fini(&r);
	folder_close(&f);
}

static void
test_append(void **state)
{
	struct folder *f = open_it("INBOX", false);
	const struct message *m;
	char text[64];
	ssize_t n;
	int fd;

	(void)state;
	T_INT(append(f, "a\r\nb\r\n\r\r\nc\r", MESSAGE_SEEN, "kw"), 1);
	T_INT(append(f, "second\r\n", 0, NULL), 2);
	SYNC(f, "+1,2 - ~");
	m = folder_need(f, 1, 0, &why);
	T_INT(m->flags, MESSAGE_SEEN);
	T_INT(m->keywords, 1);
	T_INT(m->known & (NEED_SIZE | NEED_WIRE), NEED_SIZE | NEED_WIRE);
	T_INT(m->size_octets, 9);
	T_INT(m->wire_octets, 11);	/* what came, octet for octet */
	T_INT(folder_find(f, 2)->flags, MESSAGE_RECENT);
	fd = folder_open_message(f, 1, &why);
	T_TRUE(fd >= 0);
	n = fd_read(fd, text, sizeof(text));
	T_SPAN(span_of(text, (size_t)n), SPAN_LIT("a\nb\n\r\r\nc\r"));
	fd_close(&fd);
	/* The same by counting in the file. */
	scratch_put("new/9.z", "a\nb\n\r\r\nc\r");
	SYNC(f, "+3 - ~");
	m = folder_need(f, 3, NEED_WIRE, &why);
	T_INT(m->wire_octets, 11);
	T_TRUE(folder_open_message(f, 99, &why) < 0 && why.kind == WHY_PERM);
	folder_close(&f);
	/* Nothing is left in tmp. */
	T_TRUE(unlinkat(scratch, "tmp", AT_REMOVEDIR) == 0);
}

/* However the octets are cut, the same comes out. */
static void
test_append_pieces(void **state)
{
	static const char text[] = "a\r\n\r\nb\rc\r\r\n\nd\r\r\r\ne\r\r";
	struct folder *f = open_it("INBOX", false);
	struct folder_append *a;
	struct folder_change c = { .kind = CHANGE_APPEND, .append = &a };
	uint64_t size = 0, wire = 0;

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		a = folder_append_begin(f, 1000, &why);
		for (size_t i = 0; i < sizeof(text) - 1; i += step)
			T_TRUE(folder_append_write(a, text + i,
			    step < sizeof(text) - 1 - i ? step :
			    sizeof(text) - 1 - i, &why) == 0);
		T_TRUE(folder_commit(f, &c, 1, NULL, &why) == 0);
		T_TRUE(folder_sync(f, NULL, &why) == 0);
		const struct message *m = folder_need(f, folder_message(f, step - 1)->uid, 0, &why);
		if (step == 1) {
			size = m->size_octets;
			wire = m->wire_octets;
		}
		T_INT(m->size_octets, size);
		T_INT(m->wire_octets, wire);
	}
	/* The bare LF has become CRLF; two CRLF lost a CR each on disk. */
	T_INT(wire, sizeof(text) - 1 + 1);
	T_INT(size, sizeof(text) - 1 - 2);
	a = folder_append_begin(f, 3, &why);
	T_TRUE(folder_append_write(a, "abcd", 4, &why) != 0);
	T_STR(span_str(why.esc), "5.2.3");
	folder_append_abort(&a);
	folder_close(&f);
}

static void
test_append_quota(void **state)
{
	struct folder *f = open_it("INBOX", false);

	(void)state;
	scratch_put(QUOTA_NAME, "10S\n0 0\n");
	T_INT(append(f, "1234567\r\n", 0, NULL), 1);
	T_STR(span_str(scratch_get(QUOTA_NAME)), "10S\n0 0\n8 1\n");
	T_INT(append(f, "1234567\r\n", 0, NULL), 0);
	T_STR(span_str(why.esc), "5.2.2");
	SYNC(f, "+1 - ~");
	COMMIT(f, CHANGE(.kind = CHANGE_EXPUNGE), "1>", 1);
	T_INT(append(f, "1234567\r\n", 0, NULL), 2);
	folder_close(&f);
}

static void
test_expunge(void **state)
{
	struct folder *f, *g;

	(void)state;
	scratch_put("new/1.a", "1\n");
	scratch_put("new/2.b", "1\n");
	scratch_put("new/3.c", "1\n");
	scratch_put("new/4.d", "1\n");
	f = open_it("INBOX", false);
	g = open_it("INBOX", false);
	SYNC(f, "+1,2,3,4 - ~");
	SYNC(g, "+1,2,3,4 - ~");
	COMMIT(f, CHANGE(.kind = CHANGE_EXPUNGE), "2>", 2);
	T_INT(folder_count(f), 3);
	/* g finds 2 gone, flags of 3 changed, and goes on. */
	T_TRUE(renameat(scratch, "cur/3.c:2,", scratch, "cur/3.c:2,S") == 0);
	COMMIT(g, CHANGE(.kind = CHANGE_EXPUNGE), "1,3>", 1, 2, 3);
	SYNC(g, "+ -2 ~");
	SYNC(f, "+ -1,3 ~");
	T_INT(folder_count(f), 1);
	T_INT(folder_uidnext(f), 5);
	folder_close(&f);
	folder_close(&g);
}

/* Gone and back again: IMAP wants a new UID for it. */
static void
test_back_again(void **state)
{
	struct folder *f, *g;

	(void)state;
	scratch_put("cur/1.a:2,", "1\n");
	scratch_put("cur/2.b:2,", "1\n");
	f = open_it("INBOX", false);
	SYNC(f, "+1,2 - ~");
	T_TRUE(renameat(scratch, "cur/1.a:2,", scratch, "away") == 0);
	SYNC(f, "+ -1 ~");
	T_TRUE(renameat(scratch, "away", scratch, "cur/1.a:2,S") == 0);
	SYNC(f, "+3 - ~");
	g = open_it("INBOX", false);
	SYNC(g, "+2,3 - ~");
	folder_close(&g);
	folder_close(&f);
}

/* Two files of one base: both stay, one under another base. */
static void
test_doubles(void **state)
{
	struct folder *f = open_it("INBOX", true);

	(void)state;
	scratch_put("cur/1.a:2,S", "one\n");
	scratch_put("new/1.a", "other\n");
	SYNC(f, "+1 - ~");	/* read-only: nothing is renamed */
	folder_close(&f);
	f = open_it("INBOX", false);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), 2);
	SYNC(f, "+ - ~");
	folder_close(&f);
}

/* By link and unlink: for a moment one file has two names, and is one message. */
static void
test_rename_by_link(void **state)
{
	struct folder *f;

	(void)state;
	scratch_put("cur/1.a:2,S", "one\n");
	f = open_it("INBOX", false);
	SYNC(f, "+1 - ~");
	T_INT(linkat(scratch, "cur/1.a:2,S", scratch, "cur/1.a:2,FS", 0), 0);
	SYNC(f, "+ - ~");
	T_INT(folder_count(f), 1);
	T_INT(unlinkat(scratch, "cur/1.a:2,S", 0), 0);
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), 1);
	T_INT(folder_message(f, 0)->uid, 1);
	T_INT(folder_message(f, 0)->flags & MESSAGE_FLAGS_STORED,
	    MESSAGE_SEEN | MESSAGE_FLAGGED);
	folder_close(&f);
}

static void
test_copy_move(void **state)
{
	struct span kw[] = { SPAN_LIT("Extra"), SPAN_LIT("Work") };
	struct span new_one = SPAN_LIT("new");
	struct folder *f = open_it("INBOX", false), *to, *same;
	const struct message *m;

	(void)state;
	T_TRUE(folders_create(scratch, "A", &why) == 0);
	to = open_it("A", false);
	T_INT(append(to, "there\r\n", 0, "Work"), 1);	/* letter a there */
	T_INT(append(f, "one\r\n", MESSAGE_FLAGGED, "Extra"), 1);
	T_INT(append(f, "two\r\n", 0, "Work"), 2);
	T_INT(append(f, "three\r\n", 0, NULL), 3);
	SYNC(f, "+1,2,3 - ~");
	SYNC(to, "+1 - ~");
	COMMIT(f, CHANGE(.kind = CHANGE_COPY, .to = to), "1,2>2,3", 1, 2, 9);
	SYNC(to, "+2,3 - ~");
	SYNC(f, "+ - ~");
	m = folder_need(to, 2, 0, &why);
	T_INT(m->flags, MESSAGE_FLAGGED);
	T_INT(m->keywords, 1 << folder_keyword_index(to, kw[0]));
	T_INT(folder_find(to, 3)->keywords,
	    1 << folder_keyword_index(to, kw[1]));
	T_INT(m->size_octets, 4);
	/* The copy outlives the original. */
	COMMIT(f, CHANGE(.kind = CHANGE_EXPUNGE), "1>", 1);
	int fd = folder_open_message(to, 2, &why);
	T_TRUE(fd >= 0);
	fd_close(&fd);
	COMMIT(f, CHANGE(.kind = CHANGE_MOVE, .to = to), "2,3>4,5", 2, 3);
	T_INT(folder_count(f), 0);
	SYNC(f, "+ - ~");
	SYNC(to, "+4,5 - ~");
	/* To itself, by the same and by another handle. */
	COMMIT(to, CHANGE(.kind = CHANGE_COPY, .to = to), "2>6", 2);
	SYNC(to, "+6 - ~");
	same = open_it("A", false);
	COMMIT(to, CHANGE(.kind = CHANGE_MOVE, .to = same), "3>7", 3);
	SYNC(to, "+7 - ~");
	COMMIT(to, CHANGE(.kind = CHANGE_MOVE, .to = to), "7>8", 7);
	SYNC(to, "+8 - ~");
	T_INT(folder_count(to), 6);
	/* To itself, when others have made a keyword that it has not read. */
	SYNC(same, "+1,2,4,5,6,8 - ~");
	COMMIT(same, CHANGE(.kind = CHANGE_FLAGS_ADD, .keywords = &new_one,
	    .keywords_n = 1), "4>", 4);
	COMMIT(to, CHANGE(.kind = CHANGE_COPY, .to = to), "2>9", 2);
	SYNC(to, "+9 - ~4");
	T_INT(folder_find(to, 9)->keywords,
	    1 << folder_keyword_index(to, kw[0]));
	T_INT(folder_find(to, 4)->keywords & ~(1U << folder_keyword_index(to,
	    kw[1])), 1 << folder_keyword_index(to, new_one));
	/* Into what is open read-only. */
	folder_close(&same);
	same = open_it("A", true);
	T_TRUE(strncmp(commit(f, (struct folder_change){ .kind = CHANGE_COPY,
	    .to = same }, NULL, 0), "FAILED", 6) == 0);
	folder_close(&same);
	folder_close(&to);
	folder_close(&f);
}

static int
count_name(const char *name, enum fs_kind kind, void *ctx)
{
	(void)name;
	(void)kind;
	++*(size_t *)ctx;
	return 0;
}

static size_t
count_in(const char *path)
{
	int dir = fs_open_dir(scratch, path);
	size_t n = 0;

	T_TRUE(fs_list(dir, count_name, &n) == 0);
	fd_close(&dir);
	return n;
}

/* MULTIAPPEND: over quota as a whole, so none is there. */
static void
test_append_none(void **state)
{
	struct folder *f = open_it("INBOX", false);
	struct folder_append *a[2];
	struct folder_change c[2] = {
		{ .kind = CHANGE_APPEND, .append = &a[0] },
		{ .kind = CHANGE_APPEND, .append = &a[1],
		  .flags = MESSAGE_SEEN },
	};
	struct folder_result r;

	(void)state;
	folder_result_init(&r);
	scratch_put(QUOTA_NAME, "10S\n0 0\n");
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			a[i] = folder_append_begin(f, 100, &why);
			T_TRUE(folder_append_write(a[i], "1234567\r\n", 9,
			    &why) == 0);
		}
		if (round == 1)
			scratch_put(QUOTA_NAME, "100S\n0 0\n");
		T_INT(folder_commit(f, c, 2, &r, &why), round == 0 ? -1 : 0);
		T_TRUE(a[0] == NULL && a[1] == NULL);
		T_INT(count_in("tmp"), 0);
		T_INT(r.made.n, round == 0 ? 0 : 2);
	}
	T_INT(count_in("new") + count_in("cur"), 2);
	T_TRUE(r.made_uidvalidity != 0);
	folder_result_fini(&r);
	folder_close(&f);
}

static void
test_deliver(void **state)
{
	struct folder *f = open_it("INBOX", false), *g;
	struct folder_append *a;
	struct folder_change c = { .kind = CHANGE_DELIVER, .append = &a };
	struct folder_result r;
	struct dotlock lock;

	(void)state;
	folder_result_init(&r);
	for (int i = 0; i < 3; i++) {
		a = folder_append_begin(f, 100, &why);
		T_TRUE(folder_append_write(a, "x\r\n", 3, &why) == 0);
		if (i == 2)
			T_TRUE(dotlock_take(&lock, scratch, UIDLIST_NAME,
			    0) == 0);
		T_TRUE(folder_commit(f, &c, 1, &r, &why) == 0);
		T_INT(r.made.n, 1);
		/* No list yet; free; taken by somebody. */
		T_INT(r.made.v[0], i == 1 ? 2 : 0);
		if (i == 0) {
			g = open_it("INBOX", true);
			SYNC(g, "+1 - ~");
			folder_close(&g);
		}
	}
	dotlock_drop(&lock);
	T_INT(count_in("new"), 3);
	SYNC(f, "+1,2,3 - ~");
	T_INT(folder_find(f, 2)->flags, MESSAGE_RECENT);
	folder_result_fini(&r);
	folder_close(&f);
}

/* A folder that is deleted while it is open. */
static void
test_gone(void **state)
{
	struct folder *f;

	(void)state;
	T_TRUE(folders_create(scratch, "B", &why) == 0);
	f = open_it("B", false);
	T_INT(append(f, "x\r\n", 0, NULL), 1);
	SYNC(f, "+1 - ~");
	T_TRUE(folders_delete(scratch, "B", &why) == 0);
	T_TRUE(folder_open_message(f, 1, &why) < 0);
	SYNC(f, "+ - ~ RESET");
	T_TRUE(folder_open(scratch, "B", false, &why) == NULL);
	T_TRUE(why.kind == WHY_PERM);
	folder_close(&f);
	/* RFC 3501 2.3.1.1: made anew, it has another UIDVALIDITY. */
	T_TRUE(folders_create(scratch, "B", &why) == 0);
	T_TRUE(folders_create(scratch, "C", &why) == 0);
	f = open_it("B", false);
	SYNC(f, "+ - ~");
	uint32_t v = folder_uidvalidity(f);
	folder_close(&f);
	f = open_it("C", false);
	SYNC(f, "+ - ~");
	T_TRUE(folder_uidvalidity(f) != v);
	folder_close(&f);
}

static void
test_rename_inbox(void **state)
{
	struct folder *f = open_it("INBOX", false);

	(void)state;
	T_INT(append(f, "x\r\n", MESSAGE_SEEN, "K"), 1);
	T_INT(append(f, "y\r\n", 0, NULL), 2);
	T_TRUE(folders_create(scratch, "INBOX.sub", &why) == 0);
	T_TRUE(folders_rename(scratch, "INBOX", "old", &why) == 0);
	SYNC(f, "+ - ~");
	T_INT(folder_count(f), 0);
	folder_close(&f);
	T_TRUE(folder_exists(scratch, "INBOX.sub"));
	f = open_it("old", false);
	SYNC(f, "+1,2 - ~");
	T_INT(folder_find(f, 1)->flags, MESSAGE_SEEN);
	T_INT(folder_find(f, 1)->keywords, 1);
	folder_close(&f);
}

/* Most of the list is dead: it is written anew, and nobody is renumbered. */
static void
test_compaction(void **state)
{
	struct folder *f;
	struct buf list;
	char name[64];

	(void)state;
	buf_init(&list, MIB);
	(void)buf_addf(&list, "3 V5 N1 " G "\n");
	for (int i = 1; i <= 3000; i++)
		(void)buf_addf(&list, "%d Z%d :%d.dead.or.alive.somewhere\n",
		    i, i, i);
	scratch_put("dovecot-uidlist", buf_cstr(&list));
	buf_fini(&list);
	for (int i = 1000; i <= 3000; i += 1000) {
		(void)snprintf(name, sizeof(name),
		    "cur/%d.dead.or.alive.somewhere:2,", i);
		scratch_put(name, "x\n");
	}
	scratch_put("new/9999.new", "x\n");
	f = open_it("INBOX", false);
	SYNC(f, "+1000,2000,3000,3001 - ~");
	SYNC(f, "+ - ~");
	folder_close(&f);
	T_STR(span_str(scratch_get("dovecot-uidlist")),
	    "3 V5 N3002 " G "\n"
	    "1000 Z1000 :1000.dead.or.alive.somewhere\n"
	    "2000 Z2000 :2000.dead.or.alive.somewhere\n"
	    "3000 Z3000 :3000.dead.or.alive.somewhere\n"
	    "3001 :9999.new\n");
}

static void
test_watch(void **state)
{
	struct folder *f = open_it("INBOX", false);
	struct watch w;

	(void)state;
	SYNC(f, "+ - ~");
	watch_open(&w, f);
	T_TRUE(w.fd >= 0);
	T_INT(fd_wait(w.fd, FD_READ, clock_deadline(20)), 0);
	scratch_put("new/1.a", "x\n");
	T_INT(fd_wait(w.fd, FD_READ, clock_deadline(2000)), 1);
	watch_drain(&w);
	T_INT(fd_wait(w.fd, FD_READ, clock_deadline(20)), 0);
	SYNC(f, "+1 - ~");
	watch_close(&w);
	folder_close(&f);
}

/*
 * Three sessions that append, flag and expunge at once, and a deliverer: no
 * two messages get one UID, none is lost, all see the same in the end.
 */
static void
work(unsigned seed)
{
	struct folder *f = open_it("INBOX", false);
	struct uids all;

	uids_init(&all);
	for (int i = 0; i < 40; i++) {
		seed = seed * 1103515245 + 12345;
		(void)append(f, "x\r\n", seed >> 16 & 1, NULL);
		if (folder_sync(f, NULL, &why) != 0)
			_exit(1);
		uids_clear(&all);
		for (size_t k = 0; k < folder_count(f); k++)
			uids_add(&all, folder_message(f, k)->uid);
		struct folder_change c = { .kind = CHANGE_FLAGS_ADD,
		    .flags = (uint8_t)(1 << (seed >> 20 & 3)),
		    .uids = all.v, .uids_n = all.n };
		if (folder_commit(f, &c, 1, NULL, &why) != 0)
			_exit(2);
	}
	_exit(0);
}

static void
test_together(void **state)
{
	struct folder *f = open_it("INBOX", false);
	int status, running = 3;
	struct why here;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		if (fork() == 0)
			work(i);
	while (running > 0) {
		if (waitpid(-1, &status, WNOHANG) > 0) {
			T_INT(status, 0);
			running--;
		}
		size_t had = folder_count(f);
		clock_sleep_ms(1);	/* others want the lock, too */
		T_TRUE(folder_sync(f, NULL, &here) == 0);
		/* Nobody expunges: the view only grows. */
		T_TRUE(folder_count(f) >= had);
	}
	T_TRUE(folder_sync(f, NULL, &why) == 0);
	T_INT(folder_count(f), 120);
	T_INT(folder_uidnext(f), 121);
	T_INT(folder_message(f, 119)->uid, 120);
	folder_close(&f);
}

#define EACH(test)	cmocka_unit_test_setup_teardown(test, fresh, \
			    scratch_teardown)

/* What is left where the power fails while a file is being replaced. */
static void
test_leftovers(void **state)
{
	static const char *const left[] = {
		".dovecot-uidlist.0123456789abcdef",
		".maildirsize.fedcba9876543210" };
	static const char *const others[] = { ".dovecot-uidlist.0123",
		".subscriptions.0123456789ABCDEF", "maildirsize" };
	struct folder *f;

	(void)state;
	for (size_t i = 0; i < COUNT(left); i++)
		scratch_put(left[i], "x");
	for (size_t i = 0; i < COUNT(others); i++) {
		scratch_put(others[i], "0S\n0 0\n");
		T_TRUE(fs_set_mtime(scratch, others[i], 1) == 0);
	}
	/* One that may still be written stays. */
	T_TRUE(fs_set_mtime(scratch, left[0], 1) == 0);
	f = open_it("INBOX", false);
	SYNC(f, "+ - ~");
	T_TRUE(scratch_has("dovecot-uidlist"));
	T_TRUE(!scratch_has(left[0]) && scratch_has(left[1]));
	for (size_t i = 0; i < COUNT(others); i++)
		T_TRUE(scratch_has(others[i]));
	folder_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_arrival_order),
		EACH(test_new_mail),
		EACH(test_dovecot_list),
		EACH(test_damaged_list),
		EACH(test_torn_append),
		EACH(test_lost_list),
		EACH(test_flags),
		EACH(test_27_keywords),
		EACH(test_append),
		EACH(test_append_pieces),
		EACH(test_append_quota),
		EACH(test_append_none),
		EACH(test_expunge),
		EACH(test_back_again),
		EACH(test_doubles),
		EACH(test_rename_by_link),
		EACH(test_copy_move),
		EACH(test_deliver),
		EACH(test_gone),
		EACH(test_rename_inbox),
		EACH(test_compaction),
		EACH(test_watch),
		EACH(test_leftovers),
		EACH(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
