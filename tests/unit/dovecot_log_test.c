/*
 * dovecot_log - Dovecot's log of a folder's index, as mail-transaction-log.h of
 * Dovecot 2.3 has it: what is done, and how much work one may ask for.  The file
 * is its owner's, who may write what he likes.
 */
#include "store/dovecot_index.h"

#include <string.h>

#include "base/buf.h"
#include "store/dovecot_log.h"
#include "t.h"

#define APPEND		0x00000002U
#define KEYWORD		0x00000400U
#define KEYWORD_RESET	0x00000800U
#define HEAD		40

static void
add_u32(struct buf *b, uint32_t v)
{
	T_INT(buf_add(b, &v, sizeof(v)), 0);
}

/* mail_transaction_log_header, of which version, size and number count. */
static void
begin(struct buf *b)
{
	static const uint8_t zeros[HEAD - 12];
	uint16_t head = HEAD;

	buf_init(b, 4 * MIB);
	T_INT(buf_add(b, "\1\3", 2), 0);
	T_INT(buf_add(b, &head, sizeof(head)), 0);
	add_u32(b, 1);
	add_u32(b, 1);
	T_INT(buf_add(b, zeros, sizeof(zeros)), 0);
}

/* The size: seven bits an octet, the highest set, in units of four. */
static void
transaction(struct buf *b, uint32_t type, struct span data)
{
	uint32_t size = (uint32_t)(data.n + 8) >> 2;

	for (int shift = 21; shift >= 0; shift -= 7)
		T_INT(buf_add_char(b, (char)(0x80 | (size >> shift & 0x7f))),
		    0);
	add_u32(b, type);
	T_INT(buf_add_span(b, data), 0);
}

static void
put_messages(struct buf *log, uint32_t n)
{
	struct buf b;

	buf_init(&b, KIB);
	for (uint32_t uid = 1; uid <= n; uid++) {
		add_u32(&b, uid);
		add_u32(&b, 0);
	}
	transaction(log, APPEND, buf_span(&b));
	buf_fini(&b);
}

/* {add, filler, length of the name, name, ranges} */
static void
put_keyword(struct buf *log, const char name[4], uint32_t first, uint32_t last)
{
	struct buf b;
	uint16_t n = 4;

	buf_init(&b, KIB);
	T_INT(buf_add(&b, "\0\0", 2), 0);
	T_INT(buf_add(&b, &n, sizeof(n)), 0);
	T_INT(buf_add(&b, name, n), 0);
	add_u32(&b, first);
	add_u32(&b, last);
	transaction(log, KEYWORD, buf_span(&b));
	buf_fini(&b);
}

static void
test_reset(void **state)
{
	struct dovecot_index x;
	struct buf log, b;

	(void)state;
	begin(&log);
	put_messages(&log, 3);
	put_keyword(&log, "work", 1, 3);
	put_keyword(&log, "home", 2, 3);
	buf_init(&b, KIB);
	add_u32(&b, 2);
	add_u32(&b, 2);
	transaction(&log, KEYWORD_RESET, buf_span(&b));
	T_INT(dovecot_index_read(&x, SPAN_NONE, buf_span(&log), SPAN_NONE),
	    0);
	T_INT(x.n, 3);
	T_TRUE(dovecot_has_keyword(&x.v[0], 0));
	T_TRUE(!dovecot_has_keyword(&x.v[0], 1));
	T_TRUE(!dovecot_has_keyword(&x.v[1], 0));
	T_TRUE(!dovecot_has_keyword(&x.v[1], 1));
	T_TRUE(dovecot_has_keyword(&x.v[2], 0));
	T_TRUE(dovecot_has_keyword(&x.v[2], 1));
	dovecot_index_fini(&x);
	buf_fini(&b);
	buf_fini(&log);
}

/* Each range counts once, whatever is in it: twice as many, twice the work. */
static void
test_work(void **state)
{
	static const uint32_t types[] = { KEYWORD_RESET, 0x00000004U };
	struct dovecot_index x;
	struct buf log, b;
	size_t all, one, most = 12000;

	(void)state;
	T_INT(dovecot_index_read(&x, SPAN_NONE, SPAN_NONE, SPAN_NONE), -1);
	all = x.left;
	for (size_t i = 0; i < COUNT(types); i++) {
		one = types[i] == KEYWORD_RESET ? 8 : 12;
		begin(&log);
		put_messages(&log, 2);
		buf_init(&b, MIB);
		for (size_t k = 0; k < most; k++) {
			add_u32(&b, 1000);
			add_u32(&b, 2000);
			if (one == 12)
				add_u32(&b, 0);
		}
		transaction(&log, types[i], buf_span(&b));
		T_INT(dovecot_index_read(&x, SPAN_NONE, buf_span(&log),
		    SPAN_NONE), 0);
		T_INT(x.n, 2);
		T_INT(all - x.left, most);
		dovecot_index_fini(&x);
		buf_fini(&b);
		buf_fini(&log);
	}
}

/* An empty log is one, and names the number from which on it knows. */
static void
test_begin(void **state)
{
	static const uint8_t want[DOVECOT_LOG_HEAD] = { 1, 3, 40, 0,
		0x44, 0x33, 0x22, 0x11, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x44, 0x33, 0x22, 0x11, 8, 7, 6, 5, 4, 3, 2, 1, 1 };
	uint8_t head[DOVECOT_LOG_HEAD];
	struct dovecot_index x;

	(void)state;
	dovecot_log_begin(head, 0x11223344, UINT64_C(0x0102030405060708));
	assert_memory_equal(head, want, sizeof(head));
	T_INT(dovecot_index_read(&x, SPAN_NONE, span_of(head, sizeof(head)),
	    SPAN_NONE), 0);
	T_INT(x.n, 0);
	dovecot_index_fini(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
