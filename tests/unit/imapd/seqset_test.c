/* seqset: RFC 3501 section 9, sequence-set. */
#include "../t.h"

#include "imapd/seqset.h"
#include "imapd/view.h"

static const struct {
	const char *in;
	uint32_t star;
	const char *want;	/* NULL: no set */
} sets[] = {
	/* The examples of the section. */
	{ "2,4:7,9,12:*", 15, "2,4:7,9,12:15" },
	{ "*:4,5:7", 10, "4:10" },
	{ "3291:*", 7, "7:3291" },
	{ "4:2", 9, "2:4" },
	{ "1", 1, "1" },
	{ "*", 5, "5" },
	{ "5,1,3,2,4", 5, "1:5" },
	{ "1,1,1,1", 1, "1" },
	{ "1:4294967295", 3, "1:4294967295" },
	{ "4294967295,4294967294", 3, "4294967294:4294967295" },
	{ "*:*", 3, "3" },
	{ "", 1, NULL },
	{ "0", 1, NULL },
	{ "1:0", 1, NULL },
	{ "01", 1, NULL },
	{ "1,", 1, NULL },
	{ ",1", 1, NULL },
	{ "1:", 1, NULL },
	{ ":1", 1, NULL },
	{ "4294967296", 1, NULL },
	{ "-1", 1, NULL },
	{ "a", 1, NULL },
};

static void
put(struct buf *out, const struct seqset *s)
{
	for (size_t i = 0; i < s->n; i++) {
		buf_addf(out, "%s%u", i > 0 ? "," : "", s->v[i].first);
		if (s->v[i].last != s->v[i].first)
			buf_addf(out, ":%u", s->v[i].last);
	}
}

static void
examples(void **state)
{
	struct arena *mem = arena_new(64 * KIB);
	struct seqset set;
	struct buf b;
	struct cur c;

	(void)state;
	buf_init(&b, KIB);
	for (size_t i = 0; i < COUNT(sets); i++) {
		t_case(sets[i].in);
		cur_init(&c, t_exact(span_str(sets[i].in)), 0, 0);
		bool ok = seqset_parse(&c, mem, &set) && cur_end(&c);
		T_TRUE(ok == (sets[i].want != NULL));
		if (!ok)
			continue;
		seqset_resolve(&set, sets[i].star);
		buf_clear(&b);
		put(&b, &set);
		T_STR(buf_span(&b), sets[i].want);
		arena_clear(mem);
	}
	buf_fini(&b);
	arena_free(&mem);
}

static void
membership(void **state)
{
	struct arena *mem = arena_new(64 * KIB);
	struct seqset set;
	struct cur c;

	(void)state;
	cur_init(&c, SPAN_LIT("2,4:7,9,12:*"), 0, 0);
	T_TRUE(seqset_parse(&c, mem, &set));
	seqset_resolve(&set, 15);
	for (uint32_t n = 0; n < 20; n++)
		T_TRUE(seqset_has(&set, n) == (n == 2 || (n >= 4 && n <= 7) ||
		    n == 9 || (n >= 12 && n <= 15)));
	T_INT(seqset_max(&set), 15);
	arena_free(&mem);
}

/* RFC 4315 4: runs as ranges. */
static void
runs(void **state)
{
	static const uint32_t v[] = { 1, 2, 3, 7, 9, 10, UINT32_MAX };
	struct buf b;

	(void)state;
	buf_init(&b, KIB);
	seqset_put(&b, v, COUNT(v));
	T_STR(buf_span(&b), "1:3,7,9:10,4294967295");
	buf_fini(&b);
}

static void
add(struct uids *u, const uint32_t *v, size_t n)
{
	uids_clear(u);
	for (size_t i = 0; i < n; i++)
		uids_add(u, v[i]);
}

static void
tell(uint32_t seq, void *ctx)
{
	buf_addf(ctx, "%u ", seq);
}

/* A message keeps its number until its end is told (RFC 3501 7.4.1). */
static void
numbers(void **state)
{
	static const uint32_t all[] = { 10, 20, 30, 40, 50 };
	static const uint32_t gone[] = { 20, 40, 99 };
	static const uint32_t more[] = { 45, 60 };
	struct view v;
	struct uids u;
	struct buf b;

	(void)state;
	view_init(&v);
	uids_init(&u);
	buf_init(&b, KIB);
	add(&u, all, COUNT(all));
	view_add(&v, &u);
	T_INT(view_count(&v), 5);
	T_INT(view_seq(&v, 30), 3);
	T_INT(view_seq(&v, 31), 0);
	T_INT(view_uid(&v, 5), 50);
	add(&u, gone, COUNT(gone));
	view_lose(&v, &u);
	T_INT(view_count(&v), 5);
	T_INT(view_seq(&v, 40), 4);
	/* the highest first, so each number is right when it is sent */
	view_expunge(&v, tell, &b);
	T_STR(buf_span(&b), "4 2 ");
	T_INT(view_count(&v), 3);
	T_INT(view_seq(&v, 50), 3);
	/* a UID below those that were told has no place */
	add(&u, more, COUNT(more));
	view_add(&v, &u);
	T_INT(view_count(&v), 4);
	T_INT(view_seq(&v, 45), 0);
	T_INT(view_last_uid(&v), 60);
	buf_fini(&b);
	uids_fini(&u);
	view_fini(&v);
}

static void
selection(void **state)
{
	static const uint32_t all[] = { 10, 20, 30, 40, 50 };
	struct seqrange r[] = { { 2, 3 }, { 5, UINT32_MAX } };
	struct seqrange by_uid[] = { { 11, 30 }, { 50, UINT32_MAX } };
	struct seqset set = { .v = r, .n = 2 };
	struct view v;
	struct uids u;

	(void)state;
	view_init(&v);
	uids_init(&u);
	add(&u, all, COUNT(all));
	view_add(&v, &u);
	view_select(&v, &set, false, &u);
	T_INT(u.n, 3);
	T_INT(u.v[0], 20);
	T_INT(u.v[2], 50);
	set.v = by_uid;
	view_select(&v, &set, true, &u);
	T_INT(u.n, 3);
	T_INT(u.v[0], 20);
	T_INT(u.v[1], 30);
	T_INT(u.v[2], 50);
	uids_fini(&u);
	view_fini(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(membership),
		cmocka_unit_test(runs),
		cmocka_unit_test(numbers),
		cmocka_unit_test(selection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
