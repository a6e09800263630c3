/*
 * The first half of the input is a program of cursor calls, the second the
 * text that it walks: the place stays between begin and end and never goes
 * back.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/cur.h"
#include "base/num.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
call(struct cur *c, uint8_t octet)
{
	uint64_t v = 0;

	switch (octet % 11) {
	case 0:
		(void)cur_next(c);
		break;
	case 1:
		(void)cur_take(c, (char)octet);
		break;
	case 2:
		(void)cur_take_str(c, "OK");
		break;
	case 3:
		(void)cur_take_istr(c, "body[");
		break;
	case 4:
		(void)cur_while(c, ascii_isalnum);
		break;
	case 5:
		(void)cur_while(c, ascii_isspace);
		break;
	case 6:
		if (cur_u64(c, octet * 1000U, &v) && v > octet * 1000U)
			abort();
		break;
	case 7:
		if (cur_peek_at(c, octet) >= 0 && octet >= cur_left(c))
			abort();
		break;
	case 8:
		(void)cur_item(c);
		break;
	case 9:
		if (cur_enter(c) && octet > 128)
			cur_leave(c);
		break;
	default:
		if (cur_rest(c).n != cur_left(c) || cur_peek(c) >= 256)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data + size / 2, size - size / 2);
	struct cur c;
	const char *last;
	uint64_t v;

	cur_init(&c, text, 4, 40);
	for (size_t i = 0; i < size / 2; i++) {
		last = c.p;
		call(&c, data[i]);
		if (c.p < last || c.p > c.end || c.depth > 4 || c.items > 40)
			abort();
		if (cur_offset(&c) + cur_left(&c) != text.n)
			abort();
	}
	if (num_parse(text, 5, 5000, &v) == 0 && (v < 5 || v > 5000))
		abort();
	if (num_parse_size(text, 5000, &v) == 0 && v > 5000)
		abort();
	if (num_parse_hex(text, 5000, &v) == 0 && v > 5000)
		abort();
	return 0;
}
