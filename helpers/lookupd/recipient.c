/*
 * recipient.c - a list of addresses still to be looked at, worked off from
 * the front; aliases put their members at its end.  Each address is expanded
 * once: a name that comes again below its own alias means the account of that
 * name ("alice: alice, bob"), and if there is none, a loop, which is passed
 * over.  So the work is bounded by the sizes of the aliases, and those by
 * targets_max.
 */
#include "helpers/lookupd/recipient.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "helpers/lookupd/way.h"
#include "mail/addr.h"
#include "map/fold.h"
#include "map/members.h"
#include "os/sock.h"

#include <sys/queue.h>

struct item {
	STAILQ_ENTRY(item) next;
	struct addr addr;
	unsigned    depth;
	bool	    plain;		/* "\name": the account, no alias */
	char	    owner[ADDR_SIZE];	/* envelope sender for what is below */
};
STAILQ_HEAD(items, item);

struct walk {
	const struct recipient_tables *t;
	struct span  sender;	/* of the envelope */
	struct items todo;
	struct hash *expanded;	/* addresses whose alias was opened */
	struct hash *given;	/* targets given */
	struct buf   value, text;
	size_t	     queued;	/* items ever made */
	uint32_t     count;
	bool	     looped;
	int (*give)(void *, const struct target *);
	void	    *ctx;
	struct why  *why;
};

static char present;		/* what the two tables point to */

/* ---------------------------------------------------- spellings of a name */

struct name {
	char	    local[ADDR_LOCAL_SIZE];	/* plain, folded */
	char	    base[ADDR_LOCAL_SIZE];	/* without the detail */
	char	    detail[ADDR_LOCAL_SIZE];
	struct span domain;
	bool	    has_detail;
};

static void
name_of(const struct recipient_tables *t, const struct addr *a,
    struct name *n)
{
	size_t at;
	struct span local;

	fold_addr_local(a, n->local);
	local = span_str(n->local);
	at = t->separator != '\0' ? span_chr(local, t->separator) : local.n;
	/* "+x" has no base: the whole is the name. */
	n->has_detail = at > 0 && at < local.n;
	span_copy_cut(span_head(local, n->has_detail ? at : local.n),
	    n->base, sizeof(n->base));
	span_copy_cut(n->has_detail ? span_from(local, at + 1) : SPAN_NONE,
	    n->detail, sizeof(n->detail));
	n->domain = addr_domain(a);
	if (n->domain.n == 0)
		n->domain = span_str(t->hostname);
}

static struct span
full(const char *local, struct span domain, struct buf *out)
{
	buf_clear(out);
	(void)buf_addf(out, "%s@%.*s", local, SPAN_ARG(domain));
	return buf_span(out);
}

/* -------------------------------------------------------------- the steps */

/* The value of a virtual address or alias for this name, into value. */
static enum map_got
find_list(const struct recipient_tables *t, const struct name *n,
    struct buf *value, struct why *why)
{
	const char *spellings[2] = { n->local, n->base };
	struct buf key;
	enum map_got got = MAP_ABSENT;

	buf_init(&key, ADDR_LOCAL_SIZE + ADDR_DOMAIN_SIZE);
	for (size_t i = 0; i < (n->has_detail ? 2u : 1u) &&
	    got == MAP_ABSENT; i++) {
		got = t->virtual(t->ctx, full(spellings[i], n->domain, &key),
		    value, why);
		if (got == MAP_ABSENT)
			got = t->alias(t->ctx, span_str(spellings[i]), value,
			    why);
	}
	buf_fini(&key);
	return got;
}

static enum map_got
find_account(const struct recipient_tables *t, const struct name *n,
    struct account *out, struct why *why)
{
	const char *spellings[2] = { n->local, n->base };
	bool own = span_ieq_str(n->domain, t->hostname) ||
	    span_ieq_str(n->domain, "localhost");
	struct buf key;
	enum map_got got = MAP_ABSENT;

	buf_init(&key, ADDR_LOCAL_SIZE + ADDR_DOMAIN_SIZE);
	for (size_t i = 0; i < (n->has_detail ? 2u : 1u) &&
	    got == MAP_ABSENT; i++) {
		got = t->account(t->ctx, full(spellings[i], n->domain, &key),
		    out, why);
		if (got == MAP_ABSENT && own)
			got = t->account(t->ctx, span_str(spellings[i]), out,
			    why);
		if (got == MAP_ABSENT && own)
			got = t->account(t->ctx, full(spellings[i],
			    span_str(t->first_domain), &key), out, why);
	}
	buf_fini(&key);
	return got;
}

static enum map_got
find_catch_all(const struct recipient_tables *t, const struct name *n,
    struct buf *value, struct why *why)
{
	struct buf key;
	enum map_got got;

	buf_init(&key, ADDR_LOCAL_SIZE + ADDR_DOMAIN_SIZE);
	got = t->virtual(t->ctx, full("", n->domain, &key), value, why);
	buf_fini(&key);
	return got;
}

static bool
is_postmaster(const struct name *n)
{
	return span_eq_str(span_str(n->base), "postmaster");
}

/* RFC 5321 4.5.1: mail for postmaster is always taken. */
static enum map_got
find_postmaster(const struct recipient_tables *t, const struct name *n,
    struct buf *value)
{
	buf_clear(value);
	if (!is_postmaster(n) || t->postmaster[0] == '\0')
		return MAP_ABSENT;
	return buf_add_str(value, t->postmaster) == 0 ? MAP_FOUND : MAP_ABSENT;
}

enum map_got
recipient_exists(const struct recipient_tables *t, struct span address,
    struct why *why)
{
	struct addr a;
	struct name n;
	struct account account;
	struct buf value;
	enum map_got got;

	if (span_ieq_str(address, "postmaster"))
		return MAP_FOUND;
	if (addr_parse(address, &a, NULL) != 0)
		return MAP_ABSENT;
	name_of(t, &a, &n);
	buf_init(&value, MAP_VALUE_MAX);
	got = find_list(t, &n, &value, why);
	if (got == MAP_ABSENT)
		got = find_account(t, &n, &account, why);
	if (got == MAP_ABSENT)
		got = find_catch_all(t, &n, &value, why);
	if (got == MAP_ABSENT)
		got = find_postmaster(t, &n, &value);
	buf_fini(&value);
	return got;
}

/* ---------------------------------------------------------------- targets */

static int
give(struct walk *w, const struct target *target)
{
	struct buf key;
	int rc = 0;

	/* The same mailbox, or the same address elsewhere, once only. */
	buf_init(&key, 2048);
	(void)buf_addf(&key, "%u %s %s %s %s", target->kind,
	    target->kind == TARGET_MAILBOX ? target->maildir :
	    target->address, target->nexthop, target->detail, target->owner);
	if (hash_get(w->given, buf_span(&key)) == NULL) {
		if (hash_put(w->given, buf_span(&key), &present) != 0) {
			why_set(w->why, WHY_TEMP, "4.3.5",
			    "too many recipients behind one address");
			rc = -1;
		} else {
			w->count++;
			rc = w->give(w->ctx, target);
		}
	}
	buf_fini(&key);
	return rc;
}

static void
target_init(struct target *target, const struct item *item)
{
	memset(target, 0, sizeof(*target));
	span_copy_cut(addr_text(&item->addr), target->address,
	    sizeof(target->address));
	span_copy_cut(span_str(item->owner), target->owner,
	    sizeof(target->owner));
}

static int
give_fail(struct walk *w, const struct item *item, const char *esc,
    const char *text)
{
	struct target target;

	target_init(&target, item);
	target.kind = TARGET_FAIL;
	target.permanent = 1;
	span_copy_cut(span_str(esc), target.esc, sizeof(target.esc));
	span_copy_cut(span_str(text), target.text, sizeof(target.text));
	return give(w, &target);
}

/*
 * A map says something that makes no sense: whoever keeps it is wrong, and not
 * the sender, so the mail waits until it is right.
 */
static int
give_mistake(struct walk *w, const struct item *item, const char *text)
{
	struct target target;

	target_init(&target, item);
	target.kind = TARGET_FAIL;
	span_copy_cut(SPAN_LIT("4.3.5"), target.esc, sizeof(target.esc));
	span_copy_cut(span_str(text), target.text, sizeof(target.text));
	return give(w, &target);
}

static int
give_mailbox(struct walk *w, const struct item *item,
    const struct account *account, const char *detail)
{
	struct target target;

	target_init(&target, item);
	target.kind = TARGET_MAILBOX;
	span_copy_cut(span_str(account->user), target.user,
	    sizeof(target.user));
	target.uid = account->uid;
	target.gid = account->gid;
	span_copy_cut(span_str(account->home), target.home,
	    sizeof(target.home));
	span_copy_cut(span_str(account->maildir), target.maildir,
	    sizeof(target.maildir));
	target.system_user = account->system;
	span_copy_cut(span_str(detail), target.detail, sizeof(target.detail));
	return give(w, &target);
}

/*
 * "x@[127.0.0.1]" and "x@[0.0.0.0]": an address that can only be this host is
 * no way out of it, and no domain of ours either (RFC 5321 6.3: loops).
 */
static bool
is_this_host(const struct addr *a)
{
	struct span ip = addr_domain(a);
	struct sock_addr at;

	if (!a->literal)
		return false;
	ip = span_of(ip.p + 1, ip.n - 2);	/* without its [] */
	if (span_istarts(ip, SPAN_LIT("IPv6:")))
		ip = span_from(ip, 5);
	return sock_parse_ip(ip, &at) == 0 &&
	    (sock_is_loopback(&at) || sock_is_unusable(&at));
}

static int
give_route(struct walk *w, const struct item *item)
{
	struct target target;
	enum map_got got;

	target_init(&target, item);
	target.kind = TARGET_REMOTE;
	span_copy_cut(addr_domain(&item->addr), target.nexthop,
	    sizeof(target.nexthop));
	got = way_find(w->t, addr_domain(&item->addr), w->sender.n > 0 &&
	    item->owner[0] != '\0' ? span_str(item->owner) : w->sender,
	    &target, w->why);
	if (got == MAP_FAILED)
		return -1;
	if (got == MAP_ABSENT && is_this_host(&item->addr))
		return give_fail(w, item, "5.4.6",
		    "mail loops: the address is this host");
	return give(w, &target);
}

static int
give_pipe(struct walk *w, const struct item *item, struct span name)
{
	struct target target;

	if (!w->t->pipe_exists(w->t->ctx, name))
		return give_mistake(w, item,
		    "alias names a program that is not configured");
	target_init(&target, item);
	target.kind = TARGET_PIPE;
	span_copy_cut(name, target.nexthop, sizeof(target.nexthop));
	return give(w, &target);
}

/* ------------------------------------------------------ members of a list */

static int
push(struct walk *w, const struct item *from, const struct addr *a,
    bool plain)
{
	struct item *item;

	/* The address itself is no target of its alias. */
	if (w->queued > w->t->targets_max) {
		why_set(w->why, WHY_TEMP, "4.3.5",
		    "too many recipients behind one address");
		return -1;
	}
	item = xcalloc(1, sizeof(*item));
	item->addr = *a;
	item->depth = from != NULL ? from->depth + 1 : 0;
	item->plain = plain;
	if (from != NULL)
		memcpy(item->owner, from->owner, sizeof(item->owner));
	STAILQ_INSERT_TAIL(&w->todo, item, next);
	w->queued++;
	return 0;
}

static int
push_text(struct walk *w, const struct item *from, struct span text,
    bool plain)
{
	struct addr a;
	int rc;

	rc = span_has(text, '@') ? addr_parse(text, &a, NULL) :
	    addr_make(&a, text, addr_domain(&from->addr));
	if (rc != 0)
		return give_mistake(w, from,
		    "alias holds something that is no address");
	return push(w, from, &a, plain);
}

static int	members(struct walk *, const struct item *, struct span, bool);

static int
include(struct walk *w, const struct item *from, struct span path)
{
	if (w->t->include(w->t->ctx, path, &w->text, w->why) != 0)
		return -1;
	return members(w, from, buf_span(&w->text), true);
}

static int
member(struct walk *w, const struct item *from, const struct member *m,
    bool included)
{
	switch (m->kind) {
	case MEMBER_INCLUDE:
		/* One level: a list file names no further files. */
		return included ? give_mistake(w, from,
		    ":include: inside a list file") :
		    include(w, from, m->text);
	case MEMBER_PIPE:
		return included ? give_fail(w, from, "5.7.1",
		    "a list file may name no program") :
		    give_pipe(w, from, m->text);
	case MEMBER_FILE:
		return give_mistake(w, from,
		    "delivery to files is not offered");
	case MEMBER_ACCOUNT:
	case MEMBER_ADDRESS:
		break;
	}
	return push_text(w, from, m->text, m->kind == MEMBER_ACCOUNT);
}

static int
members(struct walk *w, const struct item *from, struct span list,
    bool included)
{
	struct member m;

	while (members_next(&list, &m))
		if (member(w, from, &m, included) != 0)
			return -1;
	return 0;
}

/* ---------------------------------------------------------- one address */

/* "list" with an "owner-list" that exists: bounces go there. */
static int
set_owner(struct walk *w, const struct name *n, struct item *item)
{
	struct buf owner;
	enum map_got got;
	int rc = 0;

	buf_init(&owner, ADDR_MAX);
	if (buf_addf(&owner, "owner-%s@%.*s", n->base,
	    SPAN_ARG(n->domain)) == 0 &&
	    !span_starts(span_str(n->base), SPAN_LIT("owner-"))) {
		struct addr a;
		struct name o;

		if (addr_parse(buf_span(&owner), &a, NULL) == 0) {
			struct buf value;

			name_of(w->t, &a, &o);
			buf_init(&value, MAP_VALUE_MAX);
			got = find_list(w->t, &o, &value, w->why);
			buf_fini(&value);
			if (got == MAP_FAILED)
				rc = -1;
			else if (got == MAP_FOUND)
				span_copy_cut(addr_text(&a), item->owner,
				    sizeof(item->owner));
		}
	}
	buf_fini(&owner);
	return rc;
}

static int
open_list(struct walk *w, const struct name *n, struct item *item)
{
	struct buf list;
	int rc;

	if (hash_put(w->expanded, addr_text(&item->addr), &present) != 0) {
		why_set(w->why, WHY_TEMP, "4.3.5", "too many aliases");
		return -1;
	}
	if (item->depth >= w->t->depth_max)
		return give_fail(w, item, "5.4.6",
		    "aliases of aliases of aliases: too deep");
	if (set_owner(w, n, item) != 0)
		return -1;
	/* w->value is used again below. */
	list = w->value;
	buf_init(&w->value, MAP_VALUE_MAX);
	rc = members(w, item, buf_span(&list), false);
	buf_fini(&list);
	return rc;
}

static int
resolve_local(struct walk *w, struct item *item)
{
	bool again = hash_get(w->expanded, addr_text(&item->addr)) != NULL;
	struct account account;
	struct name n;
	enum map_got got = MAP_ABSENT;

	name_of(w->t, &item->addr, &n);
	if (!item->plain && !again)
		got = find_list(w->t, &n, &w->value, w->why);
	if (got == MAP_FOUND)
		return open_list(w, &n, item);
	if (got == MAP_ABSENT) {
		got = find_account(w->t, &n, &account, w->why);
		if (got == MAP_FOUND)
			return give_mailbox(w, item, &account, n.detail);
	}
	if (got == MAP_ABSENT && again) {
		w->looped = true;
		return 0;
	}
	if (got == MAP_ABSENT)
		got = find_catch_all(w->t, &n, &w->value, w->why);
	if (got == MAP_ABSENT)
		got = find_postmaster(w->t, &n, &w->value);
	if (got == MAP_FOUND)
		return open_list(w, &n, item);
	if (got == MAP_FAILED)
		return -1;
	return give_fail(w, item, "5.1.1", "no such user here");
}

static int
step(struct walk *w, struct item *item)
{
	struct span domain = addr_domain(&item->addr);

	if (domain.n == 0 || w->t->domain_is_local(w->t->ctx, domain))
		return resolve_local(w, item);
	return give_route(w, item);
}

static int
run(struct walk *w)
{
	while (!STAILQ_EMPTY(&w->todo)) {
		struct item *item = STAILQ_FIRST(&w->todo);
		int rc;

		STAILQ_REMOVE_HEAD(&w->todo, next);
		rc = step(w, item);
		free(item);
		if (rc != 0)
			return -1;
	}
	return 0;
}

int
recipient_resolve(const struct recipient_tables *t,
    const struct recipient_asked *asked, int (*give_fn)(void *ctx,
    const struct target *target), void *ctx, uint32_t *count,
    struct why *why)
{
	struct span address = asked->address;
	struct walk w = { .t = t, .sender = asked->sender, .give = give_fn,
		.ctx = ctx, .why = why };
	struct item first;
	int rc = -1;

	memset(&first, 0, sizeof(first));
	STAILQ_INIT(&w.todo);
	w.expanded = hash_new(t->targets_max + 1, t->seed);
	w.given = hash_new(t->targets_max + 1, t->seed);
	buf_init(&w.value, MAP_VALUE_MAX);
	buf_init(&w.text, 4 * MIB);
	if (span_ieq_str(address, "postmaster")) {
		if (addr_make(&first.addr, address,
		    span_str(t->hostname)) != 0)
			goto out;
	} else if (addr_parse(address, &first.addr, why) != 0) {
		goto out;
	}
	if (push(&w, NULL, &first.addr, false) != 0 || run(&w) != 0)
		goto out;
	if (w.count == 0 && give_fail(&w, &first, "5.4.6",
	    w.looped ? "aliases lead back to themselves" :
	    "alias without a member") != 0)
		goto out;
	*count = w.count;
	rc = 0;
out:
	while (!STAILQ_EMPTY(&w.todo)) {
		struct item *item = STAILQ_FIRST(&w.todo);

		STAILQ_REMOVE_HEAD(&w.todo, next);
		free(item);
	}
	hash_free(&w.expanded, NULL);
	hash_free(&w.given, NULL);
	buf_fini(&w.value);
	buf_fini(&w.text);
	return rc;
}
