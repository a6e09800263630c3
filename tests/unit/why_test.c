/* why: whatever goes in, one printable line of bounded length comes out. */
#include "t.h"

#include <errno.h>
#include <string.h>

#include "base/why.h"

static void
filling(void **state)
{
	struct why why;

	(void)state;
	why_set(&why, WHY_PERM, "5.1.1", "no such user: %s", "bob");
	T_INT(why.kind, WHY_PERM);
	T_TRUE(strcmp(why.esc, "5.1.1") == 0);
	T_TRUE(strcmp(why.text, "no such user: bob") == 0);
	why_clear(&why);
	T_INT(why.kind, WHY_NONE);
	T_TRUE(strcmp(why.text, "") == 0 && strcmp(why.esc, "") == 0);
	why_set(&why, WHY_TEMP, "5.999.999", "x");
	T_TRUE(strcmp(why.esc, "5.999.999") == 0);
	why_set(&why, WHY_TEMP, why.esc, "y: %s", why.text);
	T_TRUE(strcmp(why.text, "y: x") == 0);
	T_TRUE(strcmp(why.esc, "5.999.999") == 0);
	why_set(NULL, WHY_TEMP, "4.0.0", "x");
	why_clear(NULL);
}

static void
foreign_text(void **state)
{
	struct why why;

	(void)state;
	why_set(&why, WHY_TEMP, "4.0.0", "a\r\nb\t\x7f\x80\xff~");
	T_TRUE(strcmp(why.text, "a??b????~") == 0);
}

static void
cut(void **state)
{
	struct why why;
	char text[2 * WHY_TEXT_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	why_set(&why, WHY_TEMP, "4.0.0", "%s", text);
	T_INT(strlen(why.text), WHY_TEXT_SIZE - 1);
	errno = ENOSPC;
	why_sys(&why, WHY_TEMP, "4.3.1", "%s", text);
	T_INT(strlen(why.text), WHY_TEXT_SIZE - 1);
}

static void
system_errors(void **state)
{
	struct why why;

	(void)state;
	errno = ENOSPC;
	why_sys(&why, WHY_TEMP, "4.3.1", "write %s", "q");
	T_TRUE(strcmp(why.text, "write q: No space left on device") == 0);
	T_INT(errno, ENOSPC);
	why_sys(NULL, WHY_TEMP, "4.3.1", "write");
	T_INT(errno, ENOSPC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filling),
		cmocka_unit_test(foreign_text),
		cmocka_unit_test(cut),
		cmocka_unit_test(system_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
