/*
 * Any octets as a message: ENVELOPE and BODYSTRUCTURE are well-formed, and
 * each part that is told has the octets that are told, without its encoding at
 * most twice as many; a preview is UTF-8 and short.
 * links: imapd/envelope.c imapd/bodystruct.c imapd/section.c
 * links: imapd/binary.c imapd/preview.c
 * links: imapd/extract.c imapd/strings.c imapd/lexer.c lib/net/stream.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "imapd/binary.h"
#include "imapd/bodystruct.h"
#include "imapd/envelope.h"
#include "imapd/extract.h"
#include "imapd/limits.h"
#include "imapd/preview.h"
#include "imapd/section.h"
#include "mail/header.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Behind a string or literal that begins at i. */
static size_t
pass_string(struct span s, size_t i)
{
	size_t n = 0;

	if (s.p[i] == '"') {
		for (i++; s.p[i] != '"'; i++) {
			i += s.p[i] == '\\';
			must(i < s.n && (s.p[i] & 0x80) == 0);
			must(s.p[i] != '\r' && s.p[i] != '\n');
		}
		return i + 1;
	}
	for (i++; s.p[i] != '}'; i++)
		n = n * 10 + (size_t)(s.p[i] - '0');
	must(i + 3 + n <= s.n);
	return i + 3 + n;
}

/* Brackets are balanced and close once, at the end. */
static void
well_formed(struct span s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n;) {
		if (s.p[i] == '"' || s.p[i] == '{') {
			i = pass_string(s, i);
			continue;
		}
		must(s.p[i] > 0x1f && s.p[i] < 0x7f);
		if (s.p[i] == '(')
			depth++;
		if (s.p[i] == ')') {
			must(depth > 0);
			depth--;
		}
		i++;
		must(depth > 0 || i == s.n);
	}
	must(depth == 0);
}

static void
try_parts(const struct mime_tree *t, struct span raw)
{
	uint32_t number[2] = { 1, 1 };
	struct section s = { .part = number };
	struct span text, whole;

	must(section_find(t, raw, &s, &whole) && whole.n == raw.n);
	for (uint32_t i = 0; i < t->n; i++) {
		must(extract_octets(mime_part_body(&t->v[i], raw)) ==
		    mime_body_wire(&t->v[i]));
		must(extract_octets(mime_part_header(&t->v[i], raw)) ==
		    mime_header_wire(&t->v[i]));
	}
	for (s.part_n = 1; s.part_n <= 2; s.part_n++)
		for (number[0] = 1; number[0] < 5; number[0]++)
			for (unsigned k = SECTION_ALL; k <= SECTION_MIME;
			    k++) {
				s.text = (enum section_text)k;
				if (!section_find(t, raw, &s, &text))
					continue;
				must(text.p >= raw.p &&
				    text.p + text.n <= raw.p + raw.n);
			}
}

static void
try_text(const struct mime_tree *t, struct span raw)
{
	uint32_t number[2] = { 1, 1 };
	struct section s = { .part = number };
	struct span text;
	struct buf out;

	buf_init(&out, BINARY_MAX(raw.n));
	for (s.part_n = 0; s.part_n <= 2; s.part_n++)
		for (number[0] = 1; number[0] < 5; number[0]++) {
			must(binary_decode(t, raw, &s, &out) ==
			    section_find(t, raw, &s, &text));
			must(!out.full);
		}
	buf_fini(&out);
	buf_init(&out, PREVIEW_OCTETS);
	preview_text(t, raw, &out);
	must(!out.full && utf8_valid(buf_span(&out)));
	must(!span_has(buf_span(&out), '\n'));
	preview_put(&out, raw, true);
	must(!out.full && utf8_valid(buf_span(&out)));
	buf_fini(&out);
}

/* What is read from the list is what was put into it, but for NUL. */
static void
same_subject(struct span list, struct span header)
{
	struct buf mem, want;
	struct header_field f;
	struct span got;

	buf_init(&mem, IMAP_ANSWER_MAX);
	buf_init(&want, header.n + 1);
	if (!header_find(header, "Subject", &f)) {
		must(!envelope_subject(list, &mem, &got));
	} else {
		(void)header_unfold(&want, f.value);	/* never longer */
		must(envelope_subject(list, &mem, &got));
		must(span_eq(got, buf_span(&want)));
	}
	buf_fini(&want);
	buf_fini(&mem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span raw = span_of(data, size), header, body;
	struct mime_tree tree;
	struct buf out;

	buf_init(&out, IMAP_ANSWER_MAX);
	header_split(raw, &header, &body);
	envelope_put(&out, header);
	well_formed(buf_span(&out));
	same_subject(buf_span(&out), header);
	buf_clear(&out);
	(void)envelope_subject(raw, &out, &body);	/* ends */
	buf_clear(&out);
	mime_walk_global(raw, IMAP_MIME_DEPTH, IMAP_PARTS_MAX, &tree);
	bodystruct_put(&out, &tree, raw, true, true);
	mime_tree_fini(&tree);
	mime_walk(raw, IMAP_MIME_DEPTH, IMAP_PARTS_MAX, &tree);
	must(mime_part_header(&tree.v[0], raw).n == header.n);
	for (int extended = 0; extended < 2; extended++) {
		buf_clear(&out);
		bodystruct_put(&out, &tree, raw, extended != 0, false);
		must(!out.full);
		well_formed(buf_span(&out));
	}
	try_parts(&tree, raw);
	try_text(&tree, raw);
	mime_tree_fini(&tree);
	buf_fini(&out);
	return 0;
}
