/*
 * front_tls - the part of front for clients under TLS.  The handshake is a
 * state before TALKING.  A session cannot be given the connection, because its
 * TLS is here: it gets one end of a socket pair, and a relay the rest.
 */
#include "login/front_priv.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"

#define HANDSHAKE_S	20
#define SAY_MS		1000	/* between two lines of handshakes that failed */

struct front_relay {
	LIST_ENTRY(front_relay) next;
	struct front	*front;
	struct relay	*relay;
	struct sock_addr peer;
};

/* ---------------------------------------------------------------- handshake */

/* What was said before does not count any more: RFC 2595 2, RFC 3501 6.2.1. */
static void
forget(struct front_client *c)
{
	wipe(c->proto_state, c->front->proto->state_size);
	if (c->in.p != NULL)
		wipe(c->in.p, c->in.size);
	buf_clear(&c->in);
}

static void
go_on(void *ctx)
{
	struct front_client *c = ctx;

	if (event_add(c->readable, NULL) != 0)
		die(EXIT_OSERR, "cannot watch a client");
	client_handshake(c);
}

/* Each has a stack and up to 128 KiB of a hello to hold; and a signature. */
static bool
may_begin(struct front_client *c)
{
	struct front *f = c->front;
	const char *why = "too many handshakes of this network";
	bool say = false;

	if (f->handshakes >= f->handshakes_max)
		why = "too many handshakes";
	else if (pace_allow(f->pace, &c->peer, &say))
		return true;
	if (say || f->handshakes >= f->handshakes_max)
		log_warn(LF_STR("event", "client-refused"),
		    LF_STR("client", c->address), LF_STR("why", why));
	return false;
}

/* The handshake has a time of its own, and then the log-in its whole one. */
static void
set_time(struct front_client *c, uint64_t most_s)
{
	uint64_t login_s = conf_num(service_conf(), "login_timeout");
	const struct timeval limit = {
	    .tv_sec = (time_t)num_min(login_s, most_s) };

	if (evtimer_add(c->timer, &limit) != 0)
		die(EXIT_OSERR, "no timer");
}

void
client_shaken(struct front_client *c)
{
	if (c->shaking)
		c->front->handshakes--;
	c->shaking = false;
}

void
client_tls(struct front_client *c)
{
	c->tls_next = false;
	c->state = HANDSHAKE;
	forget(c);
	if (c->front->tls == NULL || !may_begin(c)) {
		client_free(c);
		return;
	}
	c->shaking = true;
	c->front->handshakes++;
	set_time(c, HANDSHAKE_S);
	c->conn.tls = tls_accept(c->front->tls, c->conn.fd);
	if (c->conn.tls == NULL) {
		client_free(c);
		return;
	}
	tls_wait_with(c->conn.tls, go_on, c);
	client_handshake(c);
}

static void
handshake_over(struct front_client *c)
{
	struct tls_facts f;

	tls_facts(c->conn.tls, &f);
	log_debug(LF_STR("event", "tls"), LF_STR("client", c->address),
	    LF_STR("session", c->session), LF_STR("tls", f.version),
	    LF_STR("cipher", f.cipher), LF_STR("name", f.host));
	(void)event_del(c->writable);	/* it may not be pending */
	c->state = TALKING;
	client_shaken(c);
	set_time(c, UINT64_MAX);
	c->known = true;		/* no other protocol gets this far */
	if (c->tls_first)
		c->front->proto->greet(c);
	if (client_push(c))
		client_read(c);
}

/* One line a second, with how many there were since the last. */
static void
log_failed(const struct front_client *c)
{
	struct front *f = c->front;
	int64_t now = clock_mono_ms();

	if (f->failed_ms != 0 && now - f->failed_ms < SAY_MS) {
		f->failed_unsaid++;
		return;
	}
	log_info(LF_STR("event", "tls-failed"), LF_STR("client", c->address),
	    LF_STR("session", c->session),
	    LF_STR("why", tls_failure(c->conn.tls)),
	    LF_NUM("unsaid", f->failed_unsaid));
	f->failed_ms = now;
	f->failed_unsaid = 0;
}

void
client_handshake(struct front_client *c)
{
	switch (tls_handshake(c->conn.tls)) {
	case TLS_DONE:
		handshake_over(c);
		return;
	case TLS_WAIT_READ:		/* that is always watched */
		(void)event_del(c->writable);	/* as above */
		return;
	case TLS_WAIT_WRITE:
		if (event_add(c->writable, NULL) != 0)
			die(EXIT_OSERR, "cannot watch a client");
		return;
	case TLS_WAIT_ANSWER:		/* what it sends can wait, too */
		(void)event_del(c->readable);
		(void)event_del(c->writable);
		return;
	case TLS_FAILED:
		break;
	}
	log_failed(c);
	client_free(c);
}

/* -------------------------------------------------------------------- relay */

int
client_inner(struct front_client *c)
{
	int pair[2];

	if (c->conn.tls == NULL)
		return c->conn.fd;
	if (fd_stream_pair(pair) != 0)
		return -1;
	if (fd_nonblock(pair[0], true) != 0 ||
	    fd_nonblock(pair[1], true) != 0) {
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return -1;
	}
	fd_close(&c->inner);
	c->inner = pair[0];
	return pair[1];
}

static void
forget_relay(struct front_relay *fr)
{
	acceptor_ended(fr->front->acceptor, &fr->peer);
	LIST_REMOVE(fr, next);
	free(fr);
}

static void
on_over(struct relay *r, void *ctx)
{
	struct front_relay *fr = ctx;
	struct front *f = fr->front;

	(void)r;
	forget_relay(fr);
	if (f->stopping && LIST_EMPTY(&f->relays))
		service_loop_end();
}

void
client_relay(struct front_client *c)
{
	struct front *f = c->front;
	struct relay_start start = { .base = service_base(),
		.conn = &c->conn, .inner = &c->inner,
		.first = buf_span(&c->out), .over = on_over };
	struct front_relay *fr;

	if (c->conn.tls != NULL) {
		/* Their events must not outlive the descriptor's owner. */
		(void)event_del(c->readable);
		(void)event_del(c->writable);
		fr = xcalloc(1, sizeof(*fr));
		fr->front = f;
		fr->peer = c->peer;
		start.ctx = fr;
		LIST_INSERT_HEAD(&f->relays, fr, next);
		fr->relay = relay_new(&start);
	}
	client_free(c);
}

void
front_relays_free(struct front *f)
{
	struct front_relay *fr;

	while ((fr = LIST_FIRST(&f->relays)) != NULL) {
		relay_free(&fr->relay);
		forget_relay(fr);
	}
}
