/*
 * queue/format: what is written is read back for every octet string; what a
 * session could forge or a disk could damage is refused.
 */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "queue/format.h"
#include "queue/states.h"

static struct queue_rcpt rcpts[3];

static struct queue_envelope
sample(void)
{
	rcpts[0] = (struct queue_rcpt){ SPAN_LIT("bob@demo.example"),
	    SPAN_LIT("Bob@DEMO.example"), 0, SPAN_LIT("") };
	rcpts[1] = (struct queue_rcpt){ SPAN_LIT("-"), SPAN_LIT("%2D"),
	    QUEUE_NOTIFY_NEVER, SPAN_LIT("") };
	rcpts[2] = (struct queue_rcpt){ SPAN_LIT("a\nrcpt root root"),
	    SPAN_LIT(""), QUEUE_NOTIFY_SUCCESS | QUEUE_NOTIFY_DELAY,
	    SPAN_LIT("rfc822;a\nrcpt root root") };
	return (struct queue_envelope){
		.from = SPAN_LIT(""), .client = SPAN_LIT("192.0.2.1"),
		.helo = SPAN_LIT("x\ry z"), .auth = SPAN_LIT("\0\377"),
		.time = 1795327200, .body_8bit = true,
		.ret = QUEUE_RET_HDRS, .envid = SPAN_LIT("a\nrcpt root root"),
		.smtputf8 = true,
		.rcpts = rcpts, .rcpts_n = 3,
	};
}

static void
same(const struct queue_envelope *a, const struct queue_envelope *b)
{
	T_SPAN(a->from, b->from);
	T_SPAN(a->client, b->client);
	T_SPAN(a->helo, b->helo);
	T_SPAN(a->auth, b->auth);
	T_INT(a->time, b->time);
	T_INT(a->body_8bit, b->body_8bit);
	T_INT(a->ret, b->ret);
	T_SPAN(a->envid, b->envid);
	T_INT(a->smtputf8, b->smtputf8);
	T_INT(a->rcpts_n, b->rcpts_n);
	for (size_t i = 0; i < a->rcpts_n; i++) {
		T_SPAN(a->rcpts[i].address, b->rcpts[i].address);
		T_SPAN(a->rcpts[i].original, b->rcpts[i].original);
		T_SPAN(a->rcpts[i].orcpt, b->rcpts[i].orcpt);
		T_INT(a->rcpts[i].notify, b->rcpts[i].notify);
	}
}

static void
identity(void **state)
{
	struct queue_envelope e = sample(), back;
	struct arena *a = arena_new(MIB);
	struct queue_writer w;
	struct buf b;

	(void)state;
	buf_init(&b, MIB);
	T_INT(queue_writer_begin(&w, &e, &b), 0);
	T_INT(b.n, QUEUE_FIRST_LEN + w.envelope_octets);
	T_INT(queue_envelope_parse(span_from(buf_span(&b), QUEUE_FIRST_LEN),
	    a, &back, NULL), 0);
	same(&back, &e);
	/* What would have been a line of its own is part of a value. */
	T_TRUE(span_find(buf_span(&b), SPAN_LIT("\nrcpt root")) == b.n);
	buf_fini(&b);
	arena_free(&a);
}

/* Threat A4: every octet, alone and in pairs. */
static void
every_octet(void **state)
{
	struct buf word, value;

	(void)state;
	buf_init(&word, KIB);
	buf_init(&value, KIB);
	for (unsigned i = 0; i < 65536 + 256; i++) {
		char in[2] = { (char)(i & 255), (char)(i >> 8) };
		struct span s = span_of(in, i < 256 ? 1 : 2);

		buf_clear(&word);
		T_INT(queue_put_word(&word, s), 0);
		for (size_t k = 0; k < word.n; k++)
			T_TRUE(word.p[k] > 32 && word.p[k] < 127);
		buf_clear(&value);
		T_INT(queue_get_word(buf_span(&word), &value), 0);
		T_SPAN(buf_span(&value), s);
	}
	buf_fini(&word);
	buf_fini(&value);
}

/* Exactly what writing makes: one spelling for every value. */
static void
words_refused(void **state)
{
	static const char *const bad[] = { "", "%", "%4", "%41", "%2d", "%zz",
		"a b", "a\tb", "\x7f", "\xc3\xa9", "%2D%", "%00%0" };
	struct buf value;

	(void)state;
	buf_init(&value, KIB);
	for (size_t i = 0; i < COUNT(bad); i++) {
		t_case(bad[i]);
		buf_clear(&value);
		T_INT(queue_get_word(span_str(bad[i]), &value), -1);
	}
	buf_fini(&value);
}

static void
first_line(void **state)
{
	struct queue_envelope e = sample();
	char line[QUEUE_FIRST_LEN], bent[QUEUE_FIRST_LEN];
	struct queue_first f = { 0, 0, 0 };
	struct queue_writer w;
	struct sum64 sum;
	struct buf b;

	(void)state;
	buf_init(&b, MIB);
	T_INT(queue_writer_begin(&w, &e, &b), 0);
	T_INT(queue_first_parse(span_head(buf_span(&b), QUEUE_FIRST_LEN), &f),
	    QUEUE_FIRST_BLANK);
	queue_writer_add(&w, "Subject: x\r\n", 12);
	queue_writer_add(&w, "\r\nhello\r\n", 9);
	queue_writer_first(&w, line);
	T_INT(queue_first_parse(span_of(line, sizeof(line)), &f),
	    QUEUE_FIRST_FILLED);
	T_INT(f.envelope_octets, b.n - QUEUE_FIRST_LEN);
	T_INT(f.message_octets, 21);
	T_INT(queue_first_end(&f), b.n + 21);
	sum64_init(&sum);
	sum64_add(&sum, b.p + QUEUE_FIRST_LEN, b.n - QUEUE_FIRST_LEN);
	sum64_add(&sum, "Subject: x\r\n\r\nhello\r\n", 21);
	T_TRUE(f.sum == sum64_end(&sum));
	/* Threat E9: no single octet can be changed without being seen. */
	for (size_t i = 0; i < sizeof(line); i++)
		for (int bit = 0; bit < 8; bit++) {
			enum queue_first_kind k;

			memcpy(bent, line, sizeof(line));
			bent[i] = (char)(bent[i] ^ (1 << bit));
			k = queue_first_parse(span_of(bent, sizeof(bent)), &f);
			T_TRUE(k == QUEUE_FIRST_BAD || f.sum !=
			    sum64_end(&sum) || f.message_octets != 21 ||
			    f.envelope_octets != b.n - QUEUE_FIRST_LEN);
		}
	T_INT(queue_first_parse(span_of(line, 79), &f), QUEUE_FIRST_BAD);
	buf_fini(&b);
}

static const struct { const char *name, *text; } damaged[] = {
	{ "empty", "" },
	{ "no rcpt", "from -\nclient -\nhelo -\nauth -\ntime 0\nbody 7bit\n" },
	{ "order", "client -\nfrom -\nhelo -\nauth -\ntime 0\nbody 7bit\n"
	    "rcpt a a\n" },
	{ "twice", "from -\nfrom -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a a\n" },
	{ "unknown", "from -\nclient -\nhelo -\nauth -\ntime 0\nbody 7bit\n"
	    "rcpt a a\nroot a a\n" },
	{ "no end", "from -\nclient -\nhelo -\nauth -\ntime 0\nbody 7bit\n"
	    "rcpt a a" },
	{ "three words", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a a a\n" },
	{ "one word", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a\n" },
	{ "time", "from -\nclient -\nhelo -\nauth -\ntime -1\nbody 7bit\n"
	    "rcpt a a\n" },
	{ "time zero", "from -\nclient -\nhelo -\nauth -\ntime 00\n"
	    "body 7bit\nrcpt a a\n" },
	{ "body", "from -\nclient -\nhelo -\nauth -\ntime 0\nbody 9bit\n"
	    "rcpt a a\n" },
	/* Optional fields: only with something to say, in their order. */
	{ "ret", "from -\nclient -\nhelo -\nauth -\ntime 0\nbody 7bit\n"
	    "ret some\nrcpt a a\n" },
	{ "empty envid", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nenvid -\nrcpt a a\n" },
	{ "envid order", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nenvid a\nret full\nrcpt a a\n" },
	{ "envid twice", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nenvid a\nenvid a\nrcpt a a\n" },
	{ "smtputf8", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nsmtputf8 no\nrcpt a a\n" },
	{ "no wish", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a a 0 -\n" },
	{ "notify 16", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a a 16 -\n" },
	{ "notify 01", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a a 01 -\n" },
	{ "notify alone", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a a 1\n" },
	{ "five words", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\nrcpt a a 1 - -\n" },
	{ "blank line", "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\n\nrcpt a a\n" },
};

static void
envelopes_refused(void **state)
{
	struct arena *a = arena_new(MIB);
	struct queue_envelope e;
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++) {
		t_case(damaged[i].name);
		T_INT(queue_envelope_parse(span_str(damaged[i].text), a, &e,
		    &why), -1);
		T_INT(why.kind, WHY_PERM);
	}
	arena_free(&a);
}

static void
budgets(void **state)
{
	struct queue_envelope e = sample();
	struct arena *a = arena_new(4 * KIB);
	static char big[QUEUE_VALUE_MAX + 1];
	struct queue_writer w;
	struct why why;
	struct buf b;

	(void)state;
	buf_init(&b, 64 * MIB);
	memset(big, 'x', sizeof(big));
	e.helo = span_of(big, QUEUE_VALUE_MAX);
	T_INT(queue_writer_begin(&w, &e, &b), 0);
	e.helo = span_of(big, sizeof(big));
	T_INT(queue_writer_begin(&w, &e, &b), -1);
	e = sample();
	e.rcpts_n = 0;
	T_INT(queue_writer_begin(&w, &e, &b), -1);
	e.rcpts_n = QUEUE_RCPTS_MAX + 1;
	T_INT(queue_writer_begin(&w, &e, &b), -1);
	/* More than the arena holds: temporary, not damage. */
	buf_clear(&b);
	(void)buf_add_str(&b, "from -\nclient -\nhelo -\nauth -\ntime 0\n"
	    "body 7bit\n");
	for (int i = 0; i < 1000; i++)
		(void)buf_add_str(&b, "rcpt a a\n");
	T_INT(queue_envelope_parse(buf_span(&b), a, &e, &why), -1);
	T_INT(why.kind, WHY_TEMP);
	buf_fini(&b);
	arena_free(&a);
}

static void
edges(void **state)
{
	(void)state;
	/* The table of queue/states.h. */
	T_TRUE(queue_state_edge(QUEUE_NONE, QUEUE_INCOMING));
	T_TRUE(queue_state_edge(QUEUE_INCOMING, QUEUE_DEFERRED));
	T_TRUE(queue_state_edge(QUEUE_DEFERRED, QUEUE_NONE));
	T_TRUE(queue_state_edge(QUEUE_HOLD, QUEUE_DEFERRED));
	T_TRUE(!queue_state_edge(QUEUE_DEFERRED, QUEUE_INCOMING));
	T_TRUE(!queue_state_edge(QUEUE_CORRUPT, QUEUE_INCOMING));
	T_TRUE(!queue_state_edge(QUEUE_CORRUPT, QUEUE_NONE));
	T_STR(span_str(queue_state_name(QUEUE_HOLD)), "hold");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity),
		cmocka_unit_test(every_octet),
		cmocka_unit_test(words_refused),
		cmocka_unit_test(first_line),
		cmocka_unit_test(envelopes_refused),
		cmocka_unit_test(budgets),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
