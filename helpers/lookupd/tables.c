/*
 * tables.c - the state behind the questions: the maps, the list of domains and
 * the system's users, which are read before the first question.
 */
#include "helpers/lookupd/tables.h"

#include <string.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/num.h"
#include "helpers/lookupd/canonical.h"
#include "mail/addr.h"
#include "map/fresh.h"
#include "map/route.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/rand.h"

enum { ALIASES, VIRTUAL, ROUTES, ACCOUNTS, SENDERS, RELAY_AUTH,
	MAPS };				/* others: rewrite.h */
static const char *const map_names[MAPS] = { "aliases", "virtual", "routes",
	"accounts", "senders", "relay_auth" };

#define SYSTEM_USERS_MAX	100000
#define PASSWD_MAX		(32 * MIB)

_Static_assert(sizeof(((struct target *)NULL)->source) ==
    sizeof(((struct route *)NULL)->source), "one is copied into the other");

struct tables {
	const struct conf_view *conf;
	int	     dir;
	struct map_fresh map[MAPS], rewriting[REWRITE_MAPS];
	struct domains *domains;
	struct hash *system;		/* name -> passwd line (owned) */
	struct hash *uids;		/* user id as text -> name (owned) */
	struct account_defaults defaults;
	char	     first_domain[ADDR_DOMAIN_SIZE];
	struct recipient_tables recipient;
	struct sender_tables sender;
	struct rewrite_tables rewrite;
	struct relay_auth relay_auth;
	struct buf   value;
	uint8_t	     seed[16];
};

/* ----------------------------------------------------------- system users */

/* The first name of an id is its name, as for getpwuid(3). */
static void
keep_uid(struct tables *t, struct span name, struct span line)
{
	struct span rest = line, uid;

	(void)span_cut(&rest, ':');
	(void)span_cut(&rest, ':');
	uid = span_cut(&rest, ':');
	if (uid.n > 0 && hash_get(t->uids, uid) == NULL &&
	    hash_put(t->uids, uid, xmemdup_str(name.p, name.n)) != 0)
		log_warn(LF_STR("event", "too-many-system-users"));
}

static void
read_passwd(struct tables *t, int fd)
{
	bool mailboxes = conf_bool(t->conf, "system_users");
	struct buf text;
	struct span rest;

	t->system = hash_new(SYSTEM_USERS_MAX, t->seed);
	t->uids = hash_new(SYSTEM_USERS_MAX, t->seed);
	if (fd < 0)
		return;
	buf_init(&text, PASSWD_MAX);
	if (fs_slurp_fd(fd, &text) != 0)
		log_warn(LF_STR("event", "passwd-unreadable"));
	for (rest = buf_span(&text); rest.p != NULL;) {
		struct span line = span_cut(&rest, '\n');
		struct span name = span_head(line, span_chr(line, ':'));

		if (name.n == 0 || name.n == line.n || name.p[0] == '#' ||
		    hash_get(t->system, name) != NULL)
			continue;
		keep_uid(t, name, line);
		if (mailboxes && hash_put(t->system, name,
		    xmemdup_str(line.p, line.n)) != 0)
			log_warn(LF_STR("event", "too-many-system-users"));
	}
	buf_fini(&text);
}

/* name:x:uid:gid:gecos:home:shell */
static enum map_got
system_account(struct tables *t, struct span name, struct account *out)
{
	const char *line = hash_get(t->system, name);
	struct span rest, field[6];
	uint64_t uid, gid;
	struct buf path;
	enum map_got got = MAP_ABSENT;

	if (line == NULL)
		return MAP_ABSENT;
	rest = span_str(line);
	for (size_t i = 0; i < COUNT(field); i++)
		field[i] = span_cut(&rest, ':');
	/* System accounts below 1000 own no mailbox. */
	if (num_parse(field[2], 1000, 60000, &uid) != 0 ||
	    num_parse(field[3], 1, UINT32_MAX - 1, &gid) != 0 ||
	    field[5].n < 2 || field[5].p[0] != '/')
		return MAP_ABSENT;
	memset(out, 0, sizeof(*out));
	buf_init(&path, sizeof(out->maildir) - 1);
	if (buf_addf(&path, "%.*s/Maildir", SPAN_ARG(field[5])) == 0 &&
	    span_copy(buf_span(&path), out->maildir,
	    sizeof(out->maildir)) == 0 &&
	    span_copy(field[5], out->home, sizeof(out->home)) == 0 &&
	    span_copy(name, out->user, sizeof(out->user)) == 0) {
		out->uid = (uint32_t)uid;
		out->gid = (uint32_t)gid;
		out->system = true;
		got = MAP_FOUND;
	}
	buf_fini(&path);
	return got;
}

/* -------------------------------------------------- recipient.h's questions */

static enum map_got
on_alias(void *ctx, struct span local, struct buf *value, struct why *why)
{
	struct tables *t = ctx;

	return map_get(&t->map[ALIASES].map, local, value, why);
}

static enum map_got
on_virtual(void *ctx, struct span address, struct buf *value,
    struct why *why)
{
	struct tables *t = ctx;

	return map_get(&t->map[VIRTUAL].map, address, value, why);
}

static enum map_got
on_senders(void *ctx, struct span account, struct buf *value,
    struct why *why)
{
	struct tables *t = ctx;

	return map_get(&t->map[SENDERS].map, account, value, why);
}

static enum map_got
on_rewrite(void *ctx, enum rewrite_map map, struct span key,
    struct buf *value, struct why *why)
{
	struct tables *t = ctx;

	return map_get(&t->rewriting[map].map, key, value, why);
}

static enum map_got
on_account(void *ctx, struct span address, struct account *out,
    struct why *why)
{
	struct tables *t = ctx;
	enum map_got got = map_get(&t->map[ACCOUNTS].map, address, &t->value, why);

	if (got == MAP_FOUND && account_parse(address, buf_span(&t->value),
	    &t->defaults, out, why) != 0)
		return MAP_FAILED;
	if (got == MAP_ABSENT && !span_has(address, '@'))
		return system_account(t, address, out);
	return got;
}

/* A path beneath the directory of the maps, also when written from the root. */
static int
on_include(void *ctx, struct span path, struct buf *text, struct why *why)
{
	struct tables *t = ctx;
	struct span top = span_str(conf_str(t->conf, "map_dir"));
	char name[512];

	if (path.n > 1 && path.p[0] == '"' && path.p[path.n - 1] == '"')
		path = span_of(path.p + 1, path.n - 2);
	if (top.n > 0 && span_starts(path, top))
		path = span_from(path, top.n);
	while (path.n > 0 && path.p[0] == '/')
		path = span_from(path, 1);
	buf_clear(text);
	if (span_copy(path, name, sizeof(name)) != 0 || name[0] == '\0') {
		why_set(why, WHY_TEMP, "4.3.5", "bad :include:");
		return -1;
	}
	if (fs_slurp(t->dir, name, text) != 0) {
		why_sys(why, WHY_TEMP, "4.3.5", ":include:%s", name);
		return -1;
	}
	return 0;
}

static bool
on_domain_is_local(void *ctx, struct span domain)
{
	const struct tables *t = ctx;

	return domains_kind(t->domains, domain) == DOMAIN_LOCAL;
}

static enum map_got
take_route(struct span value, struct target *out, struct why *why)
{
	struct route route;

	if (route_parse(value, &route, why) != 0)
		return MAP_FAILED;
	out->port = route.port;
	out->tls = (uint8_t)route.tls;
	memcpy(out->source, route.source, sizeof(out->source));
	if (route.kind == ROUTE_ERROR) {
		out->kind = TARGET_FAIL;
		out->permanent = route.permanent;
		memcpy(out->esc, route.esc, sizeof(out->esc));
		memcpy(out->text, route.text, sizeof(out->text));
		return MAP_FOUND;
	}
	out->kind = TARGET_REMOTE;
	out->transport = route.kind == ROUTE_LMTP ? TRANSPORT_LMTP :
	    TRANSPORT_SMTP;
	if (route.nexthop[0] != '\0')
		memcpy(out->nexthop, route.nexthop, sizeof(out->nexthop));
	return MAP_FOUND;
}

/* "a.b.c", ".b.c", ".c": the first that is there; or "*". */
static enum map_got
on_route(void *ctx, struct span domain, struct target *out, struct why *why)
{
	struct tables *t = ctx;
	struct span key = domain;
	enum map_got got = map_get(&t->map[ROUTES].map, key, &t->value, why);

	while (got == MAP_ABSENT && key.n > 0) {
		size_t dot = span_chr(span_from(key, 1), '.');

		key = span_from(key, 1 + dot);
		if (key.n > 0)
			got = map_get(&t->map[ROUTES].map, key, &t->value, why);
	}
	return got == MAP_FOUND ? take_route(buf_span(&t->value), out, why) :
	    got;
}

static enum map_got
on_sender_route(void *ctx, struct span sender, struct target *out,
    struct why *why)
{
	struct tables *t = ctx;
	struct rewrite_hit hit = { .value = &t->value };
	struct addr a = { .kind = ADDR_NULL };
	enum map_got got;

	if (sender.n > 0 && addr_parse(sender, &a, NULL) != 0)
		return MAP_ABSENT;
	got = rewrite_find(&t->rewrite, REWRITE_SENDER_ROUTES, &a, &hit, why);
	return got == MAP_FOUND ? take_route(buf_span(&t->value), out, why) :
	    got;
}

static enum map_got
on_relay_auth(void *ctx, struct span key, struct buf *value, struct why *why)
{
	struct tables *t = ctx;

	return map_get(&t->map[RELAY_AUTH].map, key, value, why);
}

static enum map_got
on_has_route(void *ctx, struct span domain, struct why *why)
{
	struct target scratch = { .kind = TARGET_REMOTE };

	return on_route(ctx, domain, &scratch, why);
}

static bool
on_pipe_exists(void *ctx, struct span name)
{
	const struct tables *t = ctx;

	for (size_t i = 0; i < conf_count(t->conf, "pipes"); i++) {
		struct span p = span_str(conf_item(t->conf, "pipes", i));

		if (name.n > 0 && span_eq(span_head(p, span_chr(p, '=')),
		    name))
			return true;
	}
	return false;
}

/* -------------------------------------------------------------- life cycle */

void
tables_refresh(struct tables *t)
{
	for (size_t i = 0; i < MAPS; i++)
		map_fresh_look(&t->map[i]);
	for (size_t i = 0; i < REWRITE_MAPS; i++)
		map_fresh_look(&t->rewriting[i]);
}

static void
fill_recipient(struct tables *t)
{
	const char *separator = conf_str(t->conf, "subaddress_separator");

	if (conf_count(t->conf, "domains") == 0 || addr_parse_domain(
	    span_str(conf_item(t->conf, "domains", 0)), t->first_domain,
	    NULL) != 0)
		span_copy_cut(span_str(conf_str(t->conf, "hostname")),
		    t->first_domain, sizeof(t->first_domain));
	t->recipient = (struct recipient_tables){
		.alias = on_alias, .virtual = on_virtual,
		.account = on_account, .include = on_include,
		.domain_is_local = on_domain_is_local, .route = on_route,
		.sender_route = on_sender_route,
		.pipe_exists = on_pipe_exists, .ctx = t,
		.separator = separator[0],
		.hostname = conf_str(t->conf, "hostname"),
		.first_domain = t->first_domain,
		.postmaster = conf_str(t->conf, "postmaster"),
		.depth_max = (unsigned)conf_num(t->conf, "alias_depth_max"),
		.targets_max = conf_num(t->conf, "alias_targets_max"),
		.seed = t->seed,
	};
	t->relay_auth = (struct relay_auth){ .get = on_relay_auth,
		.has_route = on_has_route, .ctx = t,
		.separator = separator[0] };
	t->sender = (struct sender_tables){ .recipient = &t->recipient,
		.senders = on_senders, .ctx = t };
	t->rewrite = (struct rewrite_tables){ .get = on_rewrite,
		.domain_is_local = on_domain_is_local, .ctx = t,
		.separator = separator[0], .uses = canonical_uses(span_str(
		    conf_str(t->conf, "canonical_classes"))) };
}

struct tables *
tables_new(const struct conf_view *conf, int dir, int passwd,
    const struct account_defaults *owner)
{
	struct tables *t = xcalloc(1, sizeof(*t));

	t->conf = conf;
	t->dir = dir;
	rand_octets(t->seed, sizeof(t->seed));
	buf_init(&t->value, MAP_VALUE_MAX);
	t->domains = domains_new(conf);
	t->defaults = *owner;
	t->defaults.path = conf_str(conf, "mailbox_path");
	read_passwd(t, passwd);
	fd_close(&passwd);
	fill_recipient(t);
	for (size_t i = 0; i < MAPS; i++)
		map_fresh_init(&t->map[i], dir, map_names[i]);
	for (enum rewrite_map m = 0; m < REWRITE_MAPS; m++)
		map_fresh_init(&t->rewriting[m], dir, rewrite_name(m));
	return t;
}

void
tables_free(struct tables **t)
{
	if (*t == NULL)
		return;
	for (size_t i = 0; i < MAPS; i++)
		map_fresh_fini(&(*t)->map[i]);
	for (size_t i = 0; i < REWRITE_MAPS; i++)
		map_fresh_fini(&(*t)->rewriting[i]);
	domains_free(&(*t)->domains);
	hash_free(&(*t)->system, free);
	hash_free(&(*t)->uids, free);
	buf_fini(&(*t)->value);
	free(*t);
	*t = NULL;
}

const struct recipient_tables *
tables_recipient(const struct tables *t)
{
	return &t->recipient;
}

const struct rewrite_tables *
tables_rewrite(const struct tables *t)
{
	return &t->rewrite;
}

const struct relay_auth *
tables_relay_auth(const struct tables *t)
{
	return t->map[RELAY_AUTH].map.ops != NULL ? &t->relay_auth : NULL;
}

bool
tables_has(const struct tables *t, enum rewrite_map map)
{
	return t->rewriting[map].map.ops != NULL;
}

bool
tables_uses(const struct tables *t, enum rewrite_use use)
{
	enum rewrite_map maps[CANONICAL_MAPS];
	size_t n = canonical_maps(&t->rewrite, use, maps);

	for (size_t i = 0; i < n; i++)
		if (tables_has(t, maps[i]))
			return true;
	return false;
}

enum domain_kind
tables_domain(const struct tables *t, struct span domain)
{
	return domains_kind(t->domains, domain);
}

static bool
is_trusted(const struct tables *t, struct span name)
{
	for (size_t i = 0; i < conf_count(t->conf, "trusted_users"); i++) {
		const char *item = conf_item(t->conf, "trusted_users", i);

		if (span_eq_str(name, item) || strcmp(item, "*") == 0)
			return true;
	}
	return false;
}

enum map_got
tables_sender(const struct tables *t, struct span account,
    struct span address, struct why *why)
{
	struct span uid = span_from(account, 4);
	char made_up[32] = "uid";
	const char *name;

	if (!span_starts(account, SPAN_LIT("uid:")))
		return sender_owns(&t->sender, account, address, why);
	name = span_eq_str(uid, "0") ? "root" : hash_get(t->uids, uid);
	if (name == NULL) {	/* as sendmail(1) calls who has no name */
		span_copy_cut(uid, made_up + 3, sizeof(made_up) - 3);
		name = made_up;
	}
	return is_trusted(t, span_str(name)) ? MAP_FOUND :
	    sender_owns(&t->sender, span_str(name), address, why);
}
