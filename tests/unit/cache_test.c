/*
 * What is kept of messages beside the index: it comes back octet for octet,
 * whatever was kept before it and in whatever order, or not at all.
 */
#include <fcntl.h>

#include "inbox.h"
#include "os/fs.h"
#include "store/folder_cache.h"

#define MESSAGES	100

static const char *const texts[CACHE_KINDS] = {
	"(\"1 Oct 2026 00:00:00 +0000\" \"on time %u\" ((\"A B\" NIL \"ab\" "
	"\"sender.example\")) ((\"A B\" NIL \"ab\" \"sender.example\")) "
	"((\"A B\" NIL \"ab\" \"sender.example\")) ((NIL NIL \"c\" "
	"\"local.example\")) NIL NIL NIL \"<%u.x@sender.example>\")",
	"(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" %u %u "
	"NIL NIL NIL NIL)",
	"From: A B <ab@sender.example>\r\nTo: c@local.example\r\nSubject: on "
	"time %u\r\nMessage-ID: <%u.x@sender.example>\r\nContent-Type: "
	"text/plain; charset=utf-8\r\n\r\n",
};

static int
fresh(void **state)
{
	char name[32];

	if (scratch_setup(state) != 0 || maildir_make(scratch, &why) != 0)
		return -1;
	for (unsigned i = 1; i <= MESSAGES; i++) {
		(void)snprintf(name, sizeof(name), "cur/%u.a:2,", 1000 + i);
		scratch_put(name, "text\n");
	}
	return 0;
}

static void
reopen(struct folder **f)
{
	folder_close(f);
	*f = inbox_open(false);
}

static void
text_of(struct buf *out, enum cache_kind kind, unsigned n)
{
	buf_clear(out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	T_INT(buf_addf(out, texts[kind], n, n), 0);
#pragma GCC diagnostic pop
}

static void
keep(struct folder *f, enum cache_kind kind)
{
	struct buf text;

	buf_init(&text, 1000);
	for (unsigned uid = 1; uid <= MESSAGES; uid++) {
		text_of(&text, kind, uid);
		folder_cache_add(f, uid, kind, buf_span(&text));
	}
	folder_cache_write(f);
	buf_fini(&text);
}

static void
expect(struct folder *f, enum cache_kind kind, bool there)
{
	struct buf text, got;

	buf_init(&text, 1000);
	buf_init(&got, CACHE_OCTETS_MAX);
	for (unsigned uid = 1; uid <= MESSAGES; uid++) {
		text_of(&text, kind, uid);
		T_TRUE(folder_cached(f, uid, kind, &got) == there);
		if (there)
			T_SPAN(buf_span(&got), buf_span(&text));
	}
	buf_fini(&text);
	buf_fini(&got);
}

static void
test_any_order(void **state)
{
	static const enum cache_kind orders[][CACHE_KINDS] = {
		{ CACHE_ENVELOPE, CACHE_STRUCTURE, CACHE_FIELDS },
		{ CACHE_FIELDS, CACHE_ENVELOPE, CACHE_STRUCTURE },
		{ CACHE_STRUCTURE, CACHE_FIELDS, CACHE_ENVELOPE },
	};
	struct folder *f;

	(void)state;
	for (size_t o = 0; o < COUNT(orders); o++) {
		(void)unlinkat(scratch, "paquebot-cache", 0);
		f = inbox_open(false);
		for (size_t i = 0; i < CACHE_KINDS; i++) {
			keep(f, orders[o][i]);
			for (size_t k = 0; k < CACHE_KINDS; k++)
				expect(f, orders[o][k], k <= i);
			reopen(&f);
			for (size_t k = 0; k < CACHE_KINDS; k++)
				expect(f, orders[o][k], k <= i);
		}
		folder_close(&f);
	}
}

/* Three texts of some 510 octets: less than half of that, heads included. */
static void
test_small(void **state)
{
	struct folder *f = inbox_open(false);
	struct fs_stat st;

	(void)state;
	for (size_t i = 0; i < CACHE_KINDS; i++)
		keep(f, (enum cache_kind)i);
	folder_close(&f);
	T_INT(fs_stat(scratch, "paquebot-cache", &st), 0);
	T_TRUE(st.size_octets < UINT64_C(300) * MESSAGES);
}

/* One more than a chain has room for: it begins anew, with that one. */
static void
test_more_than_a_chain(void **state)
{
	struct folder *f = inbox_open(false);

	(void)state;
	for (size_t i = 0; i < CACHE_KINDS; i++)
		keep(f, (enum cache_kind)i);
	keep(f, CACHE_ENVELOPE);
	expect(f, CACHE_ENVELOPE, true);
	keep(f, CACHE_FIELDS);
	reopen(&f);
	expect(f, CACHE_ENVELOPE, true);
	expect(f, CACHE_FIELDS, true);
	folder_close(&f);
}

/* Of another version: begun anew, without a word. */
static void
test_older_version(void **state)
{
	struct folder *f = inbox_open(false);
	int fd;

	(void)state;
	keep(f, CACHE_ENVELOPE);
	folder_close(&f);
	fd = openat(scratch, "paquebot-cache", O_WRONLY);
	T_TRUE(fd >= 0);
	T_INT(pwrite(fd, "PaqCach1", 8, 0), 8);
	(void)close(fd);
	f = inbox_open(false);
	expect(f, CACHE_ENVELOPE, false);
	keep(f, CACHE_FIELDS);
	expect(f, CACHE_FIELDS, true);
	folder_close(&f);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, fresh, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_any_order), TEST(test_small),
		TEST(test_more_than_a_chain), TEST(test_older_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
