/*
 * json - see json.h.
 * Only what a list of values needs.  Mail addresses and answers of foreign
 * hosts may hold any octet; what is no UTF-8 would make the whole output
 * invalid, so it is replaced (RFC 8259 8.1).
 */
#include "base/json.h"

#include "base/utf8.h"

int
json_string(struct buf *out, struct span s)
{
	int32_t c;

	(void)!buf_add_char(out, '"');	/* judged by out->full */
	while ((c = utf8_next(&s)) >= 0) {
		if (c == '"' || c == '\\')
			(void)!buf_addf(out, "\\%c", (char)c);
		else if (c < 0x20 || c == 0x7f)
			(void)!buf_addf(out, "\\u%04x", (unsigned)c);
		else
			(void)!utf8_put(out, (uint32_t)c);
	}
	(void)!buf_add_char(out, '"');
	return out->full ? -1 : 0;
}

int
json_key(struct buf *out, const char *key)
{
	if (out->n > 0 && out->p[out->n - 1] != '{' &&
	    out->p[out->n - 1] != '[')
		(void)!buf_add_char(out, ',');
	(void)!json_string(out, span_str(key));
	(void)!buf_add_char(out, ':');
	return out->full ? -1 : 0;
}

int
json_pair(struct buf *out, const char *key, struct span value)
{
	(void)!json_key(out, key);
	return json_string(out, value);
}

int
json_pair_u64(struct buf *out, const char *key, uint64_t value)
{
	(void)!json_key(out, key);
	(void)!buf_add_u64(out, value);
	return out->full ? -1 : 0;
}
