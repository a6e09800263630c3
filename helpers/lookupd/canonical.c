/*
 * canonical.c - one row for each use of an address: which maps, in which order.
 */
#include "helpers/lookupd/canonical.h"

#include <string.h>

#include "mail/intl.h"

#define NO_MAP		REWRITE_MAPS

static const struct {
	enum rewrite_map map[CANONICAL_MAPS];
	bool		 has_class, keeps_detail;
} ways[USES] = {
	[USE_ENVELOPE_SENDER] = { { REWRITE_SENDER_CANONICAL,
	    REWRITE_CANONICAL }, true, true },
	[USE_ENVELOPE_RECIPIENT] = { { REWRITE_RECIPIENT_CANONICAL,
	    REWRITE_CANONICAL }, true, true },
	[USE_HEADER_SENDER] = { { REWRITE_SENDER_CANONICAL,
	    REWRITE_CANONICAL }, true, true },
	[USE_HEADER_RECIPIENT] = { { REWRITE_RECIPIENT_CANONICAL,
	    REWRITE_CANONICAL }, true, true },
	[USE_LEAVING] = { { REWRITE_GENERIC, NO_MAP }, false, false },
};

unsigned
canonical_uses(struct span classes)
{
	static const struct { const char *word; enum rewrite_use use; }
	    words[] = {
		{ "envelope_sender", USE_ENVELOPE_SENDER },
		{ "envelope_recipient", USE_ENVELOPE_RECIPIENT },
		{ "header_sender", USE_HEADER_SENDER },
		{ "header_recipient", USE_HEADER_RECIPIENT },
	};
	struct span word;
	unsigned uses = 0;

	while ((word = span_word(&classes)).n > 0)
		for (size_t i = 0; i < COUNT(words); i++)
			if (span_eq_str(word, words[i].word))
				uses |= USE_BIT(words[i].use);
	return uses;
}

/* "@domain": the same local part there. */
static enum map_got
move_to(struct span domain, const struct addr *a, struct addr *out)
{
	char local[ADDR_LOCAL_SIZE];

	addr_local_plain(a, local);
	return addr_make(out, span_str(local), domain) == 0 ? MAP_FOUND :
	    MAP_ABSENT;
}

/* One that would become too long goes without. */
static void
add_detail(struct addr *to, const struct addr *a, char separator)
{
	char local[ADDR_LOCAL_SIZE], of[ADDR_LOCAL_SIZE];
	struct addr with;
	struct span old;
	struct buf b;

	addr_local_plain(to, local);
	addr_local_plain(a, of);
	old = span_str(of);
	buf_init(&b, 2 * ADDR_LOCAL_SIZE);
	(void)!buf_add_str(&b, local);		/* both fit */
	(void)!buf_add_span(&b, span_from(old, span_chr(old, separator)));
	if (addr_make(&with, buf_span(&b), addr_domain(to)) == 0)
		*to = with;
	buf_fini(&b);
}

static enum map_got
read_value(struct span value, const struct addr *a, struct addr *out)
{
	char domain[ADDR_DOMAIN_SIZE];
	bool literal;

	if (value.n > 0 && value.p[0] == '@')
		return addr_parse_domain(span_from(value, 1), domain,
		    &literal) == 0 ? move_to(span_str(domain), a, out) :
		    MAP_FAILED;
	return addr_parse(value, out, NULL) == 0 &&
	    !intl_is_needed(addr_text(out)) ? MAP_FOUND : MAP_FAILED;
}

/* step->address becomes what step->map says of a. */
static enum map_got
by_map(const struct rewrite_tables *t, bool keeps, const struct addr *a,
    struct canonical_step *step, struct why *why)
{
	struct buf value;
	struct rewrite_hit hit = { .value = &value };
	enum map_got got;

	buf_init(&value, MAP_VALUE_MAX);
	got = rewrite_find(t, step->map, a, &hit, why);
	if (got == MAP_FOUND) {
		struct span text = span_trim(buf_span(&value));

		got = read_value(text, a, &step->address);
		if (got == MAP_FAILED)
			why_set(why, WHY_TEMP, "4.3.5", "map %s: no address",
			    rewrite_name(step->map));
		/* "@domain" has kept all of the local part. */
		if (got == MAP_FOUND && hit.bare && keeps &&
		    text.p[0] != '@')
			add_detail(&step->address, a, t->separator);
		memcpy(step->key, hit.key, sizeof(step->key));
	}
	buf_fini(&value);
	return got;
}

size_t
canonical_maps(const struct rewrite_tables *t, enum rewrite_use use,
    enum rewrite_map out[CANONICAL_MAPS])
{
	size_t n = 0;

	if (ways[use].has_class && (t->uses & USE_BIT(use)) == 0)
		return 0;
	for (size_t i = 0; i < CANONICAL_MAPS; i++)
		if (ways[use].map[i] != NO_MAP)
			out[n++] = ways[use].map[i];
	return n;
}

enum map_got
canonical_address(const struct rewrite_tables *t, enum rewrite_use use,
    const struct addr *a, struct canonical *out, struct why *why)
{
	enum rewrite_map maps[CANONICAL_MAPS];
	size_t n = canonical_maps(t, use, maps);
	struct canonical_step *step;
	enum map_got got;

	out->address = *a;
	out->n = 0;
	if (a->kind != ADDR_MAILBOX)
		return MAP_ABSENT;
	for (size_t i = 0; i < n; i++) {
		step = &out->steps[out->n];
		step->map = maps[i];
		got = by_map(t, ways[use].keeps_detail, &out->address, step,
		    why);
		if (got == MAP_FAILED)
			return got;
		if (got == MAP_FOUND) {
			out->address = step->address;
			out->n++;
		}
	}
	return out->n > 0 ? MAP_FOUND : MAP_ABSENT;
}
