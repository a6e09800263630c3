/*
 * explain - see explain.h.
 * What is told is what recipient.c does: it gets a copy of the table of
 * functions in which each map is wrapped by one that says what it was asked.
 */
#include "helpers/lookupd/explain.h"

#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "helpers/lookupd/canonical.h"
#include "helpers/lookupd/request.h"
#include "ipc/control.h"
#include "mail/addr.h"

struct explaining {
	const struct tables *tables;
	const struct recipient_tables *t;	/* the real ones */
	struct buf *out;
	const char *sender;
	uint32_t    targets;
};

static void
tell(const struct explaining *x, const char *map, struct span key,
    enum map_got got, struct span value)
{
	static const char *const words[] = { [MAP_FOUND] = "found",
		[MAP_ABSENT] = "absent", [MAP_FAILED] = "failed" };
	bool has = got == MAP_FOUND && value.n > 0;

	control_line(x->out, CL_STR("step", "map"), CL_STR("map", map),
	    CL_SPAN("key", key), CL_STR("result", words[got]),
	    { .key = "value", .span = span_head(value, KIB),
	    .kind = has ? LOG_IS_SPAN : LOG_IS_STR });
}

static enum map_got
alias(void *ctx, struct span local, struct buf *value, struct why *why)
{
	const struct explaining *x = ctx;
	enum map_got got = x->t->alias(x->t->ctx, local, value, why);

	tell(x, "aliases", local, got, buf_span(value));
	return got;
}

static enum map_got
virtual(void *ctx, struct span address, struct buf *value, struct why *why)
{
	const struct explaining *x = ctx;
	enum map_got got = x->t->virtual(x->t->ctx, address, value, why);

	tell(x, "virtual", address, got, buf_span(value));
	return got;
}

static enum map_got
account(void *ctx, struct span address, struct account *out, struct why *why)
{
	const struct explaining *x = ctx;
	enum map_got got = x->t->account(x->t->ctx, address, out, why);

	tell(x, span_has(address, '@') ? "users" : "system users", address,
	    got, got == MAP_FOUND ? span_str(out->maildir) : SPAN_NONE);
	return got;
}

static int
include(void *ctx, struct span path, struct buf *text, struct why *why)
{
	const struct explaining *x = ctx;
	int rc = x->t->include(x->t->ctx, path, text, why);

	tell(x, ":include:", path, rc == 0 ? MAP_FOUND : MAP_FAILED,
	    SPAN_NONE);
	return rc;
}

static bool
domain_is_local(void *ctx, struct span domain)
{
	const struct explaining *x = ctx;

	return x->t->domain_is_local(x->t->ctx, domain);
}

static enum map_got
route(void *ctx, struct span domain, struct target *out, struct why *why)
{
	const struct explaining *x = ctx;
	enum map_got got = x->t->route(x->t->ctx, domain, out, why);

	tell(x, "routes", domain, got, span_str(out->nexthop));
	return got;
}

/* By which key the map has the address; where none is found, by itself. */
static void
find_key(const struct tables *t, enum rewrite_map map, struct span address,
    char key[REWRITE_KEY_SIZE])
{
	struct addr a = { .kind = ADDR_NULL };
	struct rewrite_hit hit;
	struct buf value;
	struct why why;

	span_copy_cut(address, key, REWRITE_KEY_SIZE);
	if (address.n > 0 && addr_parse(address, &a, NULL) != 0)
		return;
	buf_init(&value, MAP_VALUE_MAX);
	hit.value = &value;
	if (rewrite_find(tables_rewrite(t), map, &a, &hit, &why) == MAP_FOUND)
		memcpy(key, hit.key, sizeof(hit.key));
	buf_fini(&value);
}

static enum map_got
sender_route(void *ctx, struct span sender, struct target *out,
    struct why *why)
{
	const struct explaining *x = ctx;
	enum map_got got = x->t->sender_route(x->t->ctx, sender, out, why);
	char key[REWRITE_KEY_SIZE];

	if (got != MAP_ABSENT) {
		find_key(x->tables, REWRITE_SENDER_ROUTES, sender, key);
		tell(x, rewrite_name(REWRITE_SENDER_ROUTES), span_str(key),
		    got, span_str(out->nexthop));
	}
	return got;
}

static bool
pipe_exists(void *ctx, struct span name)
{
	const struct explaining *x = ctx;
	bool is = x->t->pipe_exists(x->t->ctx, name);

	tell(x, "pipes", name, is ? MAP_FOUND : MAP_ABSENT, SPAN_NONE);
	return is;
}

/* ------------------------------------------------------------------ targets */

static void
tell_why(struct buf *out, const char *step, const struct why *why)
{
	control_line(out, CL_STR("step", step), CL_STR("result", "failed"),
	    CL_STR("status", why->esc), CL_STR("why", why->text));
}

/* A line for each map that has it, unless all stays as it was. */
static void
tell_steps(const struct tables *t, enum rewrite_use use, struct span address,
    struct buf *out)
{
	static const char *const words[USES] = {
		[USE_ENVELOPE_SENDER] = "canonical sender",
		[USE_ENVELOPE_RECIPIENT] = "canonical recipient",
		[USE_LEAVING] = "generic",
	};
	struct canonical c = { .n = 0 };
	struct addr a;
	struct why why;

	/* It was so a moment ago, and would else be told by the next step. */
	if (addr_parse(address, &a, NULL) != 0 || canonical_address(
	    tables_rewrite(t), use, &a, &c, &why) != MAP_FOUND)
		return;
	for (size_t i = 0; i < c.n; i++)
		control_line(out, CL_STR("step", "rewrite"),
		    CL_STR("by", words[use]),
		    CL_STR("map", rewrite_name(c.steps[i].map)),
		    CL_STR("key", c.steps[i].key),
		    CL_SPAN("address", addr_text(&c.steps[i].address)));
}

/*
 * What stands for the address from here on goes to *now, in room; -1: that
 * cannot be told, which was said.
 */
static int
tell_rewrite(const struct tables *t, enum rewrite_use use, struct span *now,
    char room[LOOKUP_ADDRESS_MAX + 1], struct buf *out)
{
	struct why why;

	if (request_rewrite(t, use, *now, room, &why) != 0) {
		tell_why(out, "rewrite", &why);
		return -1;
	}
	if (room[0] == '\0')
		return 0;
	tell_steps(t, use, *now, out);
	*now = span_str(room);
	return 0;
}

static void
tell_mailbox(const struct explaining *x, const struct target *t,
    const char *from)
{
	control_line(x->out, CL_STR("step", "target"),
	    CL_STR("kind", "mailbox"), CL_STR("address", t->address),
	    CL_STR("sender", from), CL_STR("user", t->user),
	    CL_STR("maildir", t->maildir), CL_NUM("uid", t->uid),
	    CL_NUM("gid", t->gid),
	    CL_STR("detail", t->detail[0] != '\0' ? t->detail : NULL),
	    CL_STR("home", t->system_user ? t->home : NULL),
	    CL_STR("forward_file", t->system_user ? ".forward" : NULL));
}

/* As which mail for another host leaves. */
static void
tell_generic(const struct explaining *x, const struct target *t,
    const char *from)
{
	char room[LOOKUP_ADDRESS_MAX + 1];
	struct span now = span_str(from);

	if (t->transport != TRANSPORT_SMTP)
		return;
	/* Trouble is told, and the rest all the same. */
	if (now.n > 0)
		(void)!tell_rewrite(x->tables, USE_LEAVING, &now, room, x->out);
	now = span_str(t->address);
	(void)!tell_rewrite(x->tables, USE_LEAVING, &now, room, x->out);
}

/* Who we are to the next hop; never by which password. */
static void
tell_login(const struct explaining *x, const struct target *t)
{
	struct relay_login login;
	struct buf room;
	struct why why;

	if (t->auth[0] == '\0')
		return;
	buf_init(&room, MAP_VALUE_MAX);
	if (relay_auth_get(tables_relay_auth(x->tables), span_str(t->auth),
	    &room, &login, &why) == 0)
		control_line(x->out, CL_STR("step", "login"),
		    CL_STR("map", "relay_auth"), CL_STR("key", t->auth),
		    CL_SPAN("user", login.user));
	else
		tell_why(x->out, "login", &why);
	if (room.p != NULL)
		wipe(room.p, room.n);
	buf_fini(&room);
}

static void
tell_remote(const struct explaining *x, const struct target *target,
    const char *from)
{
	struct target way = *target, *t = &way;
	struct why why;

	if (request_way(x->tables, span_str(from != NULL ? from : ""), t,
	    &why) != 0)
		tell_why(x->out, "login", &why);
	control_line(x->out, CL_STR("step", "target"),
	    CL_STR("kind", "remote"), CL_STR("address", t->address),
	    CL_STR("sender", from),
	    CL_STR("transport", t->transport == TRANSPORT_LMTP ?
		"lmtp" : "smtp"), CL_STR("nexthop", t->nexthop),
	    CL_NUM("port", t->port), CL_NUM("tls", t->tls),
	    CL_STR("source", t->source[0] != '\0' ? t->source : NULL),
	    CL_STR("auth", t->auth[0] != '\0' ? t->auth : NULL));
	tell_login(x, t);
	tell_generic(x, t, from);
}

static int
give(void *ctx, const struct target *t)
{
	struct explaining *x = ctx;
	const char *from = t->owner[0] != '\0' ? t->owner : x->sender;

	if (++x->targets > EXPLAIN_TARGETS)
		return 0;
	switch ((enum target_kind)t->kind) {
	case TARGET_MAILBOX:
		tell_mailbox(x, t, from);
		break;
	case TARGET_REMOTE:
		tell_remote(x, t, from);
		break;
	case TARGET_PIPE:
		control_line(x->out, CL_STR("step", "target"),
		    CL_STR("kind", "pipe"), CL_STR("address", t->address),
		    CL_STR("sender", from), CL_STR("program", t->nexthop));
		break;
	case TARGET_FAIL:
		control_line(x->out, CL_STR("step", "target"),
		    CL_STR("kind", "fail"), CL_STR("address", t->address),
		    CL_STR("status", t->esc), CL_STR("why", t->text));
		break;
	}
	return 0;
}

static void
tell_targets(const struct tables *t, struct span address, const char *sender,
    struct buf *out)
{
	struct recipient_tables wrapped = *tables_recipient(t);
	const struct recipient_asked asked = { .address = address,
		.sender = sender != NULL ? span_str(sender) : SPAN_NONE };
	struct explaining x = { .tables = t, .t = tables_recipient(t),
		.out = out, .sender = sender };
	struct why why;
	uint32_t n;

	wrapped.alias = alias;
	wrapped.virtual = virtual;
	wrapped.account = account;
	wrapped.include = include;
	wrapped.domain_is_local = domain_is_local;
	wrapped.route = route;
	wrapped.sender_route = sender_route;
	wrapped.pipe_exists = pipe_exists;
	wrapped.ctx = &x;
	why_set(&why, WHY_TEMP, "4.3.0", "cannot resolve now");
	if (recipient_resolve(&wrapped, &asked, give, &x, &n, &why) != 0)
		tell_why(out, "targets", &why);
	else
		control_line(out, CL_STR("step", "targets"),
		    CL_NUM("count", n));
}

/* -------------------------------------------------------------------- whole */

/* -1: the text is no address, which was said. */
static int
tell_address(const struct tables *t, const char *step, struct span text,
    struct buf *out)
{
	static const char *const classes[] = { [DOMAIN_LOCAL] = "local",
		[DOMAIN_RELAY] = "relay", [DOMAIN_FOREIGN] = "foreign" };
	struct addr a;
	struct why why;

	if (addr_parse(text, &a, &why) != 0) {
		tell_why(out, step, &why);
		return -1;
	}
	control_line(out, CL_STR("step", step),
	    CL_SPAN("address", addr_text(&a)),
	    CL_SPAN("domain", addr_domain(&a)),
	    CL_STR("class", classes[tables_domain(t, addr_domain(&a))]));
	return 0;
}

static void
tell_verdict(const struct tables *t, struct span address, struct span to,
    struct buf *out)
{
	static const char *const words[] = { [RCPT_LOCAL] = "local",
		[RCPT_RELAY_OK] = "relay", [RCPT_FOREIGN] = "foreign",
		[RCPT_UNKNOWN] = "unknown" };
	enum rcpt_kind kind;
	struct why why;

	if (request_judge(t, address, to, &kind, &why) != 0)
		tell_why(out, "recipient", &why);
	else
		control_line(out, CL_STR("step", "recipient"),
		    CL_STR("verdict", words[kind]), CL_NUM("number", kind));
}

/* Who gets a copy besides; nothing, where nobody does. */
static void
tell_copy(const struct tables *t, enum rewrite_map map, struct span address,
    struct buf *out)
{
	char copy[LOOKUP_ADDRESS_MAX + 1], key[REWRITE_KEY_SIZE];
	struct why why;

	if (request_copy(t, map, address, copy, &why) != 0)
		tell_why(out, "copy", &why);
	if (copy[0] == '\0')
		return;
	find_key(t, map, address, key);
	control_line(out, CL_STR("step", "copy"),
	    CL_STR("map", rewrite_name(map)), CL_STR("key", key),
	    CL_STR("address", copy));
}

void
explain(const struct tables *t, const char *args, struct buf *out)
{
	struct span from = span_str(args), address = span_cut(&from, ' ');
	struct span to = address;
	char sender[LOOKUP_ADDRESS_MAX + 1] = "";
	char rooms[2][LOOKUP_ADDRESS_MAX + 1];
	bool postmaster = span_ieq_str(address, "postmaster");

	if (from.n > 0 && (tell_address(t, "sender", from, out) != 0 ||
	    span_copy(from, sender, sizeof(sender)) != 0))
		return;
	if (!postmaster && tell_address(t, "address", address, out) != 0)
		return;
	from = span_str(sender);
	if (tell_rewrite(t, USE_ENVELOPE_SENDER, &from, rooms[0], out) != 0 ||
	    tell_rewrite(t, USE_ENVELOPE_RECIPIENT, &to, rooms[1], out) != 0)
		return;
	tell_verdict(t, address, to, out);
	tell_copy(t, REWRITE_SENDER_BCC, from, out);
	tell_copy(t, REWRITE_RECIPIENT_BCC, to, out);
	tell_targets(t, to, from.n > 0 ? from.p : NULL, out);
}
