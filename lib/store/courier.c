/*
 * courier - see courier.h.
 * Lines that make no sense are passed over: what is lost with them is a
 * keyword or an id, and the messages are all there.  A message is known by the
 * base of its name, as everywhere in a Maildir.
 */
#include "store/courier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/num.h"
#include "store/keywords.h"

#define NAMES_MAX	4096	/* names in a :list */
#define WORDS_MAX	(KEYWORDS_MAX * (KEYWORD_OCTETS_MAX + 1))
#define ENTRY_COST	160	/* octets of memory beside base and names */

static struct span
base_of(struct span name)
{
	return span_head(name, span_chr(name, ':'));
}

/* What stands behind the last space of *line, which is cut there. */
static struct span
last_word(struct span *line)
{
	size_t at = span_rchr(*line, ' ');
	struct span word;

	if (at == line->n)
		return SPAN_NONE;
	word = span_from(*line, at + 1);
	*line = span_head(*line, at);
	return word;
}

static bool
pop3_head(struct span line)
{
	struct span version = span_cut(&line, ' ');
	uint64_t v;

	return (span_eq_str(version, "/2") || span_eq_str(version, "/3")) &&
	    num_parse(span_word(&line), 0, UINT64_MAX, &v) == 0;
}

/* "<n>:<uidv>[:<utf8>]" */
static bool
pop3_id(struct span word, char out[COURIER_UIDL_SIZE])
{
	uint64_t n, uidv;

	if (num_parse(span_cut(&word, ':'), 0, UINT64_MAX, &n) != 0 ||
	    num_parse(span_cut(&word, ':'), 0, UINT64_MAX, &uidv) != 0)
		return false;
	out[0] = '\0';
	if (n != 0 && uidv != 0)
		(void)snprintf(out, COURIER_UIDL_SIZE, "UID%llu-%llu",
		    (unsigned long long)n, (unsigned long long)uidv);
	else if (n != 0)
		(void)snprintf(out, COURIER_UIDL_SIZE, "UID%llu",
		    (unsigned long long)n);
	return true;
}

bool
courier_pop3_each(struct span text,
    void (*each)(struct span base, const char *uidl, void *ctx), void *ctx)
{
	char uidl[COURIER_UIDL_SIZE];
	struct span line, id;

	if (!pop3_head(span_cut(&text, '\n')))
		return false;
	while (text.p != NULL) {
		line = span_cut(&text, '\n');
		id = last_word(&line);
		if (last_word(&line).n == 0 || base_of(line).n == 0 ||
		    !pop3_id(id, uidl))
			continue;
		each(base_of(line), uidl, ctx);
	}
	return true;
}

void
courier_words_free(void *words)
{
	struct courier_words *w = words;

	free(w->names);
	free(w);
}

static bool
take_place(size_t *left, size_t octets)
{
	if (*left < octets)
		return false;
	*left -= octets;
	return true;
}

static struct courier_words *
words_of(struct hash *words, struct span base, size_t *left)
{
	struct courier_words *w = hash_get(words, base);

	if (w != NULL || !take_place(left, base.n + ENTRY_COST))
		return w;
	w = xcalloc(1, sizeof(*w));
	w->names = xstrdup("");
	if (hash_put(words, base, w) == 0)
		return w;
	courier_words_free(w);	/* too many: these have none */
	return NULL;
}

static void
put_words(struct hash *words, struct span base, uint64_t rank,
    struct span names, size_t *left)
{
	struct courier_words *w = words_of(words, base, left);

	if (w == NULL || w->rank >= rank)
		return;
	*left += strlen(w->names);
	free(w->names);
	w->names = take_place(left, names.n) ?
	    xmemdup_str(names.p, names.n) : xstrdup("");
	w->rank = rank;
}

/* false: a message can have no more. */
static bool
add_name(struct buf *out, size_t *n, struct span name)
{
	if (name.n == 0 || name.n > KEYWORD_OCTETS_MAX)
		return true;
	(void)buf_add_span(out, name);
	(void)buf_add_char(out, '\n');	/* so many fit */
	return ++*n < KEYWORDS_MAX;
}

/* The names with these numbers. */
static void
take_numbers(struct span rest, const struct span *names, size_t n,
    struct buf *out)
{
	struct span word;
	size_t taken = 0;
	uint64_t i;

	while ((word = span_word(&rest)).n > 0)
		if (num_parse(word, 0, n, &i) == 0 && i < n &&
		    !add_name(out, &taken, names[i]))
			return;
}

void
courier_keywords_list(struct span text, struct hash *words, size_t *left)
{
	struct span *names = xcalloc(NAMES_MAX, sizeof(names[0]));
	struct span line;
	struct buf found;
	size_t n = 0, at;

	while (text.p != NULL && (line = span_cut(&text, '\n')).n > 0)
		if (n < NAMES_MAX)
			names[n++] = line;
	buf_init(&found, WORDS_MAX);
	while (text.p != NULL) {
		line = span_cut(&text, '\n');
		at = span_rchr(line, ':');
		if (at == 0 || at == line.n)
			continue;
		buf_clear(&found);
		take_numbers(span_from(line, at + 1), names, n, &found);
		put_words(words, base_of(span_head(line, at)), 1,
		    buf_span(&found), left);
	}
	buf_fini(&found);
	free(names);
}

void
courier_keywords_file(struct span name, struct span text, struct hash *words,
    size_t *left)
{
	uint64_t rank = UINT64_MAX;
	struct span number;
	struct buf found;
	size_t taken = 0;

	if (span_starts(name, SPAN_LIT("."))) {
		name = span_from(name, 1);
		number = span_cut(&name, '.');
		if (num_parse(number, 0, UINT64_MAX - 3, &rank) != 0)
			return;
		rank += 2;
	}
	if (base_of(name).n == 0)
		return;
	buf_init(&found, WORDS_MAX);
	while (text.p != NULL &&
	    add_name(&found, &taken, span_cut(&text, '\n')))
		continue;
	put_words(words, base_of(name), rank, buf_span(&found), left);
	buf_fini(&found);
}
