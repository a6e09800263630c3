/*
 * session - see session.h.
 * The program counter is the state of the conversation; the enum only says
 * what is allowed next.  All that a client can spend is counted: commands,
 * errors, logins (policy_patience), octets of a line (net/line), time of a
 * command (the deadline is set once per command, so that one octet now and
 * then does not move it).
 */
#include "smtpd/session.h"

#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "daemon/tls_signer.h"
#include "net/foreign.h"
#include "net/line.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/rand.h"
#include "smtp/ehlo.h"
#include "smtpd/ask_tally.h"
#include "smtpd/command.h"
#include "smtpd/proxied.h"
#include "smtpd/receive.h"
#include "smtpd/reply.h"
#include "trust/sasl.h"

static const struct {
	enum session_state from;
	unsigned to;
} edges[] = {
	{ ST_START, ST_START | ST_READY | ST_END },
	{ ST_READY, ST_START | ST_READY | ST_MAIL | ST_END },
	{ ST_MAIL, ST_RCPT | ST_READY | ST_END },
	{ ST_RCPT, ST_RCPT | ST_CHUNK | ST_READY | ST_END },
	{ ST_CHUNK, ST_CHUNK | ST_READY | ST_END },
	{ ST_END, ST_END },
};

void
session_enter(struct session *s, enum session_state to)
{
	for (size_t i = 0; i < COUNT(edges); i++)
		if (edges[i].from == s->state && (edges[i].to & to) != 0) {
			s->state = to;
			return;
		}
	bug("session: no edge from %d to %d", (int)s->state, (int)to);
}

void
session_reset(struct session *s)
{
	receive_drop(s);
	envelope_clear(&s->env);
	s->origin[0] = '\0';
	s->count.over = 0;
	if ((s->state & (ST_MAIL | ST_RCPT | ST_CHUNK)) != 0)
		session_enter(s, ST_READY);
}

unsigned
session_caps(const struct session *s)
{
	unsigned caps = EHLO_PIPELINING | EHLO_SIZE | EHLO_8BITMIME |
	    EHLO_ENHANCED | EHLO_CHUNKING | EHLO_DSN | EHLO_LIMITS;

	if (s->set->utf8)
		caps |= EHLO_SMTPUTF8;	/* RFC 6531 3.1 (8): with 8BITMIME */
	if (policy_binary_offered(&s->facts, s->set->binary))
		caps |= EHLO_BINARYMIME;
	if (policy_auth_offered(&s->facts))
		caps |= EHLO_AUTH;
	if (s->facts.xclient)
		caps |= EHLO_XCLIENT | EHLO_XFORWARD;
	if (policy_may_verp(&s->facts))
		caps |= EHLO_XVERP;
	if (policy_tls_offered(&s->facts))
		caps |= EHLO_STARTTLS;
	return caps;
}

static void
log_end(struct session *s, const char *event, const char *why)
{
	log_info(LF_STR("event", event), LF_STR("session", s->id),
	    LF_STR("client", s->client), LF_STR("helo", s->helo),
	    LF_STR("why", why), LF_STR("after", s->last),
	    LF_NUM("errors", s->count.errors),
	    LF_NUM("messages", s->messages));
}

void
session_bye(struct session *s, enum say what)
{
	say(s, what);
	s->odd = true;
	log_end(s, "closed", say_words(what));
	session_enter(s, ST_END);
}

void
session_lost(struct session *s, const char *why)
{
	s->odd = true;
	log_end(s, "lost", why);
	session_enter(s, ST_END);
}

static void
find_mechanisms(struct session *s)
{
	struct sasl_place place = { .configured = s->set->mechanisms,
		.clear = policy_clear(&s->facts),
		.bound = s->ties.exporter_len + s->ties.end_point_len > 0,
		.certified = s->ties.certified[0] != '\0' };

	place.scram = place.clear || s->set->scram_without_tls;
	s->facts.mechanisms = sasl_offered(&place);
}

static void
tie(struct session_ties *ties, const struct tls *tls, const char *client)
{
	if (tls_binding(tls, TLS_BIND_EXPORTER, ties->exporter,
	    &ties->exporter_len) != 0)
		ties->exporter_len = 0;
	if (tls_binding(tls, TLS_BIND_END_POINT, ties->end_point,
	    &ties->end_point_len) != 0)
		ties->end_point_len = 0;
	span_copy_cut(span_str(client), ties->certified,
	    sizeof(ties->certified));
}

/* After a handshake that failed nothing is said, least of all in the clear. */
static void
tls_failed(struct session *s, struct tls **tls)
{
	char why[128];

	(void)snprintf(why, sizeof(why), "TLS handshake failed: %s",
	    *tls != NULL ? tls_failure(*tls) : "no memory");
	tls_free(tls);
	session_lost(s, why);	/* its one line in the log */
}

bool
session_tls(struct session *s)
{
	struct tls *tls = tls_accept(s->set->tls, s->net.fd);
	struct tls_facts f;

	tls_signer_client(&s->peer);
	/* It reads whole records: if that waited, deadlines would pass unseen. */
	if (tls == NULL || fd_nonblock(s->net.fd, true) != 0 ||
	    tls_handshake_wait(tls, clock_deadline(LIMIT_TLS_MS)) != 0) {
		tls_failed(s, &tls);
		return false;
	}
	tls_facts(tls, &f);
	if (stream_set_io(&s->net, &tls_stream_io, tls) > 0) {
		session_lost(s, "octets before the handshake");
		return false;
	}
	s->facts.tls = true;
	s->tls = f.version;
	s->cipher = f.cipher;
	tie(&s->ties, tls, f.client);
	find_mechanisms(s);
	s->helo[0] = '\0';
	session_enter(s, ST_START);
	log_debug(LF_STR("event", "tls"), LF_STR("session", s->id),
	    LF_STR("client", s->client), LF_STR("tls", f.version),
	    LF_STR("cipher", f.cipher), LF_STR("name", f.host));
	return true;
}

int64_t
session_patience_ms(const struct session *s, int64_t most)
{
	return s->stress && most > LIMIT_STRESS_MS ? LIMIT_STRESS_MS : most;
}

bool
session_line(struct session *s, size_t limit, struct span *line)
{
	stream_deadline(&s->net, session_patience_ms(s, s->set->timeout_ms));
	switch (line_read(&s->net, limit, LINE_CRLF, line)) {
	case LINE_OK:
		return true;
	case LINE_TOO_LONG:
		say(s, SAY_LINE_LONG);	/* RFC 5321 4.5.3.1.9 */
		break;
	case LINE_BAD:
		say(s, SAY_LINE_BAD);	/* RFC 5321 2.3.8 */
		break;
	case LINE_CLOSE:
		session_bye(s, SAY_LINE_FLOOD);
		break;
	case LINE_TIMEOUT:
		session_bye(s, SAY_TIMEOUT);
		break;
	case LINE_EOF:
		session_lost(s, "client went away");
		break;
	case LINE_MORE:
	case LINE_ERROR:
		session_lost(s, "connection broke");
		break;
	}
	return false;
}

/*
 * On the MX port: who speaks before the greeting is no mail server (RFC 5321
 * 4.3.1: the client waits for it).  Looked at once, without waiting.
 */
static bool
is_early(struct session *s)
{
	return s->facts.kind == LISTENER_MX &&
	    fd_wait(s->net.fd, FD_READ, clock_mono_ms()) > 0;
}

/* The greeting, and the end of those who are not SMTP clients at all. */
static void
greet(struct session *s)
{
	stream_deadline(&s->net, s->set->timeout_ms);
	if (is_early(s)) {
		if (stream_fill(&s->net) != STREAM_OK) {
			session_lost(s, "client went away");
		} else if (foreign_is_tls(stream_peek(&s->net))) {
			session_lost(s, "TLS on a port without TLS");
		} else {
			session_bye(s, SAY_EARLY);
		}
		return;
	}
	say_greeting(s);
	if (stream_fill(&s->net) == STREAM_OK &&
	    foreign_is_tls(stream_peek(&s->net)))
		session_lost(s, "TLS on a port without TLS");
	/* All other results come back with the first line. */
}

/*
 * What new errors cost: the network's share, then time, in which the client
 * has the reply to this one and waits for what it gets next.
 */
static enum say
judge_errors(struct session *s)
{
	enum say what = SAY_NOTHING;
	bool more = s->judged < s->count.errors;
	int64_t ms;

	for (; s->judged < s->count.errors && what == SAY_NOTHING; s->judged++)
		what = ask_tally(s, TALLY_ERROR);
	if (what == SAY_NOTHING)
		what = policy_patience(&s->count, s->set->recipients_max,
		    s->stress ? LIMIT_STRESS_ERRORS : s->set->errors_max);
	ms = policy_delay_ms(&s->count, s->set->errors_slow);
	if (what != SAY_NOTHING || !more || ms == 0)
		return what;
	stream_deadline(&s->net, session_patience_ms(s, s->set->timeout_ms));
	if (stream_flush(&s->net) == STREAM_OK)	/* else the next read says */
		clock_sleep_ms(ms);
	return SAY_NOTHING;
}

static void
step(struct session *s)
{
	enum say what = judge_errors(s);
	struct span line;

	if (what != SAY_NOTHING)
		session_bye(s, what);
	else if (s->ch->qmgr.fd < 0 || s->ch->lookupd.fd < 0)
		session_bye(s, SAY_STOPPING);	/* new ones: new process */
	else if (session_line(s, LIMIT_LINE_OCTETS, &line))
		command_run(s, line);
}

/*
 * Send what is left.  With unread input the kernel would reset the connection
 * and the client might never see our last line: end our side, then read and
 * drop for a moment.
 */
static void
finish(struct session *s)
{
	uint64_t stop = s->net.octets_in + LIMIT_GOODBYE_OCTETS;

	stream_deadline(&s->net, LIMIT_GOODBYE_MS);
	if (stream_flush(&s->net) != STREAM_OK || !s->odd)
		return;
	stream_end_io(&s->net);	/* RFC 8446 6.1: before our side ends */
	sock_end_output(s->net.fd);
	do
		stream_consume(&s->net, stream_peek(&s->net).n);
	while (s->net.octets_in < stop && stream_fill(&s->net) == STREAM_OK);
}

void
session_is_from(struct session *s, const struct sock_addr *client)
{
	s->peer = *client;
	sock_format_ip(client, s->client);
	/* What others say of a client makes nobody a user of this host. */
	s->facts.loopback = !s->behind && sock_is_loopback(client);
	s->facts.relay_client = settings_has(&s->set->relay, client);
	/* Behind a proxy that spoke for a client, that client speaks. */
	s->facts.xclient = settings_has(&s->set->xclient, client);
	s->facts.verp_client = settings_has(&s->set->verp_nets, client);
	find_mechanisms(s);
}

void
session_is_unknown(struct session *s)
{
	s->facts.loopback = s->facts.relay_client = s->facts.xclient = false;
	s->facts.verp_client = false;
	find_mechanisms(s);
}

void
session_forget_client(struct session *s)
{
	s->login[0] = '\0';
	s->facts.logged_in = false;
	memset(&s->ties, 0, sizeof(s->ties));
}

/* The listener has counted the proxy's connection as nobody's. */
static bool
is_welcome(struct session *s, bool tls_first)
{
	enum say what = ask_tally(s, TALLY_CONNECTION);

	if (what == SAY_NOTHING)
		return true;
	if (tls_first)
		session_lost(s, say_words(what));	/* not in the clear */
	else
		session_bye(s, what);
	return false;
}

static void
begin(struct session *s, const struct session_client *start)
{
	uint8_t octets[10];

	*s = (struct session){ .set = start->set, .ch = start->ch,
		.state = ST_START, .peer = start->peer, .last = "connect",
		.chan = start->chan, .stress = start->stress };
	stream_init(&s->net, start->fd, LIMIT_IN_OCTETS, LIMIT_OUT_OCTETS);
	/* Nobody escapes the copy of all mail by filling the envelope. */
	envelope_init(&s->env, start->set->recipients_max,
	    start->set->bcc.kind != ADDR_NULL);
	s->facts.kind = start->kind == LISTENER_SUBMISSIONS ?
	    LISTENER_SUBMISSION : start->kind;
	s->facts.certified = start->set->tls != NULL;
	s->facts.senders = start->set->senders;
	s->facts.plain_anywhere = start->set->plain_login_anywhere;
	if (start->kind == LISTENER_LOCAL) {
		span_copy_cut(SPAN_LIT("local"), s->client, sizeof(s->client));
		(void)snprintf(s->login, sizeof(s->login), "uid:%u",
		    (unsigned)start->uid);
	} else {
		session_is_from(s, &start->peer);
		find_mechanisms(s);
	}
	rand_octets(octets, sizeof(octets));
	id_session(octets, s->id);
	log_debug(LF_STR("event", "connect"), LF_STR("session", s->id),
	    LF_STR("client", s->client), LF_NUM("port", start->peer.port));
}

bool
session_serve(struct session_client *start)
{
	struct session s;

	begin(&s, start);
	if (!proxied_begin(&s) || (s.behind &&
	    !is_welcome(&s, start->kind == LISTENER_SUBMISSIONS)))
		goto out;
	if (start->kind != LISTENER_SUBMISSIONS)
		greet(&s);
	else if (start->set->tls == NULL)
		session_lost(&s, "no certificate");
	else if (session_tls(&s))
		greet(&s);
	while (s.state != ST_END)
		step(&s);
out:
	receive_drop(&s);
	finish(&s);
	stream_fini(&s.net);
	envelope_fini(&s.env);
	if (s.tls != NULL)
		start->tls_served++;
	return !s.odd && s.count.errors == 0 && s.messages > 0 &&
	    start->tls_served < LIMIT_SPARE_TLS && !s.behind;
}
