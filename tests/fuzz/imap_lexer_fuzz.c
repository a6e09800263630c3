/*
 * Any octets as a command: lines and literals as imapd takes them, under its
 * budgets; and as a command before log-in, with each number of "+" sent.
 * What the lexer lets through is taken token by token without a step past its
 * end.
 * links: imapd/lexer.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "imapd/lexer.h"
#include "imapd/limits.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* One line, up to LF, without CR and LF. */
static struct span
next_line(struct span *in)
{
	struct span line = span_cut(in, '\n');

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static void
take_lines(struct span in)
{
	struct lexer l;
	struct lexer_literal lit;
	const char *why = NULL;
	unsigned before;

	lexer_init(&l);
	while (in.p != NULL) {
		struct span line = next_line(&in);

		before = l.items;
		switch (lexer_line(&l, line, &lit, &why)) {
		case LEXER_BAD:
			must(why != NULL);
			return;
		case LEXER_DONE:
			must(before - l.items <= line.n);
			lexer_init(&l);
			break;
		case LEXER_LITERAL:
			must(lit.at < line.n && line.p[lit.at] == '{');
			if (!lexer_keep(&l, lit.octets))
				return;
			in = span_from(in, lit.octets < in.n ?
			    (size_t)lit.octets : in.n);
			break;
		}
	}
}

/* Every token at every place. */
static void
take_tokens(struct span in)
{
	struct arena *mem = arena_new(MIB);
	struct span s;
	struct cur c;
	uint32_t n;

	cur_init(&c, in, 0, 0);
	while (!cur_end(&c)) {
		struct cur at[7] = { c, c, c, c, c, c, c };

		if (lexer_astring(&at[0], mem, &s))
			must(at[0].p > c.p && s.n <= in.n);
		if (lexer_pattern(&at[1], mem, &s))
			must(at[1].p > c.p);
		if (lexer_nstring(&at[2], mem, &s))
			must(at[2].p > c.p);
		if (lexer_flag(&at[3], &s))
			must(s.p == c.p && s.n > 0);
		if (lexer_tag(&at[4], &s))
			must(s.n <= IMAP_TAG_MAX);
		if (lexer_nz_number(&at[5], &n))
			must(n > 0);
		if (lexer_atom(&at[6], &s))
			must(s.n > 0);
		arena_clear(mem);
		(void)cur_next(&c);
	}
	arena_free(&mem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);

	take_lines(in);
	if (size < 2000)
		take_tokens(in);
	return 0;
}
