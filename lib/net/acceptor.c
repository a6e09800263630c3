/*
 * acceptor - see acceptor.h.  Counts live in a keyed hash table, one entry for
 * each address that has clients now and one for its network; bans in a ring,
 * where a new one takes the place of the oldest: both are bounded whatever the
 * network sends.
 *
 * accept(2) that fails for want of descriptors leaves the client waiting and
 * the listener readable: a loop that goes on would spin.  All listeners rest
 * for REST_MS then; the clients wait in the kernel's queue.
 */
#include "net/acceptor.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"

#define ACCEPTS_PER_WAKEUP	64
#define BANS_MAX		256
#define LOCAL_LEAVE		4	/* one of so many places */
#define SOURCES_CARRIED		4	/* entries for each of the places */
/* Address and network of a connection, and of whom a proxy named; spare. */
#define SOURCES_OWN		5
#define REST_MS			250
#define REST_LOG_MS		60000	/* one line a minute is enough */

#define NETWORK		0x80	/* with the family: the key of a network */

struct count {
	unsigned own, carried;
	int64_t	 carried_until_ms;
};

struct ban {
	struct sock_source who;
	int64_t until_ms;
};

struct listener {
	struct acceptor *a;
	struct event *event;
	int fd, tag;
};

struct acceptor {
	struct event_base *base;
	struct acceptor_how how;
	struct listener listeners[ACCEPTOR_LISTENERS_MAX];
	size_t	 listeners_n;
	struct event *rest;		/* timer: listen again */
	int64_t	 rest_logged_ms;
	struct hash *sources;		/* to struct count */
	unsigned total;
	struct ban bans[BANS_MAX];
	size_t	 ban_next;
};

static struct sock_source
source_of(const struct sock_addr *peer)
{
	struct sock_source s;

	sock_source_of(peer, &s);
	return s;
}

static struct sock_source
network_of(const struct sock_addr *peer)
{
	struct sock_network n;
	struct sock_source s = { .octets = { 0 } };

	sock_network_of(peer, &n);
	memcpy(s.octets, n.octets, sizeof(n.octets));
	s.octets[0] |= NETWORK;
	return s;
}

static struct span
key_of(const struct sock_source *s)
{
	return span_of(s->octets, sizeof(s->octets));
}

/* Everybody behind a local proxy or on this host shares these. */
static bool
is_local(const struct sock_addr *peer)
{
	return peer->family == 0 || sock_is_loopback(peer);
}

static bool
banned(const struct acceptor *a, const struct sock_addr *peer)
{
	struct sock_source who = source_of(peer);
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < BANS_MAX; i++)
		if (a->bans[i].until_ms > now &&
		    memcmp(&a->bans[i].who, &who, sizeof(who)) == 0)
			return true;
	return false;
}

unsigned
acceptor_count(const struct acceptor *a)
{
	return a->total;
}

static unsigned
sum_of(const struct count *c)
{
	return c->own + (c->carried_until_ms > clock_mono_ms() ? c->carried :
	    0);
}

static unsigned
clients_of(const struct acceptor *a, struct sock_source who)
{
	const struct count *c = hash_get(a->sources, key_of(&who));

	return c != NULL ? sum_of(c) : 0;
}

unsigned
acceptor_count_of(const struct acceptor *a, const struct sock_addr *peer)
{
	return clients_of(a, source_of(peer));
}

/* Places that nobody else needs are no reason to let one network take all. */
static bool
network_is_full(const struct acceptor *a, const struct sock_addr *peer)
{
	uint64_t places = (uint64_t)a->how.total_max *
	    a->how.network_percent / 100;

	return clients_of(a, network_of(peer)) >= (places > 0 ? places : 1) &&
	    (a->how.exempt == NULL || !a->how.exempt(peer, a->how.ctx));
}

/*
 * No limit of one address holds for local clients, so they leave places free:
 * no user of this host can shut out the network.
 */
static bool
is_full(const struct acceptor *a, const struct sock_addr *peer)
{
	unsigned kept = is_local(peer) ? a->how.total_max / LOCAL_LEAVE : 0;

	return a->total >= a->how.total_max - kept;
}

static bool
is_shared(const struct acceptor *a, const struct sock_addr *peer)
{
	return a->how.shared != NULL && a->how.shared(peer, a->how.ctx);
}

static bool
refused_for_itself(const struct acceptor *a, const struct sock_addr *peer,
    enum acceptor_refusal *why)
{
	bool shared = is_shared(a, peer);

	if (is_local(peer))
		return false;
	else if (!shared && banned(a, peer))
		*why = ACCEPTOR_BANNED;
	else if (!shared && acceptor_count_of(a, peer) >= a->how.source_max)
		*why = ACCEPTOR_SOURCE_FULL;
	else if (network_is_full(a, peer))
		*why = ACCEPTOR_NETWORK_FULL;
	else
		return false;
	return true;
}

static bool
refusal(const struct acceptor *a, const struct sock_addr *peer,
    enum acceptor_refusal *why)
{
	if (!is_full(a, peer))
		return refused_for_itself(a, peer, why);
	*why = ACCEPTOR_ALL_FULL;
	return true;
}

/* NULL: there is no room for one more, which can only be a carried one. */
static struct count *
count_for(struct acceptor *a, struct sock_source who)
{
	struct count *c = hash_get(a->sources, key_of(&who));

	if (c == NULL) {
		c = xcalloc(1, sizeof(*c));
		if (hash_put(a->sources, key_of(&who), c) != 0) {
			free(c);
			c = NULL;
		}
	}
	return c;
}

static void
forget_idle(struct acceptor *a, struct sock_source who, struct count *c)
{
	if (sum_of(c) == 0) {
		(void)hash_del(a->sources, key_of(&who));
		free(c);
	}
}

static void
count_up(struct acceptor *a, struct sock_source who)
{
	struct count *c = count_for(a, who);

	if (c == NULL)	/* its cap is beyond what refusal() lets in */
		bug("more sources than clients");
	c->own++;
}

static void
count_down(struct acceptor *a, struct sock_source who)
{
	struct count *c = hash_get(a->sources, key_of(&who));

	if (c == NULL || c->own == 0)
		bug("the end of a client that was not counted");
	c->own--;
	forget_idle(a, who, c);
}

static void
carry(struct acceptor *a, struct sock_source who, unsigned n, bool less)
{
	struct count *c = count_for(a, who);

	if (c == NULL)
		return;
	if (less)
		c->carried -= n < c->carried ? n : c->carried;
	else
		c->carried += n < a->how.total_max ? n : a->how.total_max;
	c->carried_until_ms = clock_deadline(ACCEPTOR_CARRIED_MS);
	forget_idle(a, who, c);
}

void
acceptor_carry(struct acceptor *a, const struct sock_addr *peer, unsigned n,
    bool less)
{
	if (is_local(peer) ||
	    hash_count(a->sources) >= SOURCES_CARRIED * a->how.total_max)
		return;
	carry(a, source_of(peer), n, less);
	carry(a, network_of(peer), n, less);
}

static struct sock_addr
addr_of(const struct sock_source *s)
{
	struct sock_addr a = { .family = s->octets[0] };

	memcpy(a.ip, s->octets + 1, a.family == 4 ? 4 : 8);
	return a;
}

struct handing {
	unsigned left;
	void (*each)(const struct sock_addr *peer, unsigned n,
	    int64_t banned_ms, void *ctx);
	void *ctx;
};

static void
hand_count(struct span key, void *value, void *arg)
{
	struct handing *h = arg;
	struct sock_source s;
	struct sock_addr peer;

	memcpy(&s, key.p, sizeof(s));
	if ((s.octets[0] & NETWORK) != 0)	/* the sum of its addresses */
		return;
	peer = addr_of(&s);
	if (is_local(&peer) || h->left == 0)
		return;
	h->left--;
	h->each(&peer, sum_of(value), 0, h->ctx);
}

void
acceptor_hand_over(struct acceptor *a, unsigned most,
    void (*each)(const struct sock_addr *peer, unsigned n, int64_t banned_ms,
    void *ctx), void *ctx)
{
	struct handing h = { .left = most, .each = each, .ctx = ctx };
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < BANS_MAX; i++)
		if (a->bans[i].until_ms > now) {
			struct sock_addr peer = addr_of(&a->bans[i].who);

			each(&peer, 0, a->bans[i].until_ms - now, ctx);
		}
	hash_each(a->sources, hand_count, &h);
}

void
acceptor_ended(struct acceptor *a, const struct sock_addr *peer)
{
	count_down(a, source_of(peer));
	count_down(a, network_of(peer));
	a->total--;
}

bool
acceptor_admit(struct acceptor *a, const struct sock_addr *client,
    enum acceptor_refusal *why)
{
	if (refused_for_itself(a, client, why))
		return false;
	count_up(a, source_of(client));
	count_up(a, network_of(client));
	return true;
}

void
acceptor_left(struct acceptor *a, const struct sock_addr *client)
{
	count_down(a, source_of(client));
	count_down(a, network_of(client));
}

void
acceptor_ban(struct acceptor *a, const struct sock_addr *peer, int64_t for_ms)
{
	if (is_local(peer) || is_shared(a, peer))
		return;
	a->bans[a->ban_next] = (struct ban){ .who = source_of(peer),
	    .until_ms = clock_deadline(for_ms) };
	a->ban_next = (a->ban_next + 1) % BANS_MAX;
}

static void
take_rest(struct acceptor *a, int error)
{
	const struct timeval tv = { .tv_usec = REST_MS * 1000 };
	int64_t now = clock_mono_ms();

	if (a->rest_logged_ms == 0 || now - a->rest_logged_ms > REST_LOG_MS) {
		a->rest_logged_ms = now;
		log_warn(LF_STR("event", "accept-rests"),
		    LF_STR("why", strerror(error)),
		    LF_NUM("clients", a->total));
	}
	for (size_t i = 0; i < a->listeners_n; i++)
		(void)event_del(a->listeners[i].event);	/* never fails here */
	if (event_add(a->rest, &tv) != 0)
		die(EXIT_OSERR, "no timer for the listeners");
}

static void
on_rested(evutil_socket_t fd, short what, void *ctx)
{
	struct acceptor *a = ctx;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < a->listeners_n; i++)
		if (event_add(a->listeners[i].event, NULL) != 0)
			die(EXIT_OSERR, "cannot listen again");
}

static void
serve(struct acceptor *a, int fd, const struct sock_addr *peer, int tag)
{
	enum acceptor_refusal why;

	if (refusal(a, peer, &why)) {
		if (a->how.refused != NULL)
			a->how.refused(fd, peer, tag, why, a->how.ctx);
		fd_close(&fd);
		return;
	}
	/* Counted first: the callback may tell of the end before it returns. */
	count_up(a, source_of(peer));
	count_up(a, network_of(peer));
	a->total++;
	if (!a->how.client(fd, peer, tag, a->how.ctx))
		acceptor_ended(a, peer);
}

static void
on_clients(evutil_socket_t sock, short what, void *ctx)
{
	struct listener *l = ctx;
	struct acceptor *a = l->a;
	struct sock_addr peer;
	int fd, i;

	(void)what;
	for (i = 0; i < ACCEPTS_PER_WAKEUP && l->fd >= 0; i++) {
		fd = sock_accept((int)sock, &peer);
		if (fd < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				take_rest(a, errno);
			return;
		}
		serve(a, fd, &peer, l->tag);
	}
}

struct acceptor *
acceptor_new(struct event_base *base, const struct acceptor_how *how)
{
	struct acceptor *a = xcalloc(1, sizeof(*a));
	uint8_t seed[16];

	if (how->total_max == 0 || how->network_percent == 0)
		bug("an acceptor for nobody");
	rand_octets(seed, sizeof(seed));
	a->base = base;
	a->how = *how;
	a->sources = hash_new((SOURCES_CARRIED + SOURCES_OWN) *
	    (size_t)how->total_max, seed);
	a->rest = event_new(base, -1, 0, on_rested, a);
	if (a->rest == NULL)
		die(EXIT_OSERR, "no timer for the listeners");
	return a;
}

int
acceptor_listen(struct acceptor *a, int fd, int tag)
{
	struct listener *l;

	if (a->listeners_n == ACCEPTOR_LISTENERS_MAX) {
		fd_close(&fd);
		return -1;
	}
	l = &a->listeners[a->listeners_n++];
	*l = (struct listener){ .a = a, .fd = fd, .tag = tag };
	l->event = event_new(a->base, fd, EV_READ | EV_PERSIST, on_clients, l);
	if (l->event == NULL || event_add(l->event, NULL) != 0)
		die(EXIT_OSERR, "cannot wait on a listener");
	return 0;
}

void
acceptor_stop(struct acceptor *a)
{
	struct listener *l;

	(void)event_del(a->rest);	/* it would listen again */
	for (l = a->listeners; l < a->listeners + a->listeners_n; l++) {
		event_free(l->event);
		fd_close(&l->fd);
	}
	a->listeners_n = 0;
}

void
acceptor_free(struct acceptor **a)
{
	if (*a == NULL)
		return;
	acceptor_stop(*a);
	event_free((*a)->rest);
	hash_free(&(*a)->sources, free);
	free(*a);
	*a = NULL;
}
