/*
 * objectid - see objectid.h.
 * M and the message's GUID with all but letters and digits as _xx; one that
 * would be too long as a sum of 128 bits.
 */
#include "imapd/objectid.h"

#include "base/hash.h"

static void
put_sum(struct buf *out, struct span text)
{
	struct sum64 s;

	sum64_init(&s);
	sum64_add(&s, text.p, text.n);
	buf_addf(out, "ML%016llx", (unsigned long long)sum64_end(&s));
	sum64_add(&s, "2", 1);
	buf_addf(out, "%016llx", (unsigned long long)sum64_end(&s));
}

void
objectid_put(struct buf *out, const struct message *m)
{
	char guid[MAILDIR_NAME_SIZE];
	size_t begin = out->n;

	message_guid(m, guid);
	buf_add_char(out, 'M');
	for (const char *p = guid; *p != '\0'; p++) {
		if (ascii_isalnum(*p))
			buf_add_char(out, *p);
		else
			buf_addf(out, "_%02x", (uint8_t)*p);
	}
	if (out->n - begin > OBJECTID_MAX) {
		buf_cut(out, begin);
		put_sum(out, span_str(guid));
	}
}
