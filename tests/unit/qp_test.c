/* qp: RFC 2045 section 6.7, rule by rule. */
#include "t.h"

#include <string.h>

#include "base/qp.h"

static void
decoding(void **state)
{
	static const struct { struct span in, want; } cases[] = {
		{ SPAN_LIT(""),            SPAN_LIT("") },
		{ SPAN_LIT("=0C=3D"),      SPAN_LIT("\f=") },	/* (1) */
		{ SPAN_LIT("=00=ff"),      SPAN_LIT("\0\xff") },
		{ SPAN_LIT("=c3=A4"),      SPAN_LIT("\xc3\xa4") }, /* note (1) */
		{ SPAN_LIT("a b\tc"),      SPAN_LIT("a b\tc") },
		{ SPAN_LIT("a  \r\nb"),    SPAN_LIT("a\r\nb") },	/* (3) */
		{ SPAN_LIT("a \t\nb \t"),  SPAN_LIT("a\nb") },
		{ SPAN_LIT("a=20\r\n"),    SPAN_LIT("a \r\n") },
		/* (5), with the example that stands there */
		{ SPAN_LIT("Now's the time =\r\nfor all folk to come=\r\n"
		    " to the aid of their country."),
		  SPAN_LIT("Now's the time for all folk to come"
		    " to the aid of their country.") },
		{ SPAN_LIT("a= \t\r\nb"),  SPAN_LIT("ab") },
		{ SPAN_LIT("a=\nb"),       SPAN_LIT("ab") },
		{ SPAN_LIT("a="),          SPAN_LIT("a") },
		{ SPAN_LIT("a= "),         SPAN_LIT("a") },
		{ SPAN_LIT("a=4"),         SPAN_LIT("a=4") },	/* note (3) */
		{ SPAN_LIT("=zz=4z=z4"),   SPAN_LIT("=zz=4z=z4") }, /* (2) */
		{ SPAN_LIT("= b"),         SPAN_LIT("= b") },
		{ SPAN_LIT("==41"),        SPAN_LIT("=A") },
		{ SPAN_LIT("a\rb"),        SPAN_LIT("a\rb") },
		{ SPAN_LIT("a=\rb"),       SPAN_LIT("a=\rb") },
		{ SPAN_LIT("a=\r"),        SPAN_LIT("a=\r") },
		{ SPAN_LIT("\xe4\0"),      SPAN_LIT("\xe4\0") },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in.p);
		buf_clear(&b);
		T_INT(qp_decode(&b, t_exact(cases[i].in)), 0);
		T_SPAN(buf_span(&b), cases[i].want);
	}
	buf_fini(&b);
}

static void
encoding(void **state)
{
	static const struct { struct span in, want; } cases[] = {
		{ SPAN_LIT("a=b"),      SPAN_LIT("a=3Db") },	/* (1) */
		{ SPAN_LIT("\xe4\0\f"), SPAN_LIT("=E4=00=0C") },
		{ SPAN_LIT("a b\tc"),   SPAN_LIT("a b\tc") },	/* (3) */
		{ SPAN_LIT("a \r\nb\t"), SPAN_LIT("a=20\r\nb=09") },
		{ SPAN_LIT("  \r\n"),   SPAN_LIT(" =20\r\n") },
		{ SPAN_LIT("\r\n\r\n"), SPAN_LIT("\r\n\r\n") },	/* (4) */
		{ SPAN_LIT("!~ \rx"),   SPAN_LIT("!~ =0Dx") },
		{ SPAN_LIT(" \r"),      SPAN_LIT(" =0D") },
		{ SPAN_LIT("\r"),       SPAN_LIT("=0D") },
		{ SPAN_LIT("a\nb\rc"),  SPAN_LIT("a=0Ab=0Dc") },
		{ SPAN_LIT(" \n"),      SPAN_LIT(" =0A") },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		t_case(cases[i].in.p);
		buf_clear(&b);
		T_INT(qp_encode(&b, t_exact(cases[i].in)), 0);
		T_SPAN(buf_span(&b), cases[i].want);
	}
	buf_fini(&b);
}

/* (5): 76 octets at most, whatever stands at the edge; and back again. */
static void
line_length(void **state)
{
	char in[400];
	struct buf coded, plain;
	struct span rest;

	(void)state;
	buf_init(&coded, 4000);
	buf_init(&plain, 4000);
	memset(in, 'x', 75);
	T_INT(qp_encode(&coded, span_of(in, 75)), 0);
	T_SPAN(buf_span(&coded), span_of(in, 75));	/* no break needed */
	/* RFC 2046 5.1.1: no boundary where there was none. */
	memcpy(in + 75, "--b", 3);
	buf_clear(&coded);
	T_INT(qp_encode(&coded, span_of(in, 78)), 0);
	T_STR(span_from(buf_span(&coded), 75), "=\r\n=2D-b");
	for (size_t n = 60; n < sizeof(in); n++) {
		for (size_t i = 0; i < n; i++)
			in[i] = (i + n) % 7 == 0 ? '=' : (i * n) % 5 == 0 ?
			    ' ' : 'x';
		buf_clear(&coded);
		buf_clear(&plain);
		T_INT(qp_encode(&coded, span_of(in, n)), 0);
		for (rest = buf_span(&coded); rest.p != NULL;) {
			struct span line = span_cut(&rest, '\n');

			if (span_ends(line, SPAN_LIT("\r")))
				line.n--;
			T_TRUE(line.n <= 76);
			T_TRUE(line.n == 0 || line.p[line.n - 1] != ' ');
		}
		T_INT(qp_decode(&plain, buf_span(&coded)), 0);
		T_SPAN(buf_span(&plain), span_of(in, n));
	}
	buf_fini(&coded);
	buf_fini(&plain);
}

static void
caps(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	T_INT(qp_decode(&b, SPAN_LIT("ab=41c")), 0);
	buf_clear(&b);
	T_INT(qp_decode(&b, SPAN_LIT("ab=41cd")), -1);
	T_TRUE(b.n <= 4);
	buf_clear(&b);
	T_INT(qp_decode(&b, SPAN_LIT("ab   c")), -1);
	T_STR(buf_span(&b), "ab");	/* nothing from behind a gap */
	buf_clear(&b);
	T_INT(qp_encode(&b, SPAN_LIT("a=")), 0);
	buf_clear(&b);
	T_INT(qp_encode(&b, SPAN_LIT("aa=")), -1);
	T_TRUE(b.n <= 4);
	buf_clear(&b);
	T_INT(qp_encode(&b, SPAN_LIT("abc\r\n")), -1);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding),
		cmocka_unit_test(encoding),
		cmocka_unit_test(line_length),
		cmocka_unit_test(caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
