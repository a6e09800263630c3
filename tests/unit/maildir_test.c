/* maildir: names of messages, and names that are none. */
#include "store/maildir.h"

#include <stdio.h>

#include "t.h"

#define SAR	(MESSAGE_SEEN | MESSAGE_ANSWERED)

/* base NULL: no message */
static const struct {
	const char *in, *base;
	uint8_t flags;
	uint32_t keywords;
	int64_t s, w;		/* -1: not in the name */
} names[] = {
	/* cr.yp.to/proto/maildir.html: unique names and info */
	{ "1.2.h", "1.2.h", 0, 0, -1, -1 },
	{ "1.2.h:2,", "1.2.h", 0, 0, -1, -1 },
	{ "1.2.h:2,S", "1.2.h", MESSAGE_SEEN, 0, -1, -1 },
	{ "1.2.h:2,RS", "1.2.h", SAR, 0, -1, -1 },
	{ "1.2.h:2,SR", "1.2.h", SAR, 0, -1, -1 },	/* any order */
	{ "1.2.h:2,DFRST", "1.2.h", MESSAGE_FLAGS_STORED, 0, -1, -1 },
	{ "1.2.h:2,PS", "1.2.h", MESSAGE_SEEN, 0, -1, -1 },	/* passed */
	{ "1.2.h:2,Sabz", "1.2.h", MESSAGE_SEEN, 0x2000003, -1, -1 },
	{ "1.2.h:1,x", "1.2.h", 0, 0, -1, -1 },	/* experimental info */
	{ "1.2.h:2", "1.2.h", 0, 0, -1, -1 },
	/* Maildir++ */
	{ "1.M2P3.h,S=45,W=50:2,S", "1.M2P3.h,S=45,W=50", MESSAGE_SEEN, 0,
	    45, 50 },
	{ "1.M2P3.h,W=50,S=45", "1.M2P3.h,W=50,S=45", 0, 0, 45, 50 },
	{ "1.h,S=4x", "1.h,S=4x", 0, 0, -1, -1 },
	{ "1.h,S=", "1.h,S=", 0, 0, -1, -1 },
	{ "1.h,S=-1", "1.h,S=-1", 0, 0, -1, -1 },
	{ "1.h,S=99999999999999999999", "1.h,S=99999999999999999999", 0, 0,
	    -1, -1 },
	{ "S=45", "S=45", 0, 0, -1, -1 },
	{ "", NULL, 0, 0, -1, -1 }, { ".x", NULL, 0, 0, -1, -1 },
	{ ".", NULL, 0, 0, -1, -1 }, { "a/b", NULL, 0, 0, -1, -1 },
	{ "a\nb", NULL, 0, 0, -1, -1 }, { ":2,S", NULL, 0, 0, -1, -1 },
};

static void
test_parse(void **state)
{
	struct maildir_name m;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		t_case(names[i].in);
		bool ok = maildir_name_parse(t_exact(span_str(names[i].in)),
		    &m);
		T_TRUE(ok == (names[i].base != NULL));
		if (!ok)
			continue;
		T_STR(m.base, names[i].base);
		T_INT(m.flags, names[i].flags);
		T_INT(m.keywords, names[i].keywords);
		T_INT(m.has_size ? (int64_t)m.size_octets : -1, names[i].s);
		T_INT(m.has_wire ? (int64_t)m.wire_octets : -1, names[i].w);
	}
	T_TRUE(!maildir_name_parse(span_of("a\0b", 3), &m));
	static char big[MAILDIR_NAME_MAX + 1];
	memset(big, 'a', sizeof(big));
	T_TRUE(!maildir_name_parse(span_of(big, sizeof(big)), &m));
	T_TRUE(maildir_name_parse(span_of(big, sizeof(big) - 1), &m));
}

static void
test_make(void **state)
{
	char out[MAILDIR_NAME_SIZE];
	static char big[MAILDIR_NAME_MAX];

	(void)state;
	/* Letters stand in ASCII order; unknown ones stay. */
	T_TRUE(maildir_name_make(out, SPAN_LIT("b"), SAR, 5,
	    SPAN_LIT("PSz")) == 0);
	T_STR(span_str(out), "b:2,PRSac");
	T_TRUE(maildir_name_make(out, SPAN_LIT("b"), 0, 0,
	    SPAN_LIT("DFRST")) == 0);
	T_STR(span_str(out), "b:2,");
	T_TRUE(maildir_name_make(out, SPAN_LIT("b"), 0, 0,
	    SPAN_LIT("/:\n\x01\xff")) == 0);
	T_STR(span_str(out), "b:2,");
	memset(big, 'a', sizeof(big));
	T_TRUE(maildir_name_make(out, span_of(big, sizeof(big) - 3), 0, 0,
	    SPAN_NONE) == 0);
	T_TRUE(maildir_name_make(out, span_of(big, sizeof(big) - 3),
	    MESSAGE_SEEN, 0, SPAN_NONE) != 0);
}

static void
test_unique(void **state)
{
	char a[MAILDIR_NAME_SIZE], b[MAILDIR_NAME_SIZE];
	struct maildir_name m;

	(void)state;
	maildir_unique(a);
	for (int i = 0; i < 1000; i++) {
		maildir_unique(b);
		T_TRUE(strcmp(a, b) != 0);
		memcpy(a, b, sizeof(a));
	}
	T_TRUE(maildir_name_parse(span_str(a), &m));
	T_STR(m.base, a);
	T_TRUE(strchr(a, ':') == NULL && strchr(a, ',') == NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
