/*
 * rewrite.c - the keys of an address, from the whole to its domain, asked one
 * after the other.  An entry that makes no sense is the operator's mistake, and
 * the mail waits until it is corrected.
 */
#include "helpers/lookupd/rewrite.h"

#include "map/fold.h"

#define KEYS_MAX	5

const char *
rewrite_name(enum rewrite_map map)
{
	static const char *const names[REWRITE_MAPS] = {
		[REWRITE_SENDER_BCC] = "sender_bcc",
		[REWRITE_RECIPIENT_BCC] = "recipient_bcc",
		[REWRITE_SENDER_ROUTES] = "sender_routes",
		[REWRITE_CANONICAL] = "canonical",
		[REWRITE_SENDER_CANONICAL] = "sender_canonical",
		[REWRITE_RECIPIENT_CANONICAL] = "recipient_canonical",
		[REWRITE_GENERIC] = "generic",
	};

	return names[map];
}

struct keys {
	struct buf  text[KEYS_MAX];
	bool	    bare[KEYS_MAX];	/* without the detail */
	size_t	    n;
};

static void
add(struct keys *k, struct span local, const char *at, struct span domain)
{
	struct buf *b = &k->text[k->n];

	k->bare[k->n++] = false;
	buf_init(b, REWRITE_KEY_SIZE - 1);
	(void)buf_addf(b, "%.*s%s%.*s", SPAN_ARG(local), at,
	    SPAN_ARG(domain));	/* fits: a local part, @, a domain */
}

static void
add_bare(struct keys *k, struct span base, const char *at, struct span domain)
{
	add(k, base, at, domain);
	k->bare[k->n - 1] = true;
}

static void
keys_of(const struct rewrite_tables *t, const struct addr *a, struct keys *k)
{
	struct span domain = addr_domain(a), whole, base;
	char local[ADDR_LOCAL_SIZE];
	size_t at;

	k->n = 0;
	if (a->kind == ADDR_NULL) {
		add(k, SPAN_LIT("<>"), "", SPAN_NONE);
		return;
	}
	fold_addr_local(a, local);
	whole = base = span_str(local);
	at = t->separator != '\0' ? span_chr(whole, t->separator) : whole.n;
	if (at > 0)		/* "+x" has no base */
		base = span_head(whole, at);
	add(k, whole, "@", domain);
	if (base.n < whole.n)
		add_bare(k, base, "@", domain);
	if (t->domain_is_local(t->ctx, domain)) {
		add(k, whole, "", SPAN_NONE);
		if (base.n < whole.n)
			add_bare(k, base, "", SPAN_NONE);
	}
	add(k, SPAN_NONE, "@", domain);
}

enum map_got
rewrite_find(const struct rewrite_tables *t, enum rewrite_map map,
    const struct addr *a, struct rewrite_hit *hit, struct why *why)
{
	enum map_got got = MAP_ABSENT;
	struct keys k;

	keys_of(t, a, &k);
	for (size_t i = 0; i < k.n && got == MAP_ABSENT; i++) {
		got = t->get(t->ctx, map, buf_span(&k.text[i]), hit->value,
		    why);
		if (got != MAP_FOUND)
			continue;
		hit->bare = k.bare[i];
		span_copy_cut(buf_span(&k.text[i]), hit->key,
		    sizeof(hit->key));
	}
	for (size_t i = 0; i < k.n; i++)
		buf_fini(&k.text[i]);
	return got;
}

enum map_got
rewrite_copy(const struct rewrite_tables *t, enum rewrite_map map,
    const struct addr *a, struct addr *out, struct why *why)
{
	enum map_got got;
	struct buf value;
	struct rewrite_hit hit = { .value = &value };

	buf_init(&value, MAP_VALUE_MAX);
	got = rewrite_find(t, map, a, &hit, why);
	if (got == MAP_FOUND &&
	    addr_parse(span_trim(buf_span(&value)), out, NULL) != 0) {
		why_set(why, WHY_TEMP, "4.3.5", "map %s: no address",
		    rewrite_name(map));
		got = MAP_FAILED;
	}
	buf_fini(&value);
	return got;
}
