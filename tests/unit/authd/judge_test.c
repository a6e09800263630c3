/*
 * judge: D1, the same work for every wrong password, counted.
 */
#include "../t.h"

#include <crypt.h>
#include <stdlib.h>

#include "helpers/authd/judge.h"

/* "Hello world!", by openssl-passwd(1). */
#define SHA256	"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
/* RFC 7677 3: "pencil". */
#define PENCIL	"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==," \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=," \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

static void
work(void **state)
{
	static const struct {
		const char *hash, *keys, *password;
		bool fits;
		unsigned derivations;
	} cases[] = {
		{ SHA256, "", "Hello world!", true, 0 },
		{ SHA256, "", "wrong", false, 1 },
		{ SHA256, "", "", false, 1 },
		{ "", PENCIL, "pencil", true, 1 },
		{ "", PENCIL, "wrong", false, 1 },
		{ "", "{SCRAM-SHA-256}bad", "wrong", false, 1 },
		{ "", "", "wrong", false, 1 },
		{ "", "", "nobody's", false, 1 },
		{ "", "", "", false, 1 },
		{ "*0", "", "*0", false, 1 },
		{ "$nosuch$x$", "", "x", false, 1 },
	};

	(void)state;
	judge_prepare();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct judge_case c = { cases[i].hash, cases[i].keys,
			cases[i].password };
		struct judge_work done;
		unsigned pad;

		t_case(cases[i].hash);
		T_TRUE(judge_fits(&c, &done) == cases[i].fits);
		pad = !cases[i].fits || cases[i].hash[0] == '\0';
		T_INT(done.ours, pad);
		T_INT(done.crypts, (cases[i].hash[0] != '\0') + pad);
		T_INT(done.derivations, cases[i].derivations);
	}
}

/* One of our own kind is enough, and as much as for who does not exist. */
static void
our_own_kind(void **state)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct judge_case c = { "", "", "wrong" };
	struct judge_work done;

	(void)state;
	judge_prepare();
	T_TRUE(crypt_gensalt_rn(NULL, 0, NULL, 0, setting,
	    sizeof(setting)) != NULL);
	c.hash = crypt_r("right", setting, data);
	T_TRUE(!judge_fits(&c, &done));
	T_INT(done.crypts, 1);
	T_INT(done.ours, 1);
	c.password = "right";
	T_TRUE(judge_fits(&c, &done));
	T_INT(done.crypts, 1);
	free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(work),
		cmocka_unit_test(our_own_kind) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
