/*
 * ceiling - see ceiling.h.  A file with one decimal number and LF, replaced whole.
 * A number that no clock will give before the year 2100 is none: who believed a
 * damaged file would have no numbers left.
 */
#include "store/ceiling.h"

#include "base/buf.h"
#include "base/num.h"
#include "os/fs.h"

#define LINE_MAX_OCTETS	32
#define HIGHEST		UINT64_C(4102444800000000)

uint64_t
ceiling_read(int dir)
{
	struct buf text;
	uint64_t value;

	buf_init(&text, LINE_MAX_OCTETS);
	if (fs_slurp(dir, CEILING_NAME, &text) != 0 ||
	    num_parse(span_trim_ws(buf_span(&text)), 1, HIGHEST, &value) != 0)
		value = 0;
	buf_fini(&text);
	return value;
}

uint64_t
ceiling_raise(int dir, uint64_t modseq)
{
	uint64_t value = modseq + CEILING_AHEAD;
	struct buf text;

	if (modseq > HIGHEST - CEILING_AHEAD)
		return 0;
	buf_init(&text, LINE_MAX_OCTETS);
	(void)buf_addf(&text, "%llu\n", (unsigned long long)value);	/* fits */
	if (fs_replace(dir, CEILING_NAME, buf_span(&text), 0600) != 0)
		value = 0;
	buf_fini(&text);
	return value;
}
