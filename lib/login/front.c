/*
 * front.c - the clients and their events.
 *
 * What begins like another protocol is closed at once: no octet of a web page
 * or of a TLS handshake shall be a command (a browser can be made to send
 * either).
 *
 * A client's input is read only while it is TALKING, so what a client sends
 * behind its login stays in the socket, except for what came in the same read;
 * that goes along with the login (pending).
 */
#include "login/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/num.h"
#include "daemon/tls_later.h"
#include "daemon/tls_signer.h"
#include "login/front_priv.h"
#include "net/foreign.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"

#define ASKED_MAX	4096	/* questions to authd at once */
#define READ_AT_ONCE	4096
#define BYE_S		5	/* for the last words to get out */
#define REFUSED_SAID_MS	(10 * 1000)	/* one line about refused clients */
#define ROUNDS		8	/* reads of one client before others' */

struct front *the_front;

/* -------------------------------------------------------------- life cycle */

static struct span
request_key(const uint32_t *request)
{
	return span_of(request, sizeof(*request));
}

void
client_free(struct front_client *c)
{
	struct front *f = c->front;

	if (c->state == ASKED)
		(void)hash_del(f->asked, request_key(&c->request));
	client_shaken(c);
	client_forget_login(c);
	client_sasl_over(c);
	if (c->in.p != NULL)
		wipe(c->in.p, c->in.size);	/* passwords were in it */
	buf_fini(&c->in);
	buf_fini(&c->out);
	event_free(c->readable);
	event_free(c->writable);
	event_free(c->timer);
	event_free(c->more);
	/* A relay has taken the connection, and its place in the count. */
	if (c->conn.fd >= 0)
		acceptor_ended(f->acceptor, &c->peer);
	conn_close(&c->conn);
	fd_close(&c->inner);
	LIST_REMOVE(c, next);
	free(c);
}

bool
client_push(struct front_client *c)
{
	int want;

	while (c->out.n > 0) {
		ssize_t n = conn_write(&c->conn, c->out.p, c->out.n, &want);

		if (n < 0 && errno == EAGAIN) {
			if (event_add(want == FD_WRITE ? c->writable :
			    c->readable, NULL) != 0)
				die(EXIT_OSERR, "cannot watch a client");
			return true;
		}
		if (n <= 0 || c->out.full) {
			client_free(c);
			return false;
		}
		buf_drop(&c->out, (size_t)n);
	}
	(void)event_del(c->writable);
	if (c->state == CLOSING) {
		client_free(c);
		return false;
	}
	if (c->tls_next && c->state == TALKING) {
		client_tls(c);
		return false;		/* it looks after itself */
	}
	return true;
}

void
client_start_closing(struct front_client *c)
{
	const struct timeval soon = { .tv_sec = BYE_S };

	if (c->state == CLOSING)
		return;
	if (c->state == ASKED)
		(void)hash_del(c->front->asked, request_key(&c->request));
	c->state = CLOSING;
	(void)event_del(c->readable);
	if (evtimer_add(c->timer, &soon) != 0)
		die(EXIT_OSERR, "no timer");
}

void
client_say_bye(struct front_client *c, const char *why)
{
	if (c->state != CLOSING) {
		c->front->proto->bye(c, why);
		client_start_closing(c);
	}
}

/* Another protocol's first octets; waits for enough of them. */
static bool
is_foreign(struct front_client *c)
{
	struct span in = buf_span(&c->in);

	if (c->known || !foreign_looked_at(in))
		return false;
	c->known = true;
	return foreign_is_tls(in) || foreign_is_http(in);
}

bool
client_feed(struct front_client *c)
{
	if (is_foreign(c)) {
		log_info(LF_STR("event", "not-a-mail-client"),
		    LF_STR("client", c->address),
		    LF_STR("session", c->session));
		client_free(c);
		return false;
	}
	while (c->state == TALKING && c->in.n > 0 && !c->tls_next) {
		size_t used = c->sasl != NULL ?
		    client_sasl_input(c, buf_span(&c->in)) :
		    c->front->proto->input(c, buf_span(&c->in));

		if (used == 0) {
			if (c->in.n == FRONT_INPUT_MAX)
				client_say_bye(c, "command too long");
			break;
		}
		wipe(c->in.p, used < c->in.n ? used : c->in.n);
		buf_drop(&c->in, used);
		if (c->login != NULL)
			client_ask(c);
	}
	/* What is behind STARTTLS would count as if it had come by TLS. */
	if (c->tls_next && c->in.n > 0) {
		c->tls_next = false;
		buf_clear(&c->out);
		client_say_bye(c, "nothing may follow the command for TLS");
	}
	return client_push(c);
}

/* ------------------------------------------------------------------ events */

/* TLS has to write before it can read: what comes in waits for that. */
static void
wait_to_write(struct front_client *c)
{
	c->read_stopped = true;
	(void)event_del(c->readable);
	if (event_add(c->writable, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a client");
}

/*
 * Under TLS octets may be left that no event tells of: until there are none,
 * but not for ever.
 */
void
client_read(struct front_client *c)
{
	static const struct timeval at_once = { 0, 0 };
	int want, rounds = c->conn.tls != NULL ? ROUNDS : 1;

	while (c->state == TALKING && rounds-- > 0) {
		size_t room = num_min(FRONT_INPUT_MAX - c->in.n,
		    READ_AT_ONCE);
		char *p = buf_room(&c->in, room);
		ssize_t n = p == NULL ? 0 : conn_read(&c->conn, p, room,
		    &want);

		if (n < 0 && errno == EAGAIN) {
			if (want == FD_WRITE)
				wait_to_write(c);
			return;
		}
		if (n <= 0) {
			client_free(c);
			return;
		}
		buf_grown(&c->in, (size_t)n);
		if (!client_feed(c))
			return;
	}
	/*
	 * An event that makes itself active is run again before anybody else
	 * is looked at; a timer only after them.
	 */
	if (c->state == TALKING && c->conn.tls != NULL &&
	    evtimer_add(c->more, &at_once) != 0)
		die(EXIT_OSERR, "no timer");
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct front_client *c = ctx;

	(void)fd;
	(void)what;
	if (c->state == HANDSHAKE)
		client_handshake(c);
	else if (c->state == TALKING)
		client_read(c);
	else if (client_push(c))	/* TLS wanted to read before writing */
		(void)event_del(c->readable);
}

static void
on_more(evutil_socket_t fd, short what, void *ctx)
{
	struct front_client *c = ctx;

	(void)fd;
	(void)what;
	if (c->state == TALKING)
		client_read(c);
}

static void
read_again(struct front_client *c)
{
	c->read_stopped = false;
	if (event_add(c->readable, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a client");
	if (c->state == TALKING)
		client_read(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct front_client *c = ctx;

	(void)fd;
	(void)what;
	if (c->state == HANDSHAKE)
		client_handshake(c);
	else if (client_push(c) && c->read_stopped)
		read_again(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct front_client *c = ctx;

	(void)fd;
	(void)what;
	/* A login under way is authd's to end; then the time counts. */
	c->late = true;
	if (c->state == CLOSING || c->state == HANDSHAKE) {
		client_free(c);
	} else if (c->state == TALKING) {
		client_say_bye(c, "took too long to log in");
		(void)client_push(c);
	}
}

static bool
on_client(int fd, const struct sock_addr *peer, int tag, void *ctx)
{
	struct front *f = ctx;
	struct front_client *c = xcalloc(1, sizeof(*c) +
	    f->proto->state_size);
	struct timeval limit = { .tv_sec =
	    (time_t)conf_num(service_conf(), "login_timeout") };
	struct service_listener l;
	uint8_t random[10];

	c->front = f;
	c->conn.fd = fd;
	c->inner = -1;
	c->state = TALKING;
	c->peer = *peer;
	sock_format_ip(peer, c->address);
	rand_octets(random, sizeof(random));
	id_session(random, c->session);
	buf_init(&c->in, FRONT_INPUT_MAX);
	buf_init(&c->out, FRONT_OUTPUT_MAX);
	c->readable = event_new(service_base(), fd, EV_READ | EV_PERSIST,
	    on_readable, c);
	c->writable = event_new(service_base(), fd, EV_WRITE, on_writable, c);
	c->timer = evtimer_new(service_base(), on_timer, c);
	c->more = evtimer_new(service_base(), on_more, c);
	if (c->readable == NULL || c->writable == NULL || c->timer == NULL ||
	    c->more == NULL ||
	    event_add(c->readable, NULL) != 0 ||
	    evtimer_add(c->timer, &limit) != 0)
		die(EXIT_OSERR, "cannot watch a client");
	LIST_INSERT_HEAD(&f->clients, c, next);
	log_debug(LF_STR("event", "connect"), LF_STR("client", c->address),
	    LF_STR("session", c->session));
	if (service_listener((size_t)tag, &l) &&
	    l.kind == f->proto->listener_tls) {
		c->tls_first = true;
		client_tls(c);
		return true;
	}
	f->proto->greet(c);
	(void)client_push(c);
	return true;
}

/* Who is refused comes again at once: one line in a while is for operators. */
static void
log_refused(struct front *f, const struct sock_addr *peer, const char *why)
{
	int64_t now = clock_mono_ms();
	char ip[SOCK_IP_SIZE];

	sock_format_ip(peer, ip);
	if (f->refused_ms != 0 && now - f->refused_ms < REFUSED_SAID_MS) {
		log_debug(LF_STR("event", "client-refused"),
		    LF_STR("client", ip), LF_STR("why", why));
		return;
	}
	f->refused_ms = now;
	log_warn(LF_STR("event", "client-refused"), LF_STR("client", ip),
	    LF_STR("why", why));
}

static void
on_refused(int fd, const struct sock_addr *peer, int tag,
    enum acceptor_refusal why, void *ctx)
{
	static const char *const words[] = {
		[ACCEPTOR_SOURCE_FULL] = "too many of this address",
		[ACCEPTOR_NETWORK_FULL] = "too many of this network",
		[ACCEPTOR_ALL_FULL] = "too many clients",
		[ACCEPTOR_BANNED] = "shut out",
	};
	struct front *f = ctx;
	struct service_listener l;

	log_refused(f, peer, words[why]);
	/* One short line into an empty socket buffer; no line before TLS. */
	if (service_listener((size_t)tag, &l) &&
	    l.kind == f->proto->listener_tls)
		return;
	if (f->proto->busy != NULL && fd_write(fd, f->proto->busy,
	    strlen(f->proto->busy)) < 0)
		return;
}

/* ------------------------------------------------------------ for daemons */

static void
load_mechs(struct front *f)
{
	f->mechs = sasl_configured(span_str(conf_str(service_conf(),
	    "sasl_mechanisms")));
	if (*conf_str(service_conf(), "oauth_keys") == '\0')
		f->mechs &= ~SASL_TOKENS;
}

static void
load_tls(struct front *f)
{
	tls_signer_reload(&f->tls, f->proto->alpn);
	if (f->tls != NULL)
		tls_server_tickets(f->tls, (uint32_t)conf_num(service_conf(),
		    "ticket_lifetime"));
}

struct front *
front_new(const struct front_proto *proto)
{
	const struct conf_view *conf = service_conf();
	struct front *f = xcalloc(1, sizeof(*f));
	struct acceptor_how how = { .client = on_client,
		.refused = on_refused, .ctx = f };
	struct service_listener l;
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	f->proto = proto;
	load_tls(f);
	load_mechs(f);
	LIST_INIT(&f->relays);
	f->asked = hash_new(ASKED_MAX, seed);
	f->handshakes_max = (unsigned)conf_num(conf, "tls_handshakes_max");
	f->pace = pace_new((unsigned)conf_num(conf,
	    "tls_handshakes_per_network"));
	LIST_INIT(&f->clients);
	how.total_max = (unsigned)conf_num(conf, proto->clients_max);
	how.source_max = (unsigned)conf_num(conf, "mail_clients_per_address");
	if (how.source_max == 0)
		how.source_max = how.total_max;
	how.network_percent = (unsigned)conf_num(conf,
	    "clients_per_network_percent");
	f->acceptor = acceptor_new(service_base(), &how);
	for (size_t i = 0; service_listener(i, &l); i++)
		if ((l.kind == proto->listener ||
		    l.kind == proto->listener_tls) &&
		    acceptor_listen(f->acceptor, l.fd, (int)i) != 0)
			die(EXIT_CONFIG, "too many listeners");
	the_front = f;
	return f;
}

void
front_free(struct front **f)
{
	if (*f == NULL)
		return;
	while (!LIST_EMPTY(&(*f)->clients))
		client_free(LIST_FIRST(&(*f)->clients));
	front_relays_free(*f);
	tls_server_free(&(*f)->tls);
	tls_later_end();
	acceptor_free(&(*f)->acceptor);
	hash_free(&(*f)->asked, NULL);
	pace_free(&(*f)->pace);
	free(*f);
	*f = NULL;
	the_front = NULL;	/* the server may end after it */
}

void
front_set_server(struct front *f, struct ipc_server *srv)
{
	f->srv = srv;
	ipc_server_on_close(srv, front_peer_closed);
	tls_signer_serve(srv);
}

void
front_reload(struct front *f)
{
	load_tls(f);
	load_mechs(f);
}

void
front_stop(struct front *f)
{
	struct front_client *c, *after;

	f->stopping = true;
	acceptor_stop(f->acceptor);
	for (c = LIST_FIRST(&f->clients); c != NULL; c = after) {
		after = LIST_NEXT(c, next);
		if (c->state == ASKED)	/* it may be the session's already */
			continue;
		if (c->state == HANDSHAKE) {
			client_free(c);
			continue;
		}
		client_say_bye(c, "server is going down");
		(void)client_push(c);
	}
	if (LIST_EMPTY(&f->relays))
		service_loop_end();
}
