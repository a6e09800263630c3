/*
 * cached - see cached.h.
 * The fields that are kept are those that clients ask for to show a list of
 * messages or to sort and thread it.  They are kept as they stand in the message,
 * with the empty line behind them, as a small header: what works on a header
 * works on them.
 */
#include "imapd/cached.h"

#include "imapd/limits.h"
#include "imapd/section.h"

static const struct span kept[] = {
	SPAN_LIT("Bcc"), SPAN_LIT("Cc"), SPAN_LIT("Content-Transfer-Encoding"),
	SPAN_LIT("Content-Type"), SPAN_LIT("Date"),
	SPAN_LIT("Disposition-Notification-To"), SPAN_LIT("From"),
	SPAN_LIT("Importance"), SPAN_LIT("In-Reply-To"), SPAN_LIT("List-Id"),
	SPAN_LIT("List-Post"), SPAN_LIT("Mail-Followup-To"),
	SPAN_LIT("Mail-Reply-To"), SPAN_LIT("Message-ID"),
	SPAN_LIT("Newsgroups"), SPAN_LIT("Priority"), SPAN_LIT("References"),
	SPAN_LIT("Reply-To"), SPAN_LIT("Return-Path"), SPAN_LIT("Sender"),
	SPAN_LIT("Subject"), SPAN_LIT("To"), SPAN_LIT("X-Draft-Info"),
	SPAN_LIT("X-Priority"),
};

void
cached_init(struct cached *c)
{
	c->kinds = 0;
	c->global = false;
	for (size_t i = 0; i < CACHE_KINDS; i++)
		buf_init(&c->text[i], CACHE_OCTETS_MAX);
}

void
cached_fini(struct cached *c)
{
	for (size_t i = 0; i < CACHE_KINDS; i++)
		buf_fini(&c->text[i]);
}

static bool
names_global(struct span structure)
{
	struct span rest = structure;

	while (rest.n > 0) {
		if (span_istarts(rest, SPAN_LIT("\"global\"")))
			return true;
		rest = span_from(rest, 1);
		rest = span_from(rest, span_chr(rest, '"'));
	}
	return false;
}

bool
cached_find(struct cached *c, struct folder *f, uint32_t uid)
{
	for (unsigned i = 0; i < CACHE_KINDS; i++)
		if ((c->kinds >> i & 1) != 0 &&
		    !folder_cached(f, uid, (enum cache_kind)i, &c->text[i]))
			return false;
	return !c->global || (c->kinds >> CACHE_STRUCTURE & 1) == 0 ||
	    !names_global(buf_span(&c->text[CACHE_STRUCTURE]));
}

bool
cached_field(struct span name)
{
	for (size_t i = 0; i < COUNT(kept); i++)
		if (span_ieq(kept[i], name))
			return true;
	return false;
}

bool
cached_section(const struct section *s)
{
	if (s->part_n != 0 || s->text != SECTION_FIELDS)
		return false;
	for (size_t i = 0; i < s->fields_n; i++)
		if (!cached_field(s->fields[i]))
			return false;
	return true;
}

void
cached_keep_fields(struct folder *f, uint32_t uid, struct span header)
{
	struct span names[COUNT(kept)];
	struct section all = { .text = SECTION_FIELDS, .fields = names,
		.fields_n = COUNT(kept) };
	struct buf chosen;

	for (size_t i = 0; i < COUNT(kept); i++)
		names[i] = kept[i];
	buf_init(&chosen, header.n + 2);
	section_choose(&all, header, &chosen);
	folder_cache_add(f, uid, CACHE_FIELDS, buf_span(&chosen));
	buf_fini(&chosen);
}
