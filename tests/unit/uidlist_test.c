/* uidlist: Dovecot's format, and files that are damaged. */
#include "store/uidlist.h"

#include <stdio.h>

#include "t.h"

#define G	"G1f05b32a9c1e1e5f8f1a0000c5c1c5c1"
#define HEAD	"3 V1275660208 N25022 " G

/* What came of a file: "uid[ext]base;" of each record. */
struct got {
	struct buf text;
	size_t stop_after;
};

static bool
on_record(const struct uidlist_record *r, void *ctx)
{
	struct got *g = ctx;

	(void)buf_addf(&g->text, "%u[%.*s]%.*s;", r->uid, SPAN_ARG(r->ext),
	    SPAN_ARG(r->base));
	return true;
}

static const struct {
	const char *in, *records;
	uint32_t uidvalidity, nextuid;
	const char *others;
	bool good;
} files[] = {
	/* doc.dovecot.org, "Maildir Mailbox Format": the example there */
	{ HEAD "\n"
	  "25006 :1276528487.M364837P9451.kurkku,S=1355,W=1394:2,\n"
	  "25017 W2481 :1276533073.M242911P3632.kurkku:2,F\n",
	  "25006[]1276528487.M364837P9451.kurkku,S=1355,W=1394;"
	  "25017[W2481]1276533073.M242911P3632.kurkku;",
	  1275660208, 25022, "", true },
	{ "3 V5 N1 " G "\n", "", 5, 1, "", true },
	/* The header may lag behind the records. */
	{ "3 V5 N1 " G "\n7 :a\n9 :b\n", "7[]a;9[]b;", 5, 10, "", true },
	{ "3 N9 " G " V5 Pabc Zx\n", "", 5, 9, "Pabc Zx", true },
	{ "3 V5 N2 " G "\n1 G12 P34 O5 Zy :a\n", "1[G12 P34 O5 Zy]a;", 5, 2,
	    "", true },
	{ "3 V5 N2 " G "\n1 :a b c\n", "1[]a b c;", 5, 2, "", true },
	/* No GUID: good records, but to be written anew. */
	{ "3 V5 N2\n1 :a\n", "1[]a;", 5, 2, "", false },
	/* Version 1: Dovecot 1.0 and Courier */
	{ "1 1153315912 3\n1 a.b\n2 c.d:2,S\n", "1[]a.b;2[]c.d;", 1153315912,
	    3, "", false },
	/* The valid prefix stays; nothing behind it is given again. */
	{ "3 V5 N2 " G "\n1 :a\nx\n9 :b\n", "1[]a;", 5, 10, "", false },
	{ "3 V5 N2 " G "\n4 :a\n3 :b\n8 :c\n", "4[]a;", 5, 9, "", false },
	{ "3 V5 N2 " G "\n4 :a\n4 :b\n", "4[]a;", 5, 5, "", false },
	{ "3 V5 N2 " G "\n1 :a/b\n", "", 5, 2, "", false },
	{ "3 V5 N2 " G "\n1 :\n", "", 5, 2, "", false },
	{ "3 V5 N2 " G "\n1 a\n", "", 5, 2, "", false },
	{ "3 V5 N2 " G "\n0 :a\n", "", 5, 2, "", false },
	{ "3 V5 N2 " G "\n4294967295 :a\n", "", 5, 2, "", false },
	{ "3 V5 N2 " G "\n4294967296 :a\n", "", 5, 2, "", false },
	/* A torn last line is read and the file not called good. */
	{ "3 V5 N2 " G "\n1 :a\n2 :b", "1[]a;2[]b;", 5, 3, "", false },
	{ "3 V5 N2 " G "\n1 :a\n2", "1[]a;", 5, 2, "", false },
	/* No header that counts: no record does, but their numbers do. */
	{ "3 V0 N2 " G "\n7 :a\n", "", 0, 8, "", false },
	{ "2 V5 N2 " G "\n7 :a\n", "", 0, 8, "", false },
	{ "x\n7 :a\n", "", 0, 8, "", false },
	{ "", "", 0, 1, "", false },
	{ "\n", "", 0, 1, "", false },
	{ "3 V5 N0\n", "", 0, 1, "", false },
};

static void
test_parse(void **state)
{
	struct uidlist_header h;
	struct got g;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		t_case(files[i].in);
		buf_init(&g.text, 4096);
		bool good = uidlist_parse(t_exact(span_str(files[i].in)), &h,
		    on_record, &g);
		T_TRUE(good == files[i].good);
		T_STR(buf_span(&g.text), files[i].records);
		T_INT(h.uidvalidity, files[i].uidvalidity);
		T_INT(h.nextuid, files[i].nextuid);
		T_STR(span_str(h.others), files[i].others);
		buf_fini(&g.text);
	}
}

static void
test_ext(void **state)
{
	(void)state;
	T_STR(uidlist_ext(SPAN_LIT("W24 G12 P3:4"), 'G'), "12");
	T_STR(uidlist_ext(SPAN_LIT("W24 G12 P3:4"), 'P'), "3:4");
	T_TRUE(uidlist_ext(SPAN_LIT("W24"), 'S').p == NULL);
	T_TRUE(uidlist_ext(SPAN_NONE, 'S').p == NULL);
}

/* What we write is what we read. */
static void
test_write(void **state)
{
	struct uidlist_header h = { .uidvalidity = 7, .nextuid = 12,
	    .others = "Pa Zb" }, back;
	struct uidlist_record r = { .uid = 11, .ext = SPAN_LIT("W1 Q2"),
	    .base = SPAN_LIT("1.2.h,S=1") };
	struct buf out;
	struct got g;

	(void)state;
	memcpy(h.guid, &G[1], 33);
	buf_init(&out, 4096);
	buf_init(&g.text, 4096);
	T_TRUE(uidlist_put_header(&out, &h) == 0);
	T_TRUE(uidlist_put_record(&out, &r) == 0);
	T_STR(buf_span(&out), "3 V7 N12 " G " Pa Zb\n"
	    "11 W1 Q2 :1.2.h,S=1\n");
	T_TRUE(uidlist_parse(buf_span(&out), &back, on_record, &g));
	T_STR(buf_span(&g.text), "11[W1 Q2]1.2.h,S=1;");
	T_STR(span_str(back.guid), &G[1]);
	buf_fini(&out);
	buf_fini(&g.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_ext),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
