/*
 * paquebot_check_maps.c - reads the texts of maps as "paquebot map" does, and
 * looks for entries that are well written but that nobody will ask for as the
 * settings are: those are found here or not at all, since mail only fails to be
 * changed.
 */
#include "tools/paquebot_check.h"

#include <stdio.h>
#include <string.h>

#include "mail/addr.h"
#include "os/fd.h"
#include "tools/paquebot_map.h"

#define VAIN_MAX	20	/* lines about one text */

struct checking {
	const struct conf_view *conf;
	const char *text;	/* the one of which vain counts */
	unsigned    vain;
};

static void
mistake(void *ctx, const char *text, const struct why *why)
{
	(void)ctx;
	(void)fprintf(stderr, "paquebot: warning: map %s: %s\n", text,
	    why->text);
}

static bool
is_named(const struct conf_view *conf, const char *setting, struct span domain)
{
	char canonical[ADDR_DOMAIN_SIZE];

	for (size_t i = 0; i < conf_count(conf, setting); i++)
		if (addr_parse_domain(span_str(conf_item(conf, setting, i)),
		    canonical, NULL) == 0 && span_eq_str(domain, canonical))
			return true;
	return false;
}

/* As lookupd has it: mail for the name of the host and localhost, too. */
static bool
is_ours(const struct conf_view *conf, struct span domain)
{
	return is_named(conf, "domains", domain) ||
	    span_ieq_str(domain, conf_str(conf, "hostname")) ||
	    span_eq_str(domain, "localhost");
}

/* What is wrong with the key, or NULL. */
static const char *
vain(const struct conf_view *conf, const char *text, struct span key)
{
	size_t at = span_rchr(key, '@');

	if (strcmp(text, "virtual") == 0)
		return is_ours(conf, span_from(key, at + 1)) ? NULL :
		    "its domain is none of domains, so it is never asked for";
	if (at < key.n || strcmp(text, "aliases") == 0 ||
	    strcmp(text, "routes") == 0 || strcmp(text, "senders") == 0 ||
	    strcmp(text, "users") == 0)
		return NULL;
	if (is_ours(conf, key) || is_named(conf, "relay_domains", key))
		return "stands for a local part; a domain has @ in front";
	return NULL;
}

/* Is the map asked at all, by some word of canonical_classes? */
static bool
is_used(const struct conf_view *conf, const char *text)
{
	const char *classes = conf_str(conf, "canonical_classes");

	if (strcmp(text, "sender_canonical") == 0)
		return strstr(classes, "_sender") != NULL;
	if (strcmp(text, "recipient_canonical") == 0)
		return strstr(classes, "_recipient") != NULL;
	return strcmp(text, "canonical") != 0 || strchr(classes, '_') != NULL;
}

static void
entry(void *ctx, const char *text, struct span key)
{
	struct checking *c = ctx;
	const char *wrong;

	if (c->text != text) {
		c->text = text;
		c->vain = 0;
		if (!is_used(c->conf, text))
			(void)fprintf(stderr, "paquebot: warning: map %s: "
			    "canonical_classes turns it off\n", text);
	}
	wrong = vain(c->conf, text, key);
	if (wrong != NULL && c->vain++ < VAIN_MAX)
		(void)fprintf(stderr, "paquebot: warning: map %s: \"%.*s\": "
		    "%s\n", text, SPAN_ARG(key), wrong);
}

void
check_maps(const struct conf_view *conf)
{
	struct checking c = { .conf = conf };
	const struct maps_reader to = { .mistake = mistake, .entry = entry,
		.ctx = &c };
	struct maps m;

	if (maps_enter(&m, conf) != 0)
		return;
	maps_read(&m, &to);
	fd_close(&m.dir);
}
