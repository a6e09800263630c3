/*
 * domains.c - one table from name to kind.  What is listed twice keeps the
 * first, and local comes first: mail for us is never relayed.
 */
#include "helpers/lookupd/domains.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "mail/addr.h"
#include "os/rand.h"

#define DOMAINS_MAX	20100	/* both lists of conf/keys.c and our own names */

struct domains {
	struct hash *names;	/* -> one of kinds */
};

static enum domain_kind kinds[] = { DOMAIN_LOCAL, DOMAIN_RELAY };

static void
add(struct domains *d, const char *name, enum domain_kind kind)
{
	char canonical[ADDR_DOMAIN_SIZE];
	bool literal;

	/* Of UTF-8 conf/cross cannot tell whether IDNA allows it. */
	if (addr_parse_domain(span_str(name), canonical, &literal) != 0) {
		log_error(LF_STR("event", "bad-domain"),
		    LF_STR("domain", name));
		return;
	}
	if (hash_get(d->names, span_str(canonical)) == NULL &&
	    hash_put(d->names, span_str(canonical), &kinds[kind]) != 0)
		log_error(LF_STR("event", "too-many-domains"),
		    LF_STR("domain", canonical));
}

struct domains *
domains_new(const struct conf_view *conf)
{
	struct domains *d = xcalloc(1, sizeof(*d));
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	d->names = hash_new(DOMAINS_MAX, seed);
	add(d, conf_str(conf, "hostname"), DOMAIN_LOCAL);
	add(d, "localhost", DOMAIN_LOCAL);
	for (size_t i = 0; i < conf_count(conf, "domains"); i++)
		add(d, conf_item(conf, "domains", i), DOMAIN_LOCAL);
	for (size_t i = 0; i < conf_count(conf, "relay_domains"); i++)
		add(d, conf_item(conf, "relay_domains", i), DOMAIN_RELAY);
	return d;
}

void
domains_free(struct domains **d)
{
	if (*d == NULL)
		return;
	hash_free(&(*d)->names, NULL);
	free(*d);
	*d = NULL;
}

enum domain_kind
domains_kind(const struct domains *d, struct span name)
{
	const enum domain_kind *kind = hash_get(d->names, name);

	return kind != NULL ? *kind : DOMAIN_FOREIGN;
}
