/*
 * lang - see lang.h.  A range fits a tag that is it, or that goes on behind it
 * with "-" (RFC 6856 3.2: the basic range): of "en" that is "en" alone, and "*".
 */
#include "pop3d/lang.h"

bool
lang_put(struct buf *out, struct span range)
{
	range = span_trim(range);
	if (range.n == 0) {
		(void)buf_add_str(out, "+OK languages follow\r\n"
		    "en English\r\n.\r\n");	/* short: it fits */
		return true;
	}
	if (span_ieq_str(range, "en") || span_eq_str(range, "*")) {
		(void)buf_add_str(out, "+OK en this is English\r\n");
		return true;
	}
	(void)buf_add_str(out, "-ERR no such language\r\n");
	return false;
}
