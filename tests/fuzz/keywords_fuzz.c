/*
 * Any octets as dovecot-keywords, subscriptions and maildirsize: what is read
 * and written again stays as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/folders.h"
#include "store/keywords.h"
#include "store/quota.h"
#include "store/subscriptions.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
keywords(struct span in)
{
	struct keywords k, back;
	struct buf a, b;

	keywords_init(&k);
	keywords_init(&back);
	buf_init(&a, KEYWORDS_FILE_MAX);
	buf_init(&b, KEYWORDS_FILE_MAX);
	keywords_parse(&k, in);
	keywords_put(&a, &k);
	keywords_parse(&back, buf_span(&a));
	keywords_put(&b, &back);
	if (a.full || !span_eq(buf_span(&a), buf_span(&b)))
		abort();
	for (int i = 0; i < KEYWORDS_MAX; i++)
		if (k.name[i] != NULL &&
		    keywords_find(&k, span_str(k.name[i])) != i)
			abort();
	buf_fini(&a);
	buf_fini(&b);
	keywords_fini(&k);
	keywords_fini(&back);
}

static void
on_name(const char *name, void *ctx)
{
	char again[FOLDER_NAME_SIZE];

	if (folder_name(span_str(name), again, NULL) != 0 ||
	    strcmp(name, again) != 0)
		abort();
	if (strcmp(name, "a.b") == 0)
		*(bool *)ctx = true;
}

static void
subscriptions(struct span in)
{
	struct buf on, off;
	struct span head = SPAN_LIT("V\t2\n\n");
	struct span rest = span_starts(in, head) ? span_from(in, head.n) : in;
	bool found = false;

	/* An edit could bring such a line to the top, where it is a head. */
	if (span_find(rest, SPAN_LIT("V\t2\n")) < rest.n)
		return;
	buf_init(&on, in.n + 64);
	buf_init(&off, in.n + 64);
	if (subscriptions_edit(&on, in, "a.b", true) < 0 ||
	    subscriptions_edit(&off, buf_span(&on), "a.b", false) != 1)
		abort();
	subscriptions_each(buf_span(&on), on_name, &found);
	if (!found)
		abort();
	found = false;
	subscriptions_each(buf_span(&off), on_name, &found);
	if (found)
		abort();
	buf_fini(&on);
	buf_fini(&off);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct quota q;

	keywords(in);
	subscriptions(in);
	if (quota_parse(in, &q) && (q.octets_max > INT64_MAX || !q.active))
		abort();
	return 0;
}
