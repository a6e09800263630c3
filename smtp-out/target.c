/*
 * target.c - RFC 5321 5.1 as one function per rule.
 */
#include "smtp-out/target.h"

#include <string.h>

bool
target_is_literal(struct span nexthop)
{
	return nexthop.n > 2 && nexthop.p[0] == '[' &&
	    nexthop.p[nexthop.n - 1] == ']';
}

int
target_from_literal(struct span nexthop, struct target_hosts *out,
    struct why *why)
{
	struct span host = span_of(nexthop.p + 1, nexthop.n - 2);

	memset(out, 0, sizeof(*out));
	/* An address literal of the mail address: "[IPv6:2001:db8::1]". */
	if (span_istarts(host, SPAN_LIT("IPv6:")))
		host = span_from(host, 5);
	if (span_copy(host, out->v[0].name, sizeof(out->v[0].name)) != 0) {
		why_set(why, WHY_PERM, "5.1.2", "host name too long");
		return -1;
	}
	out->n = 1;
	return 0;
}

static struct span
without_dot(struct span name)
{
	return span_ends(name, SPAN_LIT(".")) ?
	    span_head(name, name.n - 1) : name;
}

/* -1: the records are broken. */
static int
collect(const struct dns_answer *mx, struct target_hosts *out, bool *null_mx)
{
	struct dns_record r;
	size_t at = 0;
	int got;

	while ((got = dns_records_next(mx, DNS_MX, &at, &r)) == 1) {
		struct span name = without_dot(span_str(r.text));

		if (name.n == 0) {
			*null_mx = true;
			continue;
		}
		if (out->n == HOSTS_MAX)
			continue;
		out->v[out->n].preference = r.preference;
		span_copy_cut(name, out->v[out->n].name,
		    sizeof(out->v[out->n].name));
		out->n++;
	}
	return got;
}

static void
swap(struct target_host *a, struct target_host *b)
{
	struct target_host t = *a;

	*a = *b;
	*b = t;
}

/* Shuffle, then a stable sort by preference: equal ones stay shuffled. */
static void
order(struct target_hosts *h, uint32_t (*random)(uint32_t))
{
	for (size_t i = h->n; i > 1; i--)
		swap(&h->v[i - 1], &h->v[random((uint32_t)i)]);
	for (size_t i = 1; i < h->n; i++)
		for (size_t j = i; j > 0 &&
		    h->v[j].preference < h->v[j - 1].preference; j--)
			swap(&h->v[j], &h->v[j - 1]);
}

/* We are an MX: only better ones make sense (RFC 5321 5.1). */
static void
drop_from_me(struct target_hosts *h, struct span me)
{
	for (size_t i = 0; i < h->n; i++)
		if (span_ieq_str(me, h->v[i].name)) {
			size_t first = i;

			while (first > 0 && h->v[first - 1].preference ==
			    h->v[i].preference)
				first--;
			h->n = first;
			return;
		}
}

int
target_from_mx(struct span domain, const struct dns_answer *mx,
    struct span me, uint32_t (*random)(uint32_t bound),
    struct target_hosts *out, struct why *why)
{
	bool null_mx = false;

	memset(out, 0, sizeof(*out));
	out->looked_up = true;
	if (mx->status == DNS_TEMPORARY) {
		why_set(why, WHY_TEMP, "4.4.3", "no answer from DNS for "
		    "the MX of %.*s", SPAN_ARG(domain));
		return -1;
	}
	if (mx->status == DNS_NXDOMAIN) {
		why_set(why, WHY_PERM, "5.1.2", "there is no domain %.*s",
		    SPAN_ARG(domain));
		return -1;
	}
	if (mx->status == DNS_OK && collect(mx, out, &null_mx) != 0) {
		why_set(why, WHY_TEMP, "4.4.3", "broken answer from DNS");
		return -1;
	}
	if (out->n == 0 && null_mx) {		/* RFC 7505 */
		why_set(why, WHY_PERM, "5.1.10", "%.*s takes no mail",
		    SPAN_ARG(domain));
		return -1;
	}
	if (out->n == 0) {			/* implicit MX */
		span_copy_cut(domain, out->v[0].name,
		    sizeof(out->v[0].name));
		out->n = 1;
	}
	order(out, random);
	drop_from_me(out, me);
	if (out->n == 0) {
		why_set(why, WHY_PERM, "5.4.6", "mail for %.*s loops: we are "
		    "its best MX, and it is not ours", SPAN_ARG(domain));
		return -1;
	}
	return 0;
}

/* RFC 4291 2.5.5: IPv4 addresses in disguise, loopback ones among them. */
static bool
is_disguised(const struct sock_addr *a)
{
	static const uint8_t zero[10];

	return a->family == 6 && memcmp(a->ip, zero, sizeof(zero)) == 0 &&
	    ((a->ip[10] == 0xff && a->ip[11] == 0xff) ||
	    (a->ip[10] == 0 && a->ip[11] == 0));
}

/* May it be connected to?  Else it is counted. */
static bool
usable(const struct sock_addr *a, const struct target_rules *rules,
    struct target_left *left)
{
	if (sock_is_unusable(a) || (rules->looked_up &&
	    (sock_is_loopback(a) || is_disguised(a)))) {
		left->ourselves++;
		return false;
	}
	if (rules->looked_up && !rules->private_too && sock_is_private(a)) {
		left->private++;
		return false;
	}
	return true;
}

size_t
target_addresses(const struct dns_answer *answer,
    const struct target_rules *rules, struct sock_addr *out, size_t most,
    struct target_left *left)
{
	struct sock_addr by_family[2][ADDRESSES_MAX];
	size_t n[2] = { 0, 0 }, at = 0, count = 0;
	struct dns_record r;

	*left = (struct target_left){ 0, 0 };
	while (dns_records_next(answer, DNS_ADDRESS, &at, &r) == 1) {
		struct sock_addr a = { .family = r.family };
		size_t f = r.family == 4;

		memcpy(a.ip, r.ip, sizeof(a.ip));
		if (usable(&a, rules, left) && n[f] < ADDRESSES_MAX)
			by_family[f][n[f]++] = a;
	}
	for (size_t i = 0; i < ADDRESSES_MAX; i++)
		for (size_t f = 0; f < 2; f++)
			if (i < n[f] && count < most)
				out[count++] = by_family[f][i];
	return count;
}
