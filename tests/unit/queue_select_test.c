/* Selectors: what each word takes, and that all must hold. */
#include "t.h"

#include <string.h>

#include "queue/select.h"

static const struct queue_rcpt rcpts[] = {
	{ SPAN_LIT("bob@b.example"), SPAN_LIT("Bob@b.example"), 0,
	    SPAN_LIT("") },
	{ SPAN_LIT("eve@c.example"), SPAN_LIT("eve@c.example"), 0,
	    SPAN_LIT("") },
};
static const struct queue_envelope envelope = {
	.from = SPAN_LIT("alice@a.example"), .auth = SPAN_LIT("alice"),
	.time = 1000, .rcpts = rcpts, .rcpts_n = 2,
};
static const struct queue_facts facts = {
	.id = "2222222222222222222b", .place = QUEUE_DEFERRED,
	.envelope = &envelope, .message_octets = 2048,
	.errors = SPAN_LIT("4.4.1 Connection refused\n"),
};
#define NOW	8200	/* two hours later */

/* 1: all words match, 0: they do not, -1: a word is refused. */
static int
try(const char *words)
{
	struct span rest = span_str(words), word;
	struct queue_select s;
	struct why why;

	queue_select_init(&s);
	while ((word = span_word(&rest)).n > 0)
		if (queue_select_add(&s, word, &why) != 0)
			return -1;
	return queue_select_match(&s, &facts, NOW);
}

static void
test_each_word(void **state)
{
	static const struct { const char *words; int want; } cases[] = {
		{ "", 1 },
		{ "sender=alice@a.example", 1 },
		{ "sender=ALICE@A.example", 1 },
		{ "sender=@a.example", 1 },
		{ "sender=a.example", 0 },
		{ "sender=@example", 0 },
		{ "sender=<>", 0 },
		{ "rcpt=bob@b.example", 1 },
		{ "rcpt=@c.example", 1 },
		{ "rcpt=@d.example", 0 },
		{ "account=alice", 1 },
		{ "account=bob", 0 },
		{ "older=2h", 1 },
		{ "older=7201", 0 },
		{ "newer=2h", 0 },
		{ "newer=7201", 1 },
		{ "larger=2K", 1 },
		{ "larger=2049", 0 },
		{ "smaller=2K", 0 },
		{ "smaller=1G", 1 },
		{ "error=connection%20REFUSED", 1 },
		{ "error=timed", 0 },
		{ "state=deferred", 1 },
		{ "state=hold", 0 },
		{ "state=active", 0 },
		{ "sender=@a.example older=1h error=refused", 1 },
		{ "sender=@a.example older=3h error=refused", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (try(cases[i].words) != cases[i].want)
			fail_msg("%s", cases[i].words);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = { "older=soon", "older=",
		"larger=-1", "larger=1T", "state=none", "state=Hold",
		"id=../../etc/passwd", "id=x", "sender=-", "colour=red",
		"sender", "error=%0", "sender=a@b sender=c@d",
		"older=1h older=1h", "state=hold state=active" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (try(bad[i]) != -1)
			fail_msg("%s", bad[i]);
}

static void
test_put_is_what_add_takes(void **state)
{
	struct queue_select s;
	struct buf out;
	struct why why;

	(void)state;
	buf_init(&out, KIB);
	queue_select_init(&s);
	assert_int_equal(queue_select_put(&out, "error",
	    SPAN_LIT("50% = full")), 0);
	assert_int_equal(queue_select_add(&s, buf_span(&out), &why), 0);
	assert_int_equal(s.text[SELECT_ERROR].n, 10);
	assert_memory_equal(s.text[SELECT_ERROR].p, "50% = full", 10);
	buf_fini(&out);
}

static void
test_a_file_not_understood(void **state)
{
	struct queue_facts f = { .id = facts.id, .place = QUEUE_CORRUPT };
	struct queue_select s;
	struct why why;

	(void)state;
	queue_select_init(&s);
	assert_int_equal(queue_select_add(&s, SPAN_LIT("state=corrupt"), &why),
	    0);
	assert_false(queue_select_reads(&s));
	assert_true(queue_select_match(&s, &f, NOW));
	assert_int_equal(queue_select_add(&s, SPAN_LIT("older=0"), &why), 0);
	assert_false(queue_select_match(&s, &f, NOW));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_word),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_put_is_what_add_takes),
		cmocka_unit_test(test_a_file_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
