/*
 * resolve.c - a question lives from the ask to the last of its replies: an
 * address question is two (A and AAAA) whose records come together.  Sockets and
 * timeouts of c-ares are events of our loop.
 *
 * An answer that did not come (timeout, SERVFAIL, refused) is DNS_TEMPORARY:
 * mail waits; only the name servers' own "no such name" is DNS_NXDOMAIN, and
 * a name that cannot exist.  Who asked is answered at the deadline at the
 * latest; c-ares, which knows no deadline, then goes on alone.
 */
#include "helpers/dnsd/resolve.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/log.h"
#include "helpers/dnsd/cache.h"
#include "os/clock.h"
#include "os/sock.h"

#define TIMEOUT_MS	5000	/* of one server; doubled at the second try */
#define TRIES		2
#define ADDRESSES_MAX	64	/* of one reply */

struct watch {			/* a socket of c-ares */
	struct event *event;
	int fd;
};

TAILQ_HEAD(questions, question);

struct resolver {
	struct event_base *base;
	ares_channel	   channel;
	struct event	  *timer;	/* c-ares' */
	struct event	  *overdue;	/* ours: for waiting */
	struct questions   waiting;	/* not yet answered, oldest first */
	struct watch	   watches[64];
	size_t		   inflight;
	struct cache	  *cache;
};

struct question {
	TAILQ_ENTRY(question) next;
	struct resolver  *r;
	int64_t		  until_ms;
	struct dns_ask	  ask;
	struct dns_answer answer;
	unsigned	  open;		/* replies still to come */
	bool		  failed;	/* one of them did not come */
	bool		  nxdomain;
	bool		  cut;		/* not all records had room */
	void (*done)(const struct dns_answer *, void *);	/* or NULL */
	void		 *ctx;
};

/* ------------------------------------------------------ c-ares on our loop */

static void
arm_timer(struct resolver *r)
{
	struct timeval tv, *wait = ares_timeout(r->channel, NULL, &tv);

	if (wait == NULL)
		(void)evtimer_del(r->timer);	/* nothing to wait for */
	else if (evtimer_add(r->timer, wait) != 0)
		die(EXIT_OSERR, "no timer");
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct resolver *r = ctx;

	(void)fd;
	(void)what;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm_timer(r);
}

static void
on_socket(evutil_socket_t fd, short what, void *ctx)
{
	struct resolver *r = ctx;

	ares_process_fd(r->channel, (what & EV_READ) != 0 ? fd :
	    ARES_SOCKET_BAD, (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	arm_timer(r);
}

static void
on_socket_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = ctx;
	struct watch *w = NULL;
	short what = (short)(EV_PERSIST | (readable ? EV_READ : 0) |
	    (writable ? EV_WRITE : 0));

	for (size_t i = 0; i < COUNT(r->watches); i++) {
		if (r->watches[i].event != NULL && r->watches[i].fd == fd) {
			w = &r->watches[i];
			break;
		}
		if (r->watches[i].event == NULL && w == NULL)
			w = &r->watches[i];
	}
	if (w == NULL)			/* the query times out, mail waits */
		return;
	if (w->event != NULL)
		event_free(w->event);
	w->event = NULL;
	if (!readable && !writable)
		return;
	w->fd = fd;
	w->event = event_new(r->base, fd, what, on_socket, r);
	if (w->event == NULL || event_add(w->event, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a socket");
}

/* ------------------------------------------------------------ reading replies */

static void
add(struct question *q, const struct dns_record *record, int ttl)
{
	uint32_t seconds = ttl > 0 ? (uint32_t)ttl : 0;

	if (seconds < q->answer.ttl_s)
		q->answer.ttl_s = seconds;
	/* What does not fit is left out: ten thousand MX are an attack. */
	if (dns_records_add(&q->answer, q->ask.kind, record) != 0)
		q->cut = true;
}

static int
read_a(struct question *q, const unsigned char *p, int n)
{
	struct ares_addrttl v[ADDRESSES_MAX];
	int count = ADDRESSES_MAX, rc = ares_parse_a_reply(p, n, NULL, v,
	    &count);

	for (int i = 0; rc == ARES_SUCCESS && i < count; i++) {
		struct dns_record record = { .family = 4 };

		memcpy(record.ip, &v[i].ipaddr, 4);
		add(q, &record, v[i].ttl);
	}
	return rc;
}

static int
read_aaaa(struct question *q, const unsigned char *p, int n)
{
	struct ares_addr6ttl v[ADDRESSES_MAX];
	int count = ADDRESSES_MAX, rc = ares_parse_aaaa_reply(p, n, NULL, v,
	    &count);

	for (int i = 0; rc == ARES_SUCCESS && i < count; i++) {
		struct dns_record record = { .family = 6 };

		memcpy(record.ip, &v[i].ip6addr, 16);
		add(q, &record, v[i].ttl);
	}
	return rc;
}

/* c-ares gives no TTL with these: a fixed, modest one. */
#define TTL_UNKNOWN_S	300

static int
read_mx(struct question *q, const unsigned char *p, int n)
{
	struct ares_mx_reply *all = NULL;
	int rc = ares_parse_mx_reply(p, n, &all);

	for (const struct ares_mx_reply *mx = all; mx != NULL;
	    mx = mx->next) {
		struct dns_record record = { .preference = mx->priority };

		/* RFC 1035 2.3.4: 255 octets; a longer one is no host. */
		if (span_copy(span_str(mx->host), record.text,
		    sizeof(record.text)) == 0)
			add(q, &record, TTL_UNKNOWN_S);
		else
			q->cut = true;
	}
	if (all != NULL)
		ares_free_data(all);
	return rc;
}

static int
read_txt(struct question *q, const unsigned char *p, int n)
{
	struct ares_txt_reply *all = NULL;
	int rc = ares_parse_txt_reply(p, n, &all);

	for (const struct ares_txt_reply *t = all; t != NULL; t = t->next) {
		struct dns_record record = { .family = 0 };

		span_copy_cut(span_of(t->txt, t->length), record.text,
		    sizeof(record.text));
		add(q, &record, TTL_UNKNOWN_S);
	}
	if (all != NULL)
		ares_free_data(all);
	return rc;
}

static int
read_ptr(struct question *q, const unsigned char *p, int n)
{
	struct hostent *host = NULL;
	struct sock_addr ip;
	int rc;

	if (sock_parse_ip(span_str(q->ask.name), &ip) != 0)
		return ARES_ENOTFOUND;
	rc = ares_parse_ptr_reply(p, n, ip.ip, ip.family == 4 ? 4 : 16,
	    ip.family == 4 ? AF_INET : AF_INET6, &host);
	for (char **name = rc == ARES_SUCCESS ? host->h_aliases : NULL;
	    name != NULL && *name != NULL; name++) {
		struct dns_record record = { .family = 0 };

		if (span_copy(span_str(*name), record.text,
		    sizeof(record.text)) == 0)
			add(q, &record, TTL_UNKNOWN_S);
	}
	if (host != NULL)
		ares_free_hostent(host);
	return rc;
}

/* --------------------------------------------------------------- questions */

/* Tell who asked, once. */
static void
answer(struct question *q)
{
	if (q->done == NULL)
		return;
	TAILQ_REMOVE(&q->r->waiting, q, next);
	q->done(&q->answer, q->ctx);
	q->done = NULL;
}

static void
finish(struct question *q)
{
	if (q->answer.records_len > 0)
		q->answer.status = DNS_OK;
	else if (q->failed || q->cut)
		q->answer.status = DNS_TEMPORARY;
	else
		q->answer.status = q->nxdomain ? DNS_NXDOMAIN : DNS_NODATA;
	/* Half an address answer is better than none, but not kept. */
	if (q->failed)
		q->answer.ttl_s = 0;
	else if (q->answer.status != DNS_OK)
		q->answer.ttl_s = RESOLVE_NEGATIVE_TTL_S;
	if (q->cut)
		log_warn(LF_STR("event", "dns-answer-cut"),
		    LF_STR("name", q->ask.name));
	cache_put(q->r->cache, &q->ask, &q->answer);
	q->r->inflight--;
	answer(q);
	free(q);
}

static void
arm_overdue(struct resolver *r)
{
	const struct question *q = TAILQ_FIRST(&r->waiting);
	struct timeval tv = { .tv_sec = 0 };
	int64_t ms;

	if (q == NULL)
		return;
	ms = q->until_ms - clock_mono_ms();
	if (ms > 0)
		tv = (struct timeval){ .tv_sec = ms / 1000,
			.tv_usec = (ms % 1000) * 1000 };
	if (evtimer_add(r->overdue, &tv) != 0)
		die(EXIT_OSERR, "no timer");
}

static void
on_overdue(evutil_socket_t fd, short what, void *ctx)
{
	struct resolver *r = ctx;
	int64_t now_ms = clock_mono_ms();
	struct question *q;

	(void)fd;
	(void)what;
	while ((q = TAILQ_FIRST(&r->waiting)) != NULL &&
	    q->until_ms <= now_ms) {
		q->failed = true;
		q->answer.status = q->answer.records_len > 0 ? DNS_OK :
		    DNS_TEMPORARY;
		answer(q);
	}
	arm_overdue(r);
}

static void
take_reply(struct question *q, int status, int rc)
{
	/* It could not even be asked for: nobody can have such a name. */
	if (status == ARES_ENOTFOUND || status == ARES_EBADNAME)
		q->nxdomain = true;
	else if (status == ARES_SUCCESS)
		status = rc;
	if (status != ARES_SUCCESS && status != ARES_ENODATA && !q->nxdomain)
		q->failed = true;
	if (--q->open == 0)
		finish(q);
}

/* RFC 1035 4.1.1: a response (QR), and all of it (no TC). */
static bool
is_whole(const unsigned char *p, int n)
{
	return n >= NS_HFIXEDSZ && (p[2] & 0x80) != 0 && (p[2] & 0x02) == 0;
}

/* What c-ares thought of a reply, and what its header says beside that. */
static int
judge_header(struct question *q, int status, const unsigned char *p, int n)
{
	/* RFC 4035 3.2.3: the resolver's word for all replies. */
	if (p == NULL || n < NS_HFIXEDSZ || (p[3] & 0x20) == 0)
		q->answer.secure = 0;
	return p != NULL && !is_whole(p, n) ? ARES_EBADRESP : status;
}

static void
on_reply(void *ctx, int status, int timeouts, unsigned char *p, int n)
{
	struct question *q = ctx;
	int rc = ARES_EBADRESP;

	(void)timeouts;
	status = judge_header(q, status, p, n);
	if (status == ARES_SUCCESS) {
		switch (q->ask.kind) {
		case DNS_MX:
			rc = read_mx(q, p, n);
			break;
		case DNS_TXT:
			rc = read_txt(q, p, n);
			break;
		case DNS_PTR:
			rc = read_ptr(q, p, n);
			break;
		default:
			rc = read_a(q, p, n);
			break;
		}
	}
	take_reply(q, status, rc);
}

static void
on_aaaa_reply(void *ctx, int status, int timeouts, unsigned char *p, int n)
{
	int rc = ARES_EBADRESP;

	(void)timeouts;
	status = judge_header(ctx, status, p, n);
	if (status == ARES_SUCCESS)
		rc = read_aaaa(ctx, p, n);
	take_reply(ctx, status, rc);
}

/* The name under which an address is asked for (RFC 1035 3.5, RFC 3596 2.5). */
static int
reverse_name(const char *address, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	struct sock_addr ip;
	struct buf b;
	int rc;

	if (sock_parse_ip(span_str(address), &ip) != 0)
		return -1;
	buf_init(&b, size - 1);
	for (int i = ip.family == 4 ? 3 : 15; i >= 0; i--) {
		if (ip.family == 4)
			(void)buf_addf(&b, "%u.", ip.ip[i]);
		else
			(void)buf_addf(&b, "%c.%c.", digits[ip.ip[i] & 15],
			    digits[ip.ip[i] >> 4]);
	}
	(void)buf_add_str(&b, ip.family == 4 ? "in-addr.arpa" : "ip6.arpa");
	rc = b.full ? -1 : span_copy(buf_span(&b), out, size);
	buf_fini(&b);
	return rc;
}

static void
send_question(struct question *q)
{
	ares_channel channel = q->r->channel;
	const char *name = q->ask.name;
	char reverse[128];

	q->open = 1;
	switch (q->ask.kind) {
	case DNS_MX:
		ares_query(channel, name, ns_c_in, ns_t_mx, on_reply, q);
		break;
	case DNS_TXT:
		ares_query(channel, name, ns_c_in, ns_t_txt, on_reply, q);
		break;
	case DNS_PTR:
		if (reverse_name(name, reverse, sizeof(reverse)) != 0) {
			q->answer.secure = 0;
			take_reply(q, ARES_ENOTFOUND, 0);
		} else
			ares_query(channel, reverse, ns_c_in, ns_t_ptr,
			    on_reply, q);
		break;
	default:
		q->open = 2;
		ares_query(channel, name, ns_c_in, ns_t_a, on_reply, q);
		ares_query(channel, name, ns_c_in, ns_t_aaaa, on_aaaa_reply,
		    q);
		break;
	}
}

void
resolver_ask(struct resolver *r, const struct dns_ask *ask,
    void (*done)(const struct dns_answer *answer, void *ctx), void *ctx)
{
	struct dns_answer cached;
	struct question *q;

	memset(&cached, 0, sizeof(cached));
	if (cache_get(r->cache, ask, &cached)) {
		done(&cached, ctx);
		return;
	}
	if (r->inflight >= RESOLVE_INFLIGHT_MAX) {
		cached.status = DNS_TEMPORARY;
		done(&cached, ctx);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->r = r;
	q->ask = *ask;
	q->answer.ttl_s = RESOLVE_TTL_MAX_S;
	q->answer.secure = 1;
	q->done = done;
	q->ctx = ctx;
	q->until_ms = clock_deadline(RESOLVE_DEADLINE_MS);
	r->inflight++;
	TAILQ_INSERT_TAIL(&r->waiting, q, next);
	if (TAILQ_FIRST(&r->waiting) == q)
		arm_overdue(r);
	send_question(q);
	arm_timer(r);
}

struct resolver *
resolver_new(struct event_base *base, const char *servers)
{
	struct resolver *r = xcalloc(1, sizeof(*r));
	struct ares_options options = { 0 };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	    ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS;
	char dns_only[] = "b";

	r->base = base;
	r->cache = cache_new();
	r->timer = evtimer_new(base, on_timer, r);
	r->overdue = evtimer_new(base, on_overdue, r);
	TAILQ_INIT(&r->waiting);
	options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS;
	options.timeout = TIMEOUT_MS;
	options.tries = TRIES;
	options.lookups = dns_only;
	options.sock_state_cb = on_socket_state;
	options.sock_state_cb_data = r;
	if (r->timer == NULL || r->overdue == NULL ||
	    ares_library_init(ARES_LIB_INIT_ALL) != 0 ||
	    ares_init_options(&r->channel, &options, mask) != ARES_SUCCESS ||
	    (servers[0] != '\0' && ares_set_servers_ports_csv(r->channel,
	    servers) != ARES_SUCCESS)) {
		resolver_free(&r);
		return NULL;
	}
	return r;
}

void
resolver_free(struct resolver **r)
{
	if (*r == NULL)
		return;
	if ((*r)->channel != NULL)
		ares_destroy((*r)->channel);	/* ends every question */
	if ((*r)->timer != NULL)
		event_free((*r)->timer);
	if ((*r)->overdue != NULL)
		event_free((*r)->overdue);
	for (size_t i = 0; i < COUNT((*r)->watches); i++)
		if ((*r)->watches[i].event != NULL)
			event_free((*r)->watches[i].event);
	cache_free(&(*r)->cache);
	free(*r);
	*r = NULL;
}
