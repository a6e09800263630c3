/*
 * thread, subject, msgid: RFC 5256 2.1, 3; chains, loops and crowds that
 * somebody sends on purpose.
 */
#include "../t.h"

#include "base/buf.h"
#include "imapd/msgid.h"
#include "imapd/subject.h"
#include "imapd/thread.h"

static const struct { const char *in, *base; bool reply; } subjects[] = {
	/* RFC 5256 2.1, 5; reply: 3, REFERENCES */
	{ "hello", "hello", false },
	{ "Re: hello", "hello", true },
	{ "RE: re: Fwd: hello", "hello", true },
	{ "fw: hello", "hello", true },
	{ "re [3] : hello", "hello", true },
	{ "Re[2]: hello", "hello", true },
	{ "[list] hello", "hello", false },
	{ "[list] Re: [other] hello", "hello", true },
	{ "hello (fwd)", "hello", true },
	{ "hello (FWD) \t (fwd)", "hello", true },
	{ "[fwd: hello]", "hello", true },
	{ "Re: [Fwd: [Fwd: Re: hello (fwd)]]", "hello", true },
	{ "[list]", "[list]", false },	/* subj-blob that is the base */
	{ "[a] [b]", "[b]", false },
	{ "re:", "", true },
	{ "[a]re:", "", true },
	{ "(fwd)", "", true },
	{ "", "", false },
	{ "reply: hello", "reply: hello", false },
	{ "re hello", "re hello", false },
	{ "[a[b] hello", "[a[b] hello", false },	/* no BLOBCHAR */
	{ "a \t  b\r\n c", "a b c", false },
	{ "[fwd: hello", "[fwd: hello", false },
};

static void
subject(void **state)
{
	struct buf base;

	(void)state;
	buf_init(&base, KIB);
	for (size_t i = 0; i < COUNT(subjects); i++) {
		t_case(subjects[i].in);
		T_TRUE(subject_base(span_str(subjects[i].in), &base) ==
		    subjects[i].reply);
		T_STR(buf_span(&base), subjects[i].base);
	}
	buf_fini(&base);
}

static void
message_ids(void **state)
{
	static const struct { const char *in, *first, *second; } cases[] = {
		{ "<a@b>", "a@b", NULL },
		{ " <a@b>\n\t(c) <c@d> ", "a@b", "c@d" },
		/* RFC 5256 3: quoting makes no difference. */
		{ "<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>",
		    "01KF8JCEOCBS0045PS@xxx.yyy.com", NULL },
		{ "<\"a>b\"@c>", "a>b@c", NULL },
		{ "<\"a\\\"b\"@c>", "a\"b@c", NULL },
		{ "<a@b", NULL, NULL },
		{ "a@b", NULL, NULL },
		{ "<a> <@b> <a@> <>", NULL, NULL },
		{ "<<a@b>", "a@b", NULL },
		{ "<a@\n b>", "a@b", NULL },
	};
	struct span rest;
	struct buf id;

	(void)state;
	buf_init(&id, MSGID_MAX);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in);
		rest = span_str(cases[i].in);
		T_TRUE(msgid_next(&rest, &id) == (cases[i].first != NULL));
		if (cases[i].first == NULL)
			continue;
		T_STR(buf_span(&id), cases[i].first);
		T_TRUE(msgid_next(&rest, &id) == (cases[i].second != NULL));
		if (cases[i].second != NULL)
			T_STR(buf_span(&id), cases[i].second);
	}
	buf_fini(&id);
}

static uint32_t
same(uint32_t seq, void *ctx)
{
	(void)ctx;
	return seq;
}

static void
gather(struct span piece, void *ctx)
{
	buf_add_span(ctx, piece);
}

static struct span
letter(const char *p)
{
	return *p == '-' ? SPAN_NONE : span_of(p, 1);
}

/* "id date subject reply refs...", one letter each; '-' is none. */
static struct span
threads(enum thread_kind kind, const char *const *v, size_t n,
    struct buf *out)
{
	static const uint8_t seed[16] = { 1 };
	struct thread *t = thread_new(kind, seed);
	struct thread_sink sink = { same, gather, out };

	for (size_t i = 0; i < n; i++) {
		struct thread_message m = { .seq = (uint32_t)i + 1,
			.id = letter(v[i]), .date_s = v[i][1],
			.subject = letter(v[i] + 2),
			.reply = v[i][3] == 'r' };

		thread_add(t, &m);
		for (const char *r = v[i] + 4; *r != '\0'; r++)
			thread_refer(t, letter(r));
	}
	thread_finish(t);
	buf_clear(out);
	thread_put(t, &sink);
	thread_free(&t);
	return buf_span(out);
}

#define MOST	8
static const struct {
	const char *name;
	enum thread_kind kind;
	const char *m[MOST];
	const char *want;
} cases[] = {
	{ "alone", THREAD_REFERENCES, { "A1x." }, "(1)" },
	{ "RFC 5256 4, first example", THREAD_REFERENCES, {
	    "A1-.", "B2-.", "C3-.B", "D4-.BC", "E5-.BCD", "F6-.BC",
	    "G7-.BCF" }, "(1)(2 3 (4 5)(6 7))" },
	{ "RFC 5256 4: the parent is not there", THREAD_REFERENCES, {
	    "A1-.", "B2-.Z", "C3-.Z" }, "(1)((2)(3))" },
	{ "step 3: one child takes the dummy's place", THREAD_REFERENCES, {
	    "A1-.YZ" }, "(1)" },
	{ "step 3: dummies within go", THREAD_REFERENCES, {
	    "A1-.", "B2-.AYZ", "C3-.AYZ" }, "(1 (2)(3))" },
	{ "a reply before what it answers", THREAD_REFERENCES, {
	    "B1-.A", "A2-." }, "(2 1)" },
	{ "step 1.A: the second of one identifier", THREAD_REFERENCES, {
	    "A1-.", "A2-.", "B3-.A" }, "(1 3)(2)" },
	{ "step 1: loops", THREAD_REFERENCES, {
	    "A1-.B", "B2-.A", "C3-.C" }, "(2 1)(3)" },
	{ "step 5.C: reply and not", THREAD_REFERENCES, {
	    "A1xr", "B2x.", "C3xr" }, "(2 (1)(3))" },
	{ "step 5.C: neither is a reply", THREAD_REFERENCES, {
	    "A1x.", "B2x." }, "((1)(2))" },
	{ "step 5.C: both dummies", THREAD_REFERENCES, {
	    "A1x.Y", "B2x.Y", "C3x.Z", "D4x.Z" }, "((1)(2)(3)(4))" },
	{ "step 5.B.ii: empty subjects", THREAD_REFERENCES, {
	    "A1-.", "B2-." }, "(1)(2)" },
	{ "step 6: by date", THREAD_REFERENCES, {
	    "A9-.", "B2-.", "C8-.B", "D3-.B" }, "(2 (4)(3))(1)" },
	{ "2.2: equal dates", THREAD_REFERENCES, {
	    "A1-.", "B1-.", "C1-.A" }, "(1 3)(2)" },
	{ "REFS: no subjects, the last message counts", THREAD_REFS, {
	    "A1x.", "B2x.", "C3-.A" }, "(2)(1 3)" },
	{ "ORDEREDSUBJECT", THREAD_ORDEREDSUBJECT, {
	    "A5x.", "B2y.", "C3x.", "D4xr", "E1-.", "F6-." },
	    "(5 6)(2)(3 (4)(1))" },
};

static void
trees(void **state)
{
	struct buf out;
	size_t n;

	(void)state;
	buf_init(&out, KIB);
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (n = 0; n < MOST && cases[i].m[n] != NULL; n++)
			;
		t_case(cases[i].name);
		T_STR(threads(cases[i].kind, cases[i].m, n, &out),
		    cases[i].want);
	}
	buf_fini(&out);
}

#define CROWD	200000

/* Each answers the one before (after): one thread, as deep as there are. */
static void
chain(void **state)
{
	static const uint8_t seed[16] = { 2 };

	(void)state;
	for (int back = 0; back < 2; back++) {
		struct thread *t = thread_new(THREAD_REFERENCES, seed);
		struct buf out;
		struct thread_sink sink = { same, gather, &out };
		uint32_t id, ref;

		buf_init(&out, 16 * MIB);
		t_case(back ? "backwards" : "forwards");
		for (uint32_t i = 1; i <= CROWD; i++) {
			struct thread_message m = { .seq = i, .date_s = i,
				.id = span_of(&id, sizeof(id)) };

			id = back ? CROWD - i + 1 : i;
			ref = id - 1;
			thread_add(t, &m);
			if (ref > 0)
				thread_refer(t, span_of(&ref, sizeof(ref)));
		}
		thread_finish(t);
		thread_put(t, &sink);
		T_TRUE(span_starts(buf_span(&out), back ?
		    SPAN_LIT("(200000 199999 ") : SPAN_LIT("(1 2 ")));
		T_INT(span_chr(buf_span(&out), ')'), out.n - 1);
		buf_fini(&out);
		thread_free(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subject),
		cmocka_unit_test(message_ids),
		cmocka_unit_test(trees),
		cmocka_unit_test(chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
