/*
 * Any octets as the arguments of each command; what is taken keeps its
 * promises: numbers in their ranges, sets that can be resolved, depth bounded.
 * The first octet says which parser.
 * links: imapd/parse.c imapd/parse_list.c imapd/parse_store.c
 * links: imapd/parse_append.c imapd/parse_fetch.c imapd/parse_search.c
 * links: imapd/lexer.c imapd/seqset.c imapd/strings.c imapd/listmatch.c
 * links: imapd/names.c imapd/parse_find.c imapd/parse_select.c -lutf8proc
 */
#include <stdint.h>
#include <stdlib.h>

#include "imapd/limits.h"
#include "imapd/listmatch.h"
#include "imapd/names.h"
#include "imapd/parse.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
try_set(struct seqset *s)
{
	if (s->saved) {
		must(s->n == 0);
		return;
	}
	seqset_resolve(s, 17);
	must(s->n > 0);
	for (size_t i = 0; i < s->n; i++) {
		must(s->v[i].first <= s->v[i].last);
		must(i == 0 || s->v[i].first > s->v[i - 1].last + 1);
		must(seqset_has(s, s->v[i].first));
		must(seqset_has(s, s->v[i].last));
	}
	must(!seqset_has(s, 0));
}

static unsigned
try_key(struct search_key *k)
{
	unsigned most = 0, depth;

	if (k->kind == SEARCH_SEQ || k->kind == SEARCH_UID)
		try_set(&k->set);
	for (struct search_key *c = k->child; c != NULL; c = c->next) {
		depth = try_key(c);
		if (depth > most)
			most = depth;
	}
	return most + 1;
}

static void
try_fetch(union args *a)
{
	try_set(&a->fetch.set);
	for (size_t i = 0; i < a->fetch.n; i++) {
		const struct fetch_item *item = &a->fetch.v[i];

		must(item->label.n > 0);
		must(!item->partial || item->octets > 0);
		must(item->section.part_n <= IMAP_PARTS_DEPTH);
		for (size_t k = 0; k < item->section.part_n; k++)
			must(item->section.part[k] > 0);
	}
}

static void
try_list(union args *a)
{
	static struct listmatch m;
	static const struct names_form forms[] = {
		{ .separator = '/' }, { .separator = '.', .utf8 = true } };
	char name[FOLDER_NAME_SIZE], again[FOLDER_NAME_SIZE];
	char seen[NAMES_SIZE];
	struct why why;

	must(a->list.patterns_n <= IMAP_PATTERNS);
	listmatch_init(&m, a->list.pattern, '/');
	(void)listmatch(&m, a->list.reference, true);
	for (size_t i = 0; i < COUNT(forms); i++) {
		if (names_exact(a->list.reference, &forms[i], name, &why) != 0)
			continue;
		must(folder_is_inbox(name) || name[0] != '.');
		/* What the client is told means the same mailbox. */
		names_out(name, &forms[i], seen);
		must(names_exact(span_str(seen), &forms[i], again, &why) == 0);
		must(span_eq(span_str(name), span_str(again)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static parser *const parsers[] = { parse_fetch, parse_search,
		parse_store, parse_append, parse_list, parse_status,
		parse_set, parse_copy, parse_rename, parse_mailbox, parse_id,
		parse_atoms, parse_nothing, parse_sort, parse_thread,
		parse_select, parse_create, parse_replace };
	struct arena *mem;
	union args a;
	struct cur c;
	parser *p;

	if (size == 0)
		return 0;
	mem = arena_new(IMAP_ARENA_MAX);
	p = parsers[data[0] % COUNT(parsers)];
	cur_init(&c, span_of(data + 1, size - 1), 0, 0);
	if (p(&c, mem, &a)) {
		if (p == parse_fetch)
			try_fetch(&a);
		else if ((p == parse_search || p == parse_sort ||
		    p == parse_thread) && a.search.charset_known)
			must(try_key(a.search.key) <= IMAP_SEARCH_DEPTH + 1);
		else if (p == parse_store)
			try_set(&a.store.set);
		else if (p == parse_list)
			try_list(&a);
	}
	arena_free(&mem);
	return 0;
}
