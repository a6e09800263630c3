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
 *
 * When authd's channel ends while it judges, nobody knows whether the session
 * has the connection already: it is closed here without a word, which
 * is right in both cases.
 */
#include "login/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/log.h"
#include "net/acceptor.h"
#include "net/foreign.h"
#include "os/fd.h"
#include "os/rand.h"

#define ASKED_MAX	4096	/* logins at authd at once */
#define READ_AT_ONCE	4096
#define BYE_S		5	/* for the last words to get out */

enum client_state { TALKING, ASKED, CLOSING };

struct front_client {
	LIST_ENTRY(front_client) next;
	struct front	*front;
	int		 fd;
	struct sock_addr peer;
	char		 address[SOCK_IP_SIZE];
	char		 session[SESSION_ID_SIZE];
	enum client_state state;
	struct event	*readable, *writable, *timer;
	struct buf	 in, out;
	unsigned	 errors, logins;
	struct login_req *login;	/* being put together, or NULL */
	uint32_t	 request;	/* ASKED: its id, and who was asked */
	const struct ipc_peer *authd;
	bool		 late;		/* its time is over */
	bool		 known;		/* the first octets were looked at */
	max_align_t	 proto_state[];
};

struct front {
	const struct front_proto *proto;
	struct acceptor	  *acceptor;
	struct ipc_server *srv;
	struct hash	  *asked;	/* request id -> client */
	uint32_t	   request;	/* the last one, of all authds */
	LIST_HEAD(, front_client) clients;
};

static struct front *the_front;		/* for the rule handlers */

/* -------------------------------------------------------------- life cycle */

static struct span
request_key(const uint32_t *request)
{
	return span_of(request, sizeof(*request));
}

static void
client_free(struct front_client *c)
{
	struct front *f = c->front;

	if (c->state == ASKED)
		(void)hash_del(f->asked, request_key(&c->request));
	if (c->login != NULL) {
		wipe(c->login, sizeof(*c->login));
		free(c->login);
	}
	if (c->in.p != NULL)
		wipe(c->in.p, c->in.size);	/* passwords were in it */
	buf_fini(&c->in);
	buf_fini(&c->out);
	event_free(c->readable);
	event_free(c->writable);
	event_free(c->timer);
	fd_close(&c->fd);
	acceptor_ended(f->acceptor, &c->peer);
	LIST_REMOVE(c, next);
	free(c);
}

/* Sends what it can.  false: the client is gone (freed). */
static bool
push_output(struct front_client *c)
{
	while (c->out.n > 0) {
		ssize_t n = fd_write(c->fd, c->out.p, c->out.n);

		if (n < 0 && errno == EAGAIN) {
			if (event_add(c->writable, NULL) != 0)
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
	return true;
}

static void
start_closing(struct front_client *c)
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

static void
say_bye(struct front_client *c, const char *why)
{
	if (c->state != CLOSING) {
		c->front->proto->bye(c, why);
		start_closing(c);
	}
}

/* ------------------------------------------------------------------- login */

static void
forget_login(struct front_client *c)
{
	wipe(c->login, sizeof(*c->login));
	free(c->login);
	c->login = NULL;
}

static void
login_failed(struct front_client *c, enum auth_result result)
{
	c->front->proto->refused(c, result);
	if (result == AUTH_WRONG && ++c->logins >= FRONT_LOGINS_MAX)
		say_bye(c, "too many wrong passwords");
}

/* input() has said who wants in; what it did not use up goes along. */
static void
ask_authd(struct front_client *c)
{
	struct front *f = c->front;
	struct ipc_peer *authd = ipc_server_peer(f->srv, ROLE_AUTHD);

	if (c->in.n > AUTH_PENDING_MAX) {
		forget_login(c);
		say_bye(c, "too much input behind a login");
		return;
	}
	memcpy(c->login->pending, c->in.p, c->in.n);
	c->login->pending_len = c->in.n;
	if (authd != NULL) {
		c->authd = authd;
		c->request = ++f->request;
		if (hash_put(f->asked, request_key(&c->request), c) != 0)
			authd = NULL;
	}
	if (authd == NULL) {
		forget_login(c);
		login_failed(c, AUTH_TEMPORARY);
		return;
	}
	c->state = ASKED;
	(void)event_del(c->readable);
	if (ipc_send(authd, &login_req_type, c->request, c->login,
	    c->fd) != 0)
		say_bye(c, "login is not possible now");
	forget_login(c);
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

/* Let the protocol use up what has come in. */
static void
feed(struct front_client *c)
{
	if (is_foreign(c)) {
		log_info(LF_STR("event", "not-a-mail-client"),
		    LF_STR("client", c->address));
		client_free(c);
		return;
	}
	while (c->state == TALKING && c->in.n > 0) {
		size_t used = c->front->proto->input(c, buf_span(&c->in));

		if (used == 0) {
			if (c->in.n == FRONT_INPUT_MAX)
				say_bye(c, "command too long");
			break;
		}
		wipe(c->in.p, used < c->in.n ? used : c->in.n);
		buf_drop(&c->in, used);
		if (c->login != NULL)
			ask_authd(c);
	}
	(void)push_output(c);
}

static enum verdict
on_login_rep(struct ipc_peer *peer, const struct ipc_msg *msg, void *ctx)
{
	const struct login_rep *rep = msg->body;
	struct front_client *c = hash_get(the_front->asked,
	    request_key(&msg->request));

	(void)ctx;
	if (c == NULL)			/* gone meanwhile */
		return VERDICT_OK;
	if (c->authd != peer)
		return VERDICT_CLOSE;
	(void)hash_del(the_front->asked, request_key(&msg->request));
	c->state = TALKING;
	if (rep->result == AUTH_OK) {
		client_free(c);
		return VERDICT_OK;
	}
	login_failed(c, (enum auth_result)rep->result);
	if (c->state == TALKING && c->late)
		say_bye(c, "took too long to log in");
	if (c->state == TALKING && event_add(c->readable, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a client");
	feed(c);
	return VERDICT_OK;
}

const struct ipc_rule front_rules[] = {
	{ ROLE_BIT(ROLE_AUTHD), &login_rep_type, 0, on_login_rep },
};
const size_t front_rules_n = COUNT(front_rules);

static void
on_authd_closed(struct ipc_peer *peer, void *ctx)
{
	struct front_client *c, *after;

	(void)ctx;
	if (ipc_peer_role(peer) != ROLE_AUTHD)
		return;
	for (c = LIST_FIRST(&the_front->clients); c != NULL; c = after) {
		after = LIST_NEXT(c, next);
		if (c->state == ASKED && c->authd == peer)
			client_free(c);
	}
}

/* ------------------------------------------------------------------ events */

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct front_client *c = ctx;
	size_t room = FRONT_INPUT_MAX - c->in.n;
	char *p;
	ssize_t n;

	(void)what;
	p = buf_room(&c->in, room < READ_AT_ONCE ? room : READ_AT_ONCE);
	n = p == NULL ? 0 : fd_read(fd, p, room < READ_AT_ONCE ? room :
	    READ_AT_ONCE);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	buf_grown(&c->in, (size_t)n);
	feed(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)push_output(ctx);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct front_client *c = ctx;

	(void)fd;
	(void)what;
	/* A login under way is authd's to end; then the time counts. */
	c->late = true;
	if (c->state == CLOSING) {
		client_free(c);
	} else if (c->state == TALKING) {
		say_bye(c, "took too long to log in");
		(void)push_output(c);
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
	uint8_t random[10];

	(void)tag;
	c->front = f;
	c->fd = fd;
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
	if (c->readable == NULL || c->writable == NULL || c->timer == NULL ||
	    event_add(c->readable, NULL) != 0 ||
	    evtimer_add(c->timer, &limit) != 0)
		die(EXIT_OSERR, "cannot watch a client");
	LIST_INSERT_HEAD(&f->clients, c, next);
	log_debug(LF_STR("event", "connect"), LF_STR("client", c->address),
	    LF_STR("session", c->session));
	f->proto->greet(c);
	(void)push_output(c);
	return true;
}

static void
on_refused(int fd, const struct sock_addr *peer, int tag,
    enum acceptor_refusal why, void *ctx)
{
	const struct front *f = ctx;
	char ip[SOCK_IP_SIZE];

	(void)tag;
	sock_format_ip(peer, ip);
	log_warn(LF_STR("event", "client-refused"), LF_STR("client", ip),
	    LF_STR("why", why == ACCEPTOR_SOURCE_FULL ?
	    "too many of this address" : "too many clients"));
	/* One short line into an empty socket buffer. */
	if (f->proto->busy != NULL && fd_write(fd, f->proto->busy,
	    strlen(f->proto->busy)) < 0)
		return;
}

/* ------------------------------------------------------------ for daemons */

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
	f->asked = hash_new(ASKED_MAX, seed);
	LIST_INIT(&f->clients);
	how.total_max = (unsigned)conf_num(conf, proto->clients_max);
	how.source_max = (unsigned)conf_num(conf, "mail_clients_per_address");
	if (how.source_max == 0)
		how.source_max = how.total_max;
	f->acceptor = acceptor_new(service_base(), &how);
	for (size_t i = 0; service_listener(i, &l); i++)
		if (l.kind == proto->listener &&
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
	acceptor_free(&(*f)->acceptor);
	hash_free(&(*f)->asked, NULL);
	free(*f);
	*f = NULL;
}

void
front_set_server(struct front *f, struct ipc_server *srv)
{
	f->srv = srv;
	ipc_server_on_close(srv, on_authd_closed);
}

void
front_stop(struct front *f)
{
	struct front_client *c, *after;

	acceptor_stop(f->acceptor);
	for (c = LIST_FIRST(&f->clients); c != NULL; c = after) {
		after = LIST_NEXT(c, next);
		if (c->state == ASKED)	/* it may be the session's already */
			continue;
		say_bye(c, "server is going down");
		(void)push_output(c);
	}
}

/* ------------------------------------------ for the protocol's functions */

void *
front_state(struct front_client *c)
{
	return c->proto_state;
}

void
front_reply(struct front_client *c, const char *fmt, ...)
{
	va_list ap;

	/* A full buffer ends the client in push_output(). */
	va_start(ap, fmt);
	(void)buf_vaddf(&c->out, fmt, ap);
	va_end(ap);
	(void)buf_add_str(&c->out, "\r\n");
}

void
front_reply_raw(struct front_client *c, struct span octets)
{
	(void)buf_add_span(&c->out, octets);
}

void
front_error(struct front_client *c)
{
	if (++c->errors >= FRONT_ERRORS_MAX)
		say_bye(c, "too many errors");
}

void
front_close(struct front_client *c)
{
	start_closing(c);
}

bool
front_login_allowed(const struct front_client *c)
{
	return sock_is_loopback(&c->peer) ||
	    conf_bool(service_conf(), "plain_login_anywhere");
}

void
front_login(struct front_client *c, struct span user, struct span password,
    struct span tag)
{
	struct login_req *l;

	if (user.n == 0 || user.n > AUTH_USER_MAX || password.n >
	    AUTH_PASSWORD_MAX || tag.n > AUTH_TAG_MAX) {
		login_failed(c, AUTH_WRONG);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	l->service = (uint8_t)c->front->proto->service;
	memcpy(l->password, password.p, password.n);
	l->password_len = password.n;
	memcpy(l->client, c->address, sizeof(l->client));
	memcpy(l->session, c->session, sizeof(l->session));
	/* Control characters would break the message's table. */
	for (size_t i = 0; i < user.n; i++)
		if (ascii_iscntrl(user.p[i]))
			user = SPAN_NONE;
	span_copy_cut(user, l->user, sizeof(l->user));
	span_copy_cut(tag, l->tag, sizeof(l->tag));
	if (user.n == 0) {
		wipe(l, sizeof(*l));
		free(l);
		login_failed(c, AUTH_WRONG);
		return;
	}
	c->login = l;
}

const char *
front_client_address(const struct front_client *c)
{
	return c->address;
}
