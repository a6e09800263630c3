/*
 * keywords - see keywords.h.  At most 26 names: every look-up walks them all.
 */
#include "store/keywords.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/num.h"

void
keywords_init(struct keywords *k)
{
	*k = (struct keywords){ .name = { NULL } };
}

void
keywords_fini(struct keywords *k)
{
	for (size_t i = 0; i < KEYWORDS_MAX; i++)
		free(k->name[i]);
	keywords_init(k);
}

/* RFC 3501 section 9: flag-keyword is an atom; '\' would be a system flag. */
static bool
keyword_valid(struct span name)
{
	if (name.n == 0 || name.n > KEYWORD_OCTETS_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c > 126 ||
		    span_has(SPAN_LIT("(){%*\"\\]"), (char)c))
			return false;
	}
	return true;
}

void
keywords_parse(struct keywords *k, struct span text)
{
	struct span line, number;
	uint64_t n;

	keywords_fini(k);
	while (text.p != NULL) {
		line = span_cut(&text, '\n');
		number = span_cut(&line, ' ');
		if (num_parse(number, 0, KEYWORDS_MAX - 1, &n) != 0 ||
		    !keyword_valid(line) || k->name[n] != NULL ||
		    keywords_find(k, line) >= 0)
			continue;
		k->name[n] = xmemdup_str(line.p, line.n);
	}
}

void
keywords_put(struct buf *out, const struct keywords *k)
{
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if (k->name[i] != NULL)
			(void)buf_addf(out, "%u %s\n", i, k->name[i]);
}

int
keywords_find(const struct keywords *k, struct span name)
{
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (k->name[i] != NULL && span_ieq_str(name, k->name[i]))
			return i;
	return -1;
}

bool
keywords_drop_unused(struct keywords *k, uint32_t used)
{
	bool dropped = false;

	for (int i = 0; i < KEYWORDS_MAX; i++) {
		if (k->name[i] == NULL || (used >> i & 1) != 0)
			continue;
		free(k->name[i]);
		k->name[i] = NULL;
		dropped = true;
	}
	return dropped;
}

int
keywords_add(struct keywords *k, struct span name, uint32_t used)
{
	int at = keywords_find(k, name);

	if (at >= 0 || !keyword_valid(name))
		return at;
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (k->name[i] == NULL && (used >> i & 1) == 0) {
			k->name[i] = xmemdup_str(name.p, name.n);
			return i;
		}
	return -1;
}
