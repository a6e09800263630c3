/*
 * listener - see listener.h.
 * This process never reads an octet of a client: it accepts, counts, makes
 * the channels that the session will own and forks.  What clients do within
 * their sessions it counts as those tell it (tally.h).  A session that dies of a
 * fault signal may have been an attack on memory whose layout all its siblings
 * share: its client is shut out for a while and master is asked for a
 * successor, a fresh exec with a new layout, beside which this one drains.
 */
#include "smtpd/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/service.h"
#include "ipc/chan.h"
#include "ipc/msg_queue.h"
#include "net/acceptor.h"
#include "net/pace.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"
#include "smtpd/child.h"
#include "smtpd/limits.h"
#include "smtpd/policy.h"
#include "smtpd/reply.h"
#include "smtpd/worker.h"

struct listener {
	const struct settings *set;
	struct ipc_server *srv;
	struct acceptor *acceptor;
	struct pace *pace;		/* of handshakes on submissions */
	struct tally *tally;
	struct workers *workers;
	struct confine_filter *filter;	/* of the sessions */
	enum listener_kind kinds[ACCEPTOR_LISTENERS_MAX];	/* by tag */
	size_t	n;			/* taken from master so far */
	bool	asked;			/* for a successor */
	int64_t	asked_ms, shortage_ms, stress_ms, crowd_ms;
	bool	stopping;
	struct event *drain;
};

/* What a session needs besides its client; all closed: -1. */
struct ends {
	int lookupd, qmgr, authd, keyd;
	int chan[2];			/* ours, the child's */
};

static void
close_ends(struct ends *e)
{
	fd_close(&e->lookupd);
	fd_close(&e->qmgr);
	fd_close(&e->authd);
	fd_close(&e->keyd);
	fd_close(&e->chan[1]);
}

static int
introduce(struct listener *l, enum role role)
{
	struct ipc_peer *peer = ipc_server_peer(l->srv, role);

	return peer != NULL ? chan_introduce(peer) : -1;
}

/*
 * Channels for a session on a listener of that kind.
 */
static int
make_ends(struct listener *l, enum listener_kind kind, struct ends *e)
{
	bool logins = kind == LISTENER_SUBMISSION ||
	    kind == LISTENER_SUBMISSIONS;

	*e = (struct ends){ -1, -1, -1, -1, { -1, -1 } };
	e->lookupd = introduce(l, ROLE_LOOKUPD);
	e->qmgr = e->lookupd >= 0 ? introduce(l, ROLE_QMGR) : -1;
	if (logins && e->qmgr >= 0)
		e->authd = introduce(l, ROLE_AUTHD);
	/* Without keyd there is mail, only no TLS. */
	if (l->set->tls != NULL && (logins || kind == LISTENER_MX))
		e->keyd = introduce(l, ROLE_KEYD);
	if (e->qmgr < 0 || (logins && e->authd < 0) ||
	    fd_pair(e->chan) != 0) {
		close_ends(e);
		return -1;
	}
	return 0;
}

/* One line now and then, not one per client. */
static void
log_shortage(struct listener *l, const char *what)
{
	int64_t now = clock_mono_ms();

	if (l->shortage_ms != 0 && now - l->shortage_ms < LIMIT_SHORTAGE_MS)
		return;
	l->shortage_ms = now;
	log_warn(LF_STR("event", "no-session"), LF_STR("why", what));
}

static void
log_refusal(const struct sock_addr *peer, const char *why)
{
	char ip[SOCK_IP_SIZE];

	sock_format_ip(peer, ip);
	log_warn(LF_STR("event", "client-refused"), LF_STR("client", ip),
	    LF_STR("why", why));
}

/* No line in the clear where TLS comes first. */
static void
refuse(int fd, enum listener_kind kind, enum say what)
{
	if (kind != LISTENER_SUBMISSIONS)
		say_refusal(fd, what);
}

/* Are few places left?  Clients of this host are not hurried. */
static bool
is_stressed(struct listener *l, const struct sock_addr *peer)
{
	unsigned n = acceptor_count(l->acceptor);
	int64_t now = clock_mono_ms();

	if ((uint64_t)n * 100 <
	    (uint64_t)l->set->clients_max * LIMIT_STRESS_PERCENT)
		return false;
	if (l->stress_ms == 0 || now - l->stress_ms >= LIMIT_STRESS_SAID_MS) {
		l->stress_ms = now;
		log_warn(LF_STR("event", "few-places-left"),
		    LF_NUM("clients", n));
	}
	return settings_has(&l->set->proxies, peer) ||
	    (peer->family != 0 && !sock_is_loopback(peer));
}

static _Noreturn void
in_child(struct listener *l, int fd, const struct sock_addr *peer,
    enum listener_kind kind, const struct ends *e)
{
	const struct child_start start = { .set = l->set,
		.stress = is_stressed(l, peer),
		.filter = l->filter, .fd = fd, .peer = *peer, .kind = kind,
		.lookupd = e->lookupd, .qmgr = e->qmgr, .authd = e->authd,
		.keyd = e->keyd, .chan = e->chan[1] };

	child_run(&start);
}

/* A user of this host must not take the places of all others. */
static bool
has_too_many(struct listener *l, uint32_t uid)
{
	if (uid == 0 || l->set->clients_per_user == 0 ||
	    workers_of_user(l->workers, uid) < l->set->clients_per_user)
		return false;
	log_warn(LF_STR("event", "client-refused"), LF_NUM("uid", uid),
	    LF_STR("why", "too many connections of this user"));
	return true;
}

/* fd is closed here in every case. */
static bool
start_session(struct listener *l, int fd, const struct sock_addr *peer,
    enum listener_kind kind)
{
	struct worker_client client = { .peer = *peer };
	struct ends e;
	pid_t pid;

	client.is_user = kind == LISTENER_LOCAL &&
	    sock_peer_uid(fd, &client.uid) == 0;
	if (client.is_user && has_too_many(l, client.uid)) {
		refuse(fd, kind, SAY_BUSY_ADDRESS);
		fd_close(&fd);
		return false;
	}
	if (make_ends(l, kind, &e) != 0) {
		log_shortage(l, "a channel cannot be made");
		refuse(fd, kind, SAY_NO_SERVICE);
		fd_close(&fd);
		return false;
	}
	pid = spawn_fork();
	if (pid == 0)
		in_child(l, fd, peer, kind, &e);
	if (pid < 0) {
		log_shortage(l, strerror(errno));
		refuse(fd, kind, SAY_NO_SERVICE);
		fd_close(&e.chan[0]);
	} else if (workers_add(l->workers, pid, &client, e.chan[0]) != 0) {
		log_shortage(l, "too many sessions");
		(void)spawn_kill(pid, SIGTERM);	/* nobody would count it */
		pid = -1;
	}
	close_ends(&e);
	fd_close(&fd);
	return pid > 0;
}

/* Does this host pass on what others send?  They count, not it. */
static bool
is_forwarder(const struct listener *l, const struct sock_addr *peer)
{
	return settings_has(&l->set->proxies, peer) ||
	    settings_has(&l->set->xclient, peer);
}

static bool
is_shared(const struct sock_addr *peer, void *ctx)
{
	return is_forwarder(ctx, peer);
}

/* Do the limits of networks not hold for this one? */
static bool
is_exempt(const struct sock_addr *peer, void *ctx)
{
	const struct listener *l = ctx;

	return is_forwarder(l, peer) || settings_has(&l->set->relay, peer);
}

/* Has its network any connections and errors left? */
static bool
is_welcome(struct listener *l, const struct sock_addr *peer, enum say *over)
{
	struct tally_event e = { .kind = TALLY_ERROR, .client = *peer };
	int64_t now = clock_mono_ms();
	bool say = false;

	if (is_exempt(peer, l))
		return true;
	*over = SAY_NETWORK_ERRORS;
	if (tally_look(l->tally, &e, now, &say) == TALLY_OK) {
		e.kind = TALLY_CONNECTION;
		*over = SAY_BUSY_NETWORK;
		if (tally_count(l->tally, &e, now, &say) == TALLY_OK)
			return true;
	}
	if (say)
		log_refusal(peer, say_words(*over));
	return false;
}

static bool
on_client(int fd, const struct sock_addr *peer, int tag, void *ctx)
{
	struct listener *l = ctx;
	enum listener_kind kind = l->kinds[tag];
	bool say = false;
	enum say over;

	/* A proxy's clients come from many networks, that it alone knows. */
	if (kind == LISTENER_SUBMISSIONS &&
	    !settings_has(&l->set->proxies, peer) &&
	    !pace_allow(l->pace, peer, &say)) {
		if (say)
			log_refusal(peer,
			    "too many handshakes of this network");
		fd_close(&fd);
		return false;
	}
	if (!is_welcome(l, peer, &over)) {
		refuse(fd, kind, over);
		fd_close(&fd);
		return false;
	}
	/* Whoever took over a session would get those of other clients. */
	if (kind == LISTENER_MX && !is_forwarder(l, peer) &&
	    workers_pass(l->workers, fd, peer, is_stressed(l, peer)))
		return true;
	return start_session(l, fd, peer, kind);
}

static void
on_refused(int fd, const struct sock_addr *peer, int tag,
    enum acceptor_refusal why, void *ctx)
{
	static const struct {
		enum say    say;
		const char *text;
	} words[] = {
		[ACCEPTOR_SOURCE_FULL] = { SAY_BUSY_ADDRESS,
		    "too many of this address" },
		[ACCEPTOR_NETWORK_FULL] = { SAY_BUSY_NETWORK,
		    "too many of this network" },
		[ACCEPTOR_ALL_FULL] = { SAY_BUSY, "too many" },
		[ACCEPTOR_BANNED] = { SAY_BANNED, "shut out" },
	};
	char ip[SOCK_IP_SIZE];
	struct listener *l = ctx;
	int64_t now = clock_mono_ms();

	if (why == ACCEPTOR_NETWORK_FULL && (l->crowd_ms == 0 ||
	    now - l->crowd_ms >= LIMIT_CROWD_SAID_MS)) {
		l->crowd_ms = now;
		log_refusal(peer, words[why].text);
	} else {
		sock_format_ip(peer, ip);
		log_debug(LF_STR("event", "client-refused"),
		    LF_STR("client", ip), LF_STR("why", words[why].text));
	}
	refuse(fd, l->kinds[tag], words[why].say);
}

/* To whoever takes the place of this process, if somebody does. */
static void
tell_successor(const struct sock_addr *peer, unsigned n, bool less,
    int64_t banned_ms)
{
	struct super_carry c = { .ip_len = peer->family == 4 ? 4 : 16,
		.less = less, .clients = n,
		.banned_ms = (uint32_t)banned_ms };

	memcpy(c.ip, peer->ip, c.ip_len);
	service_carry(&c);
}

static void
hand_over(const struct sock_addr *peer, unsigned n, int64_t banned_ms,
    void *ctx)
{
	(void)ctx;
	tell_successor(peer, n, false, banned_ms);
}

void
listener_carry(struct listener *l, const struct super_carry *c)
{
	struct sock_addr peer = { .family = c->ip_len == 4 ? 4 : 6 };

	memcpy(peer.ip, c->ip, c->ip_len == 4 ? 4 : 16);
	if (c->clients > 0)
		acceptor_carry(l->acceptor, &peer, c->clients, c->less != 0);
	if (c->banned_ms > 0)
		acceptor_ban(l->acceptor, &peer, c->banned_ms);
}

static void
end_if_idle(struct listener *l)
{
	if (l->stopping && workers_count(l->workers) == 0)
		service_loop_end();
}

static void
on_over(const struct worker_whose *whose, void *ctx)
{
	struct listener *l = ctx;

	acceptor_ended(l->acceptor, &whose->peer);
	if (l->stopping && whose->peer.family != 0)
		tell_successor(&whose->peer, 1, true, 0);
	if (whose->client.family == 0)
		return;
	acceptor_left(l->acceptor, &whose->client);
	if (l->stopping)
		tell_successor(&whose->client, 1, true, 0);
}

/* It was counted when it was accepted; it stays so if it gets a session. */
static void
on_orphan(int fd, const struct sock_addr *peer, void *ctx)
{
	struct listener *l = ctx;

	if (!start_session(l, fd, peer, LISTENER_MX))
		acceptor_ended(l->acceptor, peer);
}

/*
 * Behind a proxy, the first word of a session is whose the connection is: it
 * has read nothing then but the proxy's header, so nobody has taken it over.
 * What it says later makes nobody count, free or shut out.
 */
static enum tally_verdict
admit(struct listener *l, struct worker_whose *whose,
    const struct tally_event *e)
{
	enum acceptor_refusal why;
	bool named = e->kind == TALLY_CONNECTION && !whose->told &&
	    e->client.family != 0 && !sock_ip_eq(&e->client, &whose->peer);

	whose->told = true;
	if (!named || !settings_has(&l->set->proxies, &whose->peer))
		return TALLY_OK;
	if (acceptor_admit(l->acceptor, &e->client, &why)) {
		whose->client = e->client;
		return TALLY_OK;
	}
	return why == ACCEPTOR_BANNED ? TALLY_SHUT_OUT :
	    why == ACCEPTOR_SOURCE_FULL ? TALLY_OVER_ADDRESS :
	    TALLY_OVER_NETWORK;
}

/* A session speaks for its own client, or is an XCLIENT host's. */
static enum tally_verdict
on_ask(struct worker_whose *whose, struct tally_event *e, bool *say,
    void *ctx)
{
	struct listener *l = ctx;
	enum tally_verdict no = admit(l, whose, e);
	const struct origin origin = {
		.peer = &whose->peer, .client = &whose->client,
		.proxy = settings_has(&l->set->proxies, &whose->peer),
		.forwarder = settings_has(&l->set->xclient, &whose->peer),
		.client_forwarder = settings_has(&l->set->xclient,
		    &whose->client),
	};

	*say = false;
	if (no != TALLY_OK)
		return no;
	e->client = *policy_charged(&origin, &e->client);
	if (is_exempt(&e->client, l))
		e->client.family = 0;
	return tally_count(l->tally, e, clock_mono_ms(), say);
}

/* What a user sees is bounded in qmgr; who cannot be served sees the end. */
static void
on_mine(uint32_t uid, int fd, void *ctx)
{
	struct listener *l = ctx;
	const struct queue_mine m = { .uid = uid };
	struct ipc_peer *qmgr = ipc_server_peer(l->srv, ROLE_QMGR);

	if (qmgr != NULL && ipc_send(qmgr, &queue_mine_type, 0, &m, fd) != 0)
		log_shortage(l, "the queue cannot be asked");
}

static void
on_drained(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	service_loop_end();
}

struct listener *
listener_new(const struct settings *set, struct ipc_server *srv)
{
	struct listener *l = xcalloc(1, sizeof(*l));
	const struct acceptor_how how = {
		.total_max = set->clients_max,
		.source_max = set->clients_per_address,
		.network_percent = set->clients_per_network_percent,
		.exempt = is_exempt,
		.shared = is_shared,
		.client = on_client,
		.refused = on_refused,
		.ctx = l,
	};
	const struct worker_events events = { .over = on_over,
		.orphan = on_orphan, .ask = on_ask, .mine = on_mine,
		.ctx = l };
	uint8_t seed[16];
	struct why why;

	l->set = set;
	l->filter = confine_filter_new(SANDBOX_STDIO, &why);
	if (l->filter == NULL)
		die(EXIT_OSERR, "%s", why.text);
	l->srv = srv;
	l->acceptor = acceptor_new(service_base(), &how);
	l->pace = pace_new(set->handshakes_per_network);
	rand_octets(seed, sizeof(seed));
	l->tally = tally_new(&set->tally, seed);
	l->workers = workers_new(service_base(),
	    (size_t)set->clients_max + 2 * LIMIT_SPARES, &events);
	l->drain = event_new(service_base(), -1, 0, on_drained, NULL);
	if (l->drain == NULL)
		die(EXIT_OSERR, "event_new failed");
	return l;
}

void
listener_free(struct listener **l)
{
	if (*l == NULL)
		return;
	/* What they have not committed is still their clients' to send. */
	workers_signal((*l)->workers, SIGTERM);
	event_free((*l)->drain);
	acceptor_free(&(*l)->acceptor);
	pace_free(&(*l)->pace);
	tally_free(&(*l)->tally);
	confine_filter_free(&(*l)->filter);
	workers_free(&(*l)->workers);
	free(*l);
	*l = NULL;
}

void
listener_renew(struct listener *l)
{
	workers_renew(l->workers);
}

void
listener_open(struct listener *l)
{
	struct service_listener in;

	tally_limit(l->tally, &l->set->tally);
	workers_renew(l->workers);
	for (; service_listener(l->n, &in); l->n++) {
		if (l->n == ACCEPTOR_LISTENERS_MAX) {
			log_error(LF_STR("event", "too-many-listeners"),
			    LF_STR("listener", in.name));
			return;
		}
		l->kinds[l->n] = in.kind;
		if (acceptor_listen(l->acceptor, in.fd, (int)l->n) != 0)
			die(EXIT_CONFIG, "too many listeners");
	}
}

/* A session that died of a fault. */
static void
on_fault(struct listener *l, const struct spawn_end *end,
    const struct worker_whose *whose)
{
	const struct sock_addr *peer = whose->client.family != 0 ?
	    &whose->client : &whose->peer;
	int64_t now = clock_mono_ms();
	char ip[SOCK_IP_SIZE];

	sock_format_ip(peer, ip);
	log_error(LF_STR("event", "session-crashed"),
	    LF_NUM("pid", (uint64_t)end->pid),
	    LF_NUM("signal", (uint64_t)end->signal),
	    LF_STR("client", peer->family != 0 ? ip : "local"));
	if (peer->family != 0)
		acceptor_ban(l->acceptor, peer, LIMIT_BAN_MS);
	if (l->stopping || (l->asked &&
	    now - l->asked_ms < LIMIT_SUCCESSOR_MS))
		return;
	l->asked = true;
	l->asked_ms = now;
	service_ask_successor();
}

void
listener_child(struct listener *l, const struct spawn_end *end)
{
	struct worker_whose whose;

	if (!workers_ended(l->workers, end->pid, &whose))
		return;
	if (end->fault)
		on_fault(l, end, &whose);
	end_if_idle(l);
}

void
listener_stop(struct listener *l)
{
	const struct timeval tv = { .tv_sec = LIMIT_DRAIN_MS / 1000 };

	l->stopping = true;
	acceptor_stop(l->acceptor);
	acceptor_hand_over(l->acceptor, LIMIT_HANDED_OVER, hand_over, NULL);
	workers_no_spares(l->workers);
	if (event_add(l->drain, &tv) != 0)
		service_loop_end();
	end_if_idle(l);
}
