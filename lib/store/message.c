/*
 * message - what the name of a message's file says of it for ever: it never
 * changes as long as the message is in its folder, and a copy gets another.
 */
#include <stdio.h>

#include "base/hash.h"
#include "base/num.h"
#include "store/folder.h"
#include "store/uidlist.h"

#define SAVED_MIN_S	UINT64_C(100000000)	/* 1973: else it is no time */
#define SAVED_MAX_S	UINT64_C(4102444800)	/* 2100 */

static bool
is_word_char(char c)
{
	return c > ' ' && c < 0x7f;
}

static bool
is_word(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_word_char(s.p[i]))
			return false;
	return s.n > 0;
}

static void
put_sum(char out[MAILDIR_NAME_SIZE], struct span text)
{
	struct sum64 s;
	uint64_t first;

	sum64_init(&s);
	sum64_add(&s, text.p, text.n);
	first = sum64_end(&s);
	sum64_add(&s, "2", 1);
	(void)snprintf(out, MAILDIR_NAME_SIZE, "H%016llx%016llx",
	    (unsigned long long)first, (unsigned long long)sum64_end(&s));
}

void
message_guid(const struct message *m, char out[MAILDIR_NAME_SIZE])
{
	struct maildir_name parts = { .base = span_str(m->name) };
	struct span guid = m->ext == NULL ? SPAN_NONE :
	    uidlist_ext(span_str(m->ext), 'G');

	if (is_word(guid) && span_copy(guid, out, MAILDIR_NAME_SIZE) == 0)
		return;
	(void)!maildir_name_parse(span_str(m->name), &parts); /* it is one */
	if (!is_word(parts.base) ||
	    span_copy(parts.base, out, MAILDIR_NAME_SIZE) != 0)
		put_sum(out, parts.base);
}

int64_t
message_saved_s(const struct message *m)
{
	struct span name = span_str(m->name);
	uint64_t s;

	if (num_parse(span_head(name, span_chr(name, '.')), SAVED_MIN_S,
	    SAVED_MAX_S, &s) == 0)
		return (int64_t)s;
	return m->date_s;
}
