/*
 * paquebot_map.c - each text has one row: what its entries must look like, and
 * which daemon may read the map that comes of it.  Every entry is judged
 * here, where a person reads the answer, and not when mail comes.
 *
 * The text users gives two maps: users, with the hashes of passwords, for
 * authd, and accounts, without them, for lookupd.
 */
#include "tools/paquebot_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/secret.h"
#include "mail/addr.h"
#include "mail/intl.h"
#include "map/account.h"
#include "map/bdb.h"
#include "map/fold.h"
#include "map/members.h"
#include "map/relay_login.h"
#include "map/route.h"
#include "map/source.h"
#include "os/fs.h"
#include "os/user.h"
#include "tools/paquebot.h"

#define LOOKUPD	"_paqlook"
#define AUTHD	"_paqauth"

static int
bad(struct why *why, const char *what, struct span s)
{
	why_set(why, WHY_PERM, "5.3.5", "%s: \"%.*s\"", what,
	    SPAN_ARG(span_head(s, 100)));
	return -1;
}

/* --------------------------------------------------- aliases and virtual */

static bool
pipe_exists(const struct conf_view *v, struct span name)
{
	for (size_t i = 0; i < conf_count(v, "pipes"); i++) {
		struct span p = span_str(conf_item(v, "pipes", i));

		if (span_eq(span_head(p, span_chr(p, '=')), name))
			return true;
	}
	return false;
}

/* A bare name with a space could be quoted, but is a comma forgotten. */
static bool
is_address(struct span text)
{
	struct addr a;

	if (!span_has(text, '@') && span_chr(text, ' ') < text.n)
		return false;
	return (span_has(text, '@') ? addr_parse(text, &a, NULL) :
	    addr_make(&a, text, SPAN_LIT("an.example"))) == 0;
}

static int
check_members(const struct maps *m, struct span list, struct why *why)
{
	struct member member;
	size_t n = 0;

	for (; members_next(&list, &member); n++)
		switch (member.kind) {
		case MEMBER_ADDRESS:
		case MEMBER_ACCOUNT:
			if (!is_address(member.text))
				return bad(why, "no address", member.text);
			break;
		case MEMBER_PIPE:
			if (!pipe_exists(m->conf, member.text))
				return bad(why, "no such program in the "
				    "setting pipes", member.text);
			break;
		case MEMBER_INCLUDE:
			if (member.text.n == 0)
				return bad(why, "no file", member.text);
			break;
		case MEMBER_FILE:
			return bad(why, "delivery to files is not offered",
			    member.text);
		}
	return n > 0 ? 0 : bad(why, "no member", list);
}

static int
check_alias(struct span key, struct span value, void *ctx, struct why *why)
{
	if (span_has(key, '@') || !fold_is_key(key))
		return bad(why, "no local part", key);
	return check_members(ctx, value, why);
}

static bool
is_domain(struct span text)
{
	char canonical[ADDR_DOMAIN_SIZE];
	bool literal;

	return addr_parse_domain(text, canonical, &literal) == 0 && !literal;
}

/* "local@domain", or "@domain" for all that is not found otherwise. */
static int
check_virtual(struct span key, struct span value, void *ctx, struct why *why)
{
	if (!span_has(key, '@') || !fold_is_key(key))
		return bad(why, "neither an address nor @domain", key);
	return check_members(ctx, value, why);
}

/* ----------------------------------------------------------------- routes */

static int
check_route(struct span key, struct span value, void *ctx, struct why *why)
{
	struct span domain = key.p[0] == '.' ? span_from(key, 1) : key;
	struct route route;

	(void)ctx;
	if (!span_eq_str(key, "*") && !is_domain(domain))
		return bad(why, "neither a domain, .domain nor *", key);
	return route_parse(value, &route, why);
}

/* ---------------------------------------------------------------- senders */

static bool
is_sender(struct span text)
{
	struct addr a;

	if (span_starts(text, SPAN_LIT("@")))
		return is_domain(span_from(text, 1));
	return span_eq_str(text, "*") || addr_parse(text, &a, NULL) == 0;
}

static int
check_senders(struct span key, struct span value, void *ctx, struct why *why)
{
	struct member member;
	size_t n = 0;

	(void)ctx;
	if (!is_address(key))
		return bad(why, "neither an address nor a local part", key);
	for (; members_next(&value, &member); n++)
		if (member.kind != MEMBER_ADDRESS || !is_sender(member.text))
			return bad(why, "neither an address, @domain nor *",
			    member.text);
	return n > 0 ? 0 : bad(why, "no address", value);
}

/* ------------------------------------------------ copies and ways, by address */

/*
 * "local@domain", "@domain", or a local part of any of our domains.  "<>", which
 * could be one too, is for mail without sender: only sender_routes has it.
 */
static bool
is_address_key(struct span key)
{
	if (!span_has(key, '@') && span_has(key, ' '))
		return false;	/* two words: an @ forgotten */
	return fold_is_key(key) && !span_eq_str(key, "<>");
}

static int
check_copy(struct span key, struct span value, void *ctx, struct why *why)
{
	struct addr a;

	(void)ctx;
	if (!is_address_key(key))
		return bad(why, "neither an address, @domain nor a local part",
		    key);
	if (addr_parse(span_trim(value), &a, NULL) != 0)
		return bad(why, "no address", value);
	return 0;
}

/* One address in ASCII, or "@domain": the same local part there. */
static int
check_canonical(struct span key, struct span value, void *ctx,
    struct why *why)
{
	struct addr a;

	(void)ctx;
	value = span_trim(value);
	if (!is_address_key(key))
		return bad(why, "neither an address, @domain nor a local part",
		    key);
	if (value.n > 0 && value.p[0] == '@' ? is_domain(span_from(value, 1)) :
	    addr_parse(value, &a, NULL) == 0 && !intl_is_needed(addr_text(&a)))
		return 0;
	return bad(why, "neither an address in ASCII nor @domain", value);
}

static int
check_sender_route(struct span key, struct span value, void *ctx,
    struct why *why)
{
	struct route route;

	(void)ctx;
	if (!span_eq_str(key, "<>") && !is_address_key(key))
		return bad(why, "neither an address, @domain, a local part "
		    "nor <>", key);
	return route_parse(value, &route, why);
}

/* ------------------------------------------------------ log-ins to others */

static bool
is_sender_key(struct span key)
{
	struct addr a;

	return key.p[0] == '@' ? is_domain(span_from(key, 1)) :
	    addr_parse(key, &a, NULL) == 0;
}

static int
check_relay_auth(struct span key, struct span value, void *ctx,
    struct why *why)
{
	struct relay_login login;

	(void)ctx;
	if (span_has(key, '@') ? !is_sender_key(key) :
	    !relay_login_is_host(key))
		return bad(why, "neither an address, @domain, host nor "
		    "\"host:port\"", key);
	return relay_login_parse(value, &login, why);
}

/* ------------------------------------------------------------------ users */

void
maps_defaults(const struct maps *m, struct account_defaults *d)
{
	account_defaults_find(d, conf_str(m->conf, "mailbox_path"),
	    conf_str(m->conf, "mailbox_user"));
}

static bool
is_below_roots(const struct maps *m, const char *path)
{
	for (size_t i = 0; i < conf_count(m->conf, "mailbox_roots"); i++) {
		const char *root = conf_item(m->conf, "mailbox_roots", i);
		size_t n = strlen(root);

		if (strncmp(path, root, n) == 0 &&
		    (path[n] == '/' || (n > 0 && root[n - 1] == '/')))
			return true;
	}
	return false;
}

int
maps_check_user(struct span key, struct span value, void *ctx,
    struct why *why)
{
	const struct maps *m = ctx;
	struct account_defaults d;
	struct account account;

	maps_defaults(m, &d);
	if (!is_address(key))
		return bad(why, "neither an address nor a local part", key);
	if (account_parse(key, value, &d, &account, why) != 0)
		return -1;
	if (!is_below_roots(m, account.maildir))
		return bad(why, "beneath none of mailbox_roots",
		    span_str(account.maildir));
	return 0;
}

/* ---------------------------------------------------------------- compile */

struct kind {
	const char *text, *map, *group;
	int (*check)(struct span, struct span, void *, struct why *);
	int (*part)(struct span value, struct buf *out);
	int (*key)(struct span text, struct buf *out);
};
static const struct kind kinds[] = {
	{ "aliases", "aliases", LOOKUPD, check_alias, NULL, NULL },
	{ "virtual", "virtual", LOOKUPD, check_virtual, NULL, NULL },
	{ "routes", "routes", LOOKUPD, check_route, NULL, fold_domain },
	{ "senders", "senders", LOOKUPD, check_senders, NULL, NULL },
	{ "sender_bcc", "sender_bcc", LOOKUPD, check_copy, NULL, NULL },
	{ "recipient_bcc", "recipient_bcc", LOOKUPD, check_copy, NULL, NULL },
	{ "sender_routes", "sender_routes", LOOKUPD, check_sender_route, NULL,
	    NULL },
	{ "canonical", "canonical", LOOKUPD, check_canonical, NULL, NULL },
	{ "sender_canonical", "sender_canonical", LOOKUPD, check_canonical,
	    NULL, NULL },
	{ "recipient_canonical", "recipient_canonical", LOOKUPD,
	    check_canonical, NULL, NULL },
	{ "generic", "generic", LOOKUPD, check_canonical, NULL, NULL },
	{ "relay_auth", "relay_auth", LOOKUPD, check_relay_auth, NULL, NULL },
	{ "users", "users", AUTHD, maps_check_user, NULL, NULL },
	{ "users", "accounts", LOOKUPD, maps_check_user, account_public,
	    NULL },
};

int
maps_enter(struct maps *m, const struct conf_view *conf)
{
	const char *path = conf_str(conf, "map_dir");

	*m = (struct maps){ .conf = conf, .dir = fs_enter(path) };
	if (m->dir >= 0)
		return 0;
	(void)fprintf(stderr, "paquebot: %s: %s\n", path, strerror(errno));
	return -1;
}

static int
compile(struct maps *m, const struct kind *kind)
{
	struct map_build build = { .dir = m->dir, .name = kind->map,
		.source = kind->text, .mode = 0600, .gid = -1,
		.check = kind->check, .ctx = m, .part = kind->part,
		.key = kind->key };
	size_t entries;
	struct why why;
	uint32_t gid;

	if (user_self() == 0) {
		if (group_by_name(kind->group, &gid) != 0) {
			(void)fprintf(stderr, "paquebot: no group %s\n",
			    kind->group);
			return EXIT_CONFIG;
		}
		build.mode = 0640;
		build.gid = gid;
	}
	if (map_bdb_build(&build, &entries, &why) != 0) {
		(void)fprintf(stderr, "paquebot: %s/%s\n",
		    conf_str(m->conf, "map_dir"), why.text);
		return why.kind == WHY_TEMP ? EXIT_IOERR : EXIT_DATA;
	}
	if (!m->quiet)
		(void)printf("%s: %zu %s\n", kind->map, entries,
		    entries == 1 ? "entry" : "entries");
	return EXIT_SUCCESS;
}

int
maps_compile(struct maps *m, const char *name, bool must)
{
	struct fs_stat st;
	bool known = false;
	int rc = EXIT_SUCCESS;

	for (size_t i = 0; i < COUNT(kinds) && rc == EXIT_SUCCESS; i++) {
		if (strcmp(kinds[i].text, name) != 0)
			continue;
		known = true;
		if (must || fs_stat(m->dir, name, &st) == 0)
			rc = compile(m, &kinds[i]);
	}
	if (known)
		return rc;
	(void)fprintf(stderr, "paquebot: there is no map %s\n", name);
	return EXIT_USAGE;
}

struct reading {
	struct maps *m;
	const struct kind *kind;
	const struct maps_reader *to;
	struct buf   key;
};

static int
read_entry(struct span key, struct span value, void *ctx, struct why *why)
{
	struct reading *r = ctx;

	buf_clear(&r->key);
	if (r->kind->key != NULL) {
		if (r->kind->key(key, &r->key) != 0)
			return bad(why, "bad key", key);
		key = buf_span(&r->key);
	}
	if (r->kind->check(key, value, r->m, why) != 0)
		return -1;
	r->to->entry(r->to->ctx, r->kind->text, key);
	return 0;
}

void
maps_read(struct maps *m, const struct maps_reader *to)
{
	struct reading r = { .m = m, .to = to };
	struct buf text;
	struct why why;

	buf_init(&text, MAP_SOURCE_MAX);
	buf_init(&r.key, MAP_KEY_MAX);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (i > 0 && strcmp(kinds[i].text, kinds[i - 1].text) == 0)
			continue;
		r.kind = &kinds[i];
		buf_clear(&text);
		if (fs_slurp(m->dir, kinds[i].text, &text) == 0 &&
		    map_source_parse(buf_span(&text), read_entry, &r,
		    &why) != 0)
			to->mistake(to->ctx, kinds[i].text, &why);
		if (text.p != NULL)
			wipe(text.p, text.n);	/* the users' hashes */
	}
	buf_fini(&text);
	buf_fini(&r.key);
}

/* Without names: those whose text is there. */
static int
run_map(const struct tool *t, int argc, char **argv)
{
	struct conf_view *v = tool_conf(t);
	int rc = EXIT_SUCCESS, one;
	struct maps m;

	if (maps_enter(&m, v) != 0)
		return EXIT_CONFIG;
	for (int i = 1; i < argc; i++) {
		one = maps_compile(&m, argv[i], true);
		rc = one != EXIT_SUCCESS ? one : rc;
	}
	for (size_t i = 0; argc == 1 && i < COUNT(kinds); i++) {
		if (i > 0 && strcmp(kinds[i].text, kinds[i - 1].text) == 0)
			continue;
		one = maps_compile(&m, kinds[i].text, false);
		rc = one != EXIT_SUCCESS ? one : rc;
	}
	conf_view_free(&v);
	return rc;
}

const struct subcommand map_command = { "map",
	"[aliases | virtual | routes | senders | sender_bcc | "
	"recipient_bcc | sender_routes | canonical | sender_canonical | "
	"recipient_canonical | generic | relay_auth | users] ...",
	"compile maps from their texts", run_map };
