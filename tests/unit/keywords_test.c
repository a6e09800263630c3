/* keywords: the names behind the letters. */
#include "store/keywords.h"

#include <stdio.h>

#include "base/buf.h"
#include "t.h"

static void
test_parse(void **state)
{
	struct keywords k;
	struct buf out;

	(void)state;
	keywords_init(&k);
	keywords_parse(&k, SPAN_LIT("0 $Forwarded\n1 NonJunk\n25 z\n"
	    "26 over\n-1 x\nnothing\n3 a b\n0 again\n4 nonjunk\n5 \n"));
	T_STR(span_str(k.name[0]), "$Forwarded");
	T_STR(span_str(k.name[1]), "NonJunk");
	T_STR(span_str(k.name[25]), "z");
	T_TRUE(k.name[3] == NULL && k.name[4] == NULL && k.name[5] == NULL);
	/* RFC 3501 9 (1): letters in any case. */
	T_INT(keywords_find(&k, SPAN_LIT("$forwarded")), 0);
	T_INT(keywords_find(&k, SPAN_LIT("$Forward")), -1);
	buf_init(&out, 1024);
	keywords_put(&out, &k);
	T_STR(buf_span(&out), "0 $Forwarded\n1 NonJunk\n25 z\n");
	buf_fini(&out);
	keywords_fini(&k);
}

static void
test_add(void **state)
{
	struct keywords k;
	char name[8];

	(void)state;
	keywords_init(&k);
	/* Letter b is in use and has no name: it is not given away. */
	T_INT(keywords_add(&k, SPAN_LIT("one"), 2), 0);
	T_INT(keywords_add(&k, SPAN_LIT("two"), 2), 2);
	T_INT(keywords_add(&k, SPAN_LIT("ONE"), 0), 0);
	T_INT(keywords_add(&k, SPAN_LIT("no atom"), 0), -1);
	T_INT(keywords_add(&k, SPAN_LIT("\\Seen"), 0), -1);
	T_INT(keywords_add(&k, SPAN_LIT("a]"), 0), -1);
	T_INT(keywords_add(&k, SPAN_LIT(""), 0), -1);
	for (int i = 0; i < 24; i++) {
		(void)snprintf(name, sizeof(name), "k%d", i);
		T_TRUE(keywords_add(&k, span_str(name), 0) >= 0);
	}
	T_INT(keywords_add(&k, SPAN_LIT("27th"), 0), -1);
	T_TRUE(!keywords_drop_unused(&k, UINT32_MAX));
	T_TRUE(keywords_drop_unused(&k, ~(uint32_t)(1 << 5)));
	T_INT(keywords_add(&k, SPAN_LIT("27th"), ~(uint32_t)(1 << 5)), 5);
	keywords_fini(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
