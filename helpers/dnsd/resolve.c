/*
 * resolve.c - a question lives from the ask to the last of its replies: an
 * address question is two (A and AAAA) whose records come together.  Sockets
 * and timeouts of c-ares are events of our loop.
 *
 * c-ares sends and waits; what a reply says is read in reply.c, with its time
 * to live and where CNAMEs lead, which c-ares does not tell.
 *
 * An answer that did not come (timeout, SERVFAIL, refused) is DNS_TEMPORARY:
 * mail waits; only the name servers' own "no such name" is DNS_NXDOMAIN, and
 * a name that cannot exist.  Who asked is answered at the deadline at the
 * latest; c-ares, which knows no deadline, then goes on alone.
 */
#include "helpers/dnsd/resolve.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/log.h"
#include "helpers/dnsd/cache.h"
#include "helpers/dnsd/reply.h"
#include "os/clock.h"
#include "os/rand.h"
#include "os/sock.h"

#define TIMEOUT_MS	5000	/* of one server; doubled at the second try */
#define TRIES		2
#define UDP_MAX		1232	/* octets: no fragments anywhere */

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
	bool		   validating;
};

struct question {
	TAILQ_ENTRY(question) next;
	struct resolver  *r;
	int64_t		  until_ms;
	struct dns_ask	  ask;
	char		  name[256];	/* ask's, or made for PTR */
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
take_record(void *ctx, const struct dns_record *r)
{
	struct question *q = ctx;

	/* What does not fit is left out: ten thousand MX are an attack. */
	if (dns_records_add(&q->answer, q->ask.kind, r) != 0)
		q->cut = true;
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
	else if (q->answer.ttl_s > 0 && q->answer.ttl_s < RESOLVE_TTL_MIN_S)
		q->answer.ttl_s = RESOLVE_TTL_MIN_S;
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

/* A reply, or why there is none. */
static void
take_reply(struct question *q, enum reply_got got, const struct reply *r)
{
	if (got == REPLY_FAILED) {
		q->failed = true;
	} else {
		q->nxdomain = q->nxdomain || got == REPLY_NXDOMAIN;
		q->cut = q->cut || r->left_out;
		if (!r->secure)
			q->answer.secure = 0;
		if (r->ttl_s < q->answer.ttl_s)
			q->answer.ttl_s = r->ttl_s;
		memcpy(q->answer.canonical, r->canonical,
		    sizeof(q->answer.canonical));
	}
	if (--q->open == 0)
		finish(q);
}

static void
read_reply(struct question *q, enum reply_type type, int status,
    struct span octets)
{
	struct reply r = { .take = take_record, .ctx = q };
	size_t before = q->answer.records_len;
	enum reply_got got = REPLY_FAILED;

	if (status == ARES_SUCCESS)
		got = reply_read(octets, q->name, type, &r);
	if (got == REPLY_FAILED)
		q->answer.records_len = before;
	take_reply(q, got, &r);
}

static void
on_reply(void *ctx, int status, int timeouts, unsigned char *p, int n)
{
	static const enum reply_type types[] = { [DNS_MX] = REPLY_MX,
		[DNS_ADDRESS] = REPLY_A, [DNS_PTR] = REPLY_PTR,
		[DNS_TXT] = REPLY_TXT, [DNS_TLSA] = REPLY_TLSA,
		[DNS_CNAME] = REPLY_CNAME };
	struct question *q = ctx;

	(void)timeouts;
	read_reply(q, types[q->ask.kind], status, span_of(p,
	    p != NULL && n > 0 ? (size_t)n : 0));
}

static void
on_aaaa_reply(void *ctx, int status, int timeouts, unsigned char *p, int n)
{
	(void)timeouts;
	read_reply(ctx, REPLY_AAAA, status, span_of(p,
	    p != NULL && n > 0 ? (size_t)n : 0));
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

/*
 * Ask the servers.  With DO (RFC 3225 3) and AD in the question (RFC 6840 5.7)
 * a validating resolver says what it thinks of its answer.
 */
static void
send_query(struct question *q, enum reply_type type, ares_callback done)
{
	struct reply none = { .ttl_s = RESOLVE_NEGATIVE_TTL_S };
	unsigned char *octets = NULL;
	int n = 0, rc = ares_create_query(q->name, ns_c_in, (int)type,
	    (unsigned short)rand_below(65536), 1, &octets, &n, UDP_MAX);

	if (rc != ARES_SUCCESS) {
		/* It cannot even be asked for: nobody can have such a name. */
		take_reply(q, rc == ARES_ENOMEM ? REPLY_FAILED :
		    REPLY_NXDOMAIN, &none);
		return;
	}
	if (q->r->validating) {
		octets[3] |= 0x20;		/* AD */
		octets[n - 4] |= 0x80;		/* DO: in the OPT at the end */
	}
	ares_send(q->r->channel, octets, n, done, q);
	ares_free_string(octets);
}

static void
send_question(struct question *q)
{
	static const enum reply_type types[] = { [DNS_MX] = REPLY_MX,
		[DNS_PTR] = REPLY_PTR, [DNS_TXT] = REPLY_TXT,
		[DNS_TLSA] = REPLY_TLSA, [DNS_CNAME] = REPLY_CNAME };

	if (q->ask.kind == DNS_ADDRESS) {
		q->open = 2;
		send_query(q, REPLY_A, on_reply);
		send_query(q, REPLY_AAAA, on_aaaa_reply);
		return;
	}
	q->open = 1;
	send_query(q, types[q->ask.kind], on_reply);
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
	memcpy(q->name, ask->name, sizeof(q->name));
	q->answer.ttl_s = RESOLVE_TTL_MAX_S;
	q->answer.secure = r->validating;
	q->done = done;
	q->ctx = ctx;
	q->until_ms = clock_deadline(RESOLVE_DEADLINE_MS);
	r->inflight++;
	TAILQ_INSERT_TAIL(&r->waiting, q, next);
	if (TAILQ_FIRST(&r->waiting) == q)
		arm_overdue(r);
	/* What is no address has no name either: asked for as it is. */
	if (ask->kind == DNS_PTR)
		(void)!reverse_name(ask->name, q->name, sizeof(q->name));
	send_question(q);
	arm_timer(r);
}

struct resolver *
resolver_new(struct event_base *base, const char *servers, bool validating)
{
	struct resolver *r = xcalloc(1, sizeof(*r));
	struct ares_options options = { 0 };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
	    ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS;
	char dns_only[] = "b";

	r->base = base;
	r->validating = validating;
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

static size_t
add_port(uint16_t *ports, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return n;
	if (n < RESOLVE_PORTS_MAX)
		ports[n++] = port;
	return n;
}

size_t
resolver_tcp_ports(const struct resolver *r,
    uint16_t ports[RESOLVE_PORTS_MAX])
{
	struct ares_addr_port_node *servers = NULL;
	size_t n = 0;

	if (ares_get_servers_ports(r->channel, &servers) == ARES_SUCCESS) {
		/* It says 0 where the configuration names none. */
		for (const struct ares_addr_port_node *s = servers; s != NULL;
		    s = s->next)
			n = add_port(ports, n, s->tcp_port == 0 ?
			    NAMESERVER_PORT : (uint16_t)s->tcp_port);
		ares_free_data(servers);
	}
	return n > 0 ? n : add_port(ports, 0, NAMESERVER_PORT);
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
