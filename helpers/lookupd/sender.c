/*
 * sender.c - the three ways to own an address, the cheapest first.  The walk
 * through aliases is recipient.c's own, stopped at the first place that is not
 * the account's mailbox: an address that somebody else reads too is not the
 * account's alone to write under.
 */
#include "helpers/lookupd/sender.h"

#include "mail/addr.h"
#include "map/fold.h"
#include "map/members.h"

struct question {
	const struct sender_tables *t;
	struct span account;
	struct addr addr;
	char local[ADDR_LOCAL_SIZE];	/* plain, folded */
	char base[ADDR_LOCAL_SIZE];	/* without the detail */
};

/* The local part, and what stands before the separator in it, if anything. */
static void
split(const struct recipient_tables *t, const struct addr *a,
    char local[ADDR_LOCAL_SIZE], char base[ADDR_LOCAL_SIZE])
{
	struct span whole;
	size_t at;

	fold_addr_local(a, local);
	whole = span_str(local);
	at = t->separator != '\0' ? span_chr(whole, t->separator) : whole.n;
	span_copy_cut(at > 0 ? span_head(whole, at) : whole, base,
	    ADDR_LOCAL_SIZE);
}

static bool
is_named_so(const struct question *q)
{
	struct span domain = addr_domain(&q->addr);
	struct span name = span_head(q->account, span_chr(q->account, '@'));
	struct span at = span_from(q->account, name.n);

	if (!span_ieq_str(name, q->local))
		return false;
	if (at.n > 0)
		return span_ieq(span_from(at, 1), domain);
	return span_ieq_str(domain, q->t->recipient->hostname) ||
	    span_eq_str(domain, "localhost");
}

/* ---------------------------------------------------- where its mail goes */

struct places {
	struct span account;
	bool	    own;	/* its mailbox is one of them */
	bool	    others;	/* and there is another */
};

/* -1 ends the walk: nothing behind it can change the answer. */
static int
on_place(void *ctx, const struct target *target)
{
	struct places *p = ctx;

	if (target->kind != TARGET_MAILBOX ||
	    !span_ieq(span_str(target->user), p->account)) {
		p->others = true;
		return -1;
	}
	p->own = true;
	return 0;
}

static enum map_got
leads_to_it(const struct question *q, struct why *why)
{
	const struct recipient_tables *t = q->t->recipient;
	const struct recipient_asked asked = {
		.address = addr_text(&q->addr),
	};
	struct places p = { .account = q->account };
	uint32_t count;

	if (!t->domain_is_local(t->ctx, addr_domain(&q->addr)))
		return MAP_ABSENT;
	if (recipient_resolve(t, &asked, on_place, &p, &count, why) != 0)
		return p.others ? MAP_ABSENT : MAP_FAILED;
	return p.own ? MAP_FOUND : MAP_ABSENT;
}

/* ------------------------------------------------------- the map senders */

static bool
entry_fits(const struct question *q, struct span entry)
{
	char local[ADDR_LOCAL_SIZE], base[ADDR_LOCAL_SIZE];
	char domain[ADDR_DOMAIN_SIZE];
	struct addr a;

	if (span_eq_str(entry, "*"))
		return true;
	if (span_starts(entry, SPAN_LIT("@")))
		return addr_parse_domain(span_from(entry, 1), domain,
		    NULL) == 0 &&
		    span_eq_str(addr_domain(&q->addr), domain);
	if (addr_parse(entry, &a, NULL) != 0 ||
	    !span_eq(addr_domain(&a), addr_domain(&q->addr)))
		return false;
	split(q->t->recipient, &a, local, base);
	return span_eq_str(span_str(local), q->local) ||
	    span_eq_str(span_str(local), q->base);
}

static enum map_got
is_granted(const struct question *q, struct why *why)
{
	struct member entry;
	struct buf value;
	struct span list;
	enum map_got got;

	buf_init(&value, MAP_VALUE_MAX);
	got = q->t->senders(q->t->ctx, q->account, &value, why);
	if (got == MAP_FOUND) {
		got = MAP_ABSENT;
		list = buf_span(&value);
		while (got == MAP_ABSENT && members_next(&list, &entry))
			if (entry.kind == MEMBER_ADDRESS &&
			    entry_fits(q, entry.text))
				got = MAP_FOUND;
	}
	buf_fini(&value);
	return got;
}

enum map_got
sender_owns(const struct sender_tables *t, struct span account,
    struct span address, struct why *why)
{
	struct question q = { .t = t, .account = account };
	enum map_got got;

	if (account.n == 0 || addr_parse(address, &q.addr, NULL) != 0)
		return MAP_ABSENT;
	split(t->recipient, &q.addr, q.local, q.base);
	if (is_named_so(&q))
		return MAP_FOUND;
	got = leads_to_it(&q, why);
	return got == MAP_ABSENT ? is_granted(&q, why) : got;
}
