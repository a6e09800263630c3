/*
 * front_sasl - the part of front about SASL.  PLAIN and LOGIN are taken apart
 * here and end as any other login.  All other exchanges are authd's: here is
 * only their number, and the client's responses pass through, decoded.
 */
#include "login/front_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "base/bug.h"
#include "base/secret.h"
#include "net/line.h"

struct front_sasl {
	enum sasl_mech mech;
	struct sasl	password;	/* PLAIN and LOGIN */
	uint32_t	exchange;	/* of all others: its number */
	const struct ipc_peer *with;	/* the authd that has it, or NULL */
	char		tag[AUTH_TAG_MAX + 1];
};

static void
tie(const struct front_client *c, enum tls_binding_kind kind,
    uint8_t out[AUTH_BINDING_MAX], size_t *n)
{
	*n = 0;
	if (c->conn.tls != NULL && tls_binding(c->conn.tls, kind, out, n) != 0)
		*n = 0;
}

unsigned
front_mechs(const struct front_client *c)
{
	struct sasl_place place = { .configured = c->front->mechs };
	uint8_t data[AUTH_BINDING_MAX];
	struct tls_facts facts;
	size_t n = 0, m = 0;

	place.clear = front_login_allowed(c);
	place.scram = place.clear ||
	    conf_bool(service_conf(), "scram_without_tls");
	if (c->conn.tls != NULL) {
		tie(c, TLS_BIND_EXPORTER, data, &n);
		tie(c, TLS_BIND_END_POINT, data, &m);
		place.bound = n + m > 0;
		tls_facts(c->conn.tls, &facts);
		place.certified = facts.client[0] != '\0';
	}
	return sasl_offered(&place);
}

void
client_sasl_over(struct front_client *c)
{
	struct front_sasl *x = c->sasl;

	if (x == NULL)
		return;
	/* The peer may have ended meanwhile; then there is nothing to end. */
	if (x->with != NULL && c->front->srv != NULL &&
	    ipc_server_peer(c->front->srv, ROLE_AUTHD) == x->with) {
		struct sasl_end end = { .exchange = x->exchange };

		(void)ipc_send(ipc_server_peer(c->front->srv, ROLE_AUTHD),
		    &sasl_end_type, 0, &end, -1);	/* else: time ends it */
	}
	wipe(x, sizeof(*x));
	free(x);
	c->sasl = NULL;
}

static void
fail(struct front_client *c, enum auth_result result)
{
	client_sasl_over(c);
	client_login_failed(c, result);
}

/* ------------------------------------------------- what is authd's to judge */

static void
begin(struct front_client *c, bool initial, struct span response)
{
	struct front_sasl *x = c->sasl;
	struct sasl_begin msg = { .exchange = x->exchange };
	struct tls_facts facts;

	msg.service = (uint8_t)c->front->proto->service;
	msg.mech = (uint8_t)x->mech;
	memcpy(msg.client, c->address, sizeof(c->address));
	memcpy(msg.session, c->session, sizeof(msg.session));
	tie(c, TLS_BIND_EXPORTER, msg.exporter, &msg.exporter_len);
	tie(c, TLS_BIND_END_POINT, msg.end_point, &msg.end_point_len);
	if (c->conn.tls != NULL) {
		tls_facts(c->conn.tls, &facts);
		span_copy_cut(span_str(facts.client), msg.certified,
		    sizeof(msg.certified));
	}
	msg.initial = initial;
	memcpy(msg.response, response.p, response.n);
	msg.response_len = response.n;
	if (client_question(c, &sasl_begin_type, &msg))
		x->with = c->authd;
	else
		fail(c, AUTH_TEMPORARY);
	wipe(&msg, sizeof(msg));
}

static void
more(struct front_client *c, struct span response)
{
	struct sasl_more msg = { .exchange = c->sasl->exchange };

	memcpy(msg.response, response.p, response.n);
	msg.response_len = response.n;
	if (!client_question(c, &sasl_more_type, &msg))
		fail(c, AUTH_TEMPORARY);
	wipe(&msg, sizeof(msg));
}

/* line.p == NULL: no initial response */
static void
carry(struct front_client *c, struct span line)
{
	bool first = c->sasl->with == NULL;
	struct buf text;

	buf_init(&text, AUTH_RESPONSE_MAX);
	if (buf_room(&text, AUTH_RESPONSE_MAX) == NULL)	/* never moves now */
		bug("sasl: no room");
	switch (sasl_response(line, first, &text)) {
	case SASL_DONE:
		if (first)
			begin(c, line.p != NULL, buf_span(&text));
		else
			more(c, buf_span(&text));
		break;
	case SASL_CANCELLED:
		fail(c, AUTH_CANCELLED);
		break;
	default:
		fail(c, AUTH_BAD);
		break;
	}
	wipe(text.p, text.size);
	buf_fini(&text);
}

void
client_sasl_answer(struct front_client *c, const struct sasl_rep *rep)
{
	struct buf text;

	if (rep->result != AUTH_CHALLENGE) {
		c->sasl->with = NULL;	/* that ended it there */
		fail(c, (enum auth_result)rep->result);
		return;
	}
	buf_init(&text, 2 * AUTH_CHALLENGE_MAX);
	(void)b64_encode(&text, span_of(rep->challenge,
	    rep->challenge_len));	/* fits */
	c->front->proto->challenge(c, buf_cstr(&text));
	buf_fini(&text);
}

void
client_sasl_claim(const struct front_client *c, struct login_claim *claim)
{
	claim->exchange = c->sasl->exchange;
	memcpy(claim->tag, c->sasl->tag, sizeof(claim->tag));
}

/* ---------------------------------------------------- what is read off here */

static void
turn_password(struct front_client *c, struct span line)
{
	struct sasl *s = &c->sasl->password;
	const char *challenge = "";

	switch (sasl_step(s, line, &challenge)) {
	case SASL_MORE:
		c->front->proto->challenge(c, challenge);
		return;
	case SASL_DONE:
		front_login(c, span_of(s->user.p, s->user.n),
		    span_of(s->password.p, s->password.n),
		    span_str(c->sasl->tag));
		client_sasl_over(c);
		return;
	case SASL_CANCELLED:
		fail(c, AUTH_CANCELLED);
		return;
	case SASL_BAD:
		fail(c, AUTH_BAD);
		return;
	}
}

static void
turn(struct front_client *c, struct span line)
{
	if (sasl_is_password(c->sasl->mech))
		turn_password(c, line);
	else
		carry(c, line);
}

void
front_sasl(struct front_client *c, enum sasl_mech mech, struct span initial,
    struct span tag)
{
	struct front_sasl *x = xcalloc(1, sizeof(*x));

	x->mech = mech;
	x->exchange = ++c->front->exchange;
	sasl_begin(&x->password, mech);
	span_copy_cut(tag, x->tag, sizeof(x->tag));
	c->sasl = x;
	turn(c, initial);
}

size_t
client_sasl_input(struct front_client *c, struct span in)
{
	enum line_ends ends = c->front->proto->service == AUTH_POP3 ?
	    LINE_CRLF_OR_LF : LINE_CRLF;
	struct span line;
	size_t used = 0;

	switch (line_cut(in, SASL_LINE_MAX + 2, ends, &line, &used)) {
	case LINE_MORE:
		return 0;
	case LINE_OK:
	case LINE_BAD:		/* holds what is no base64 */
		turn(c, line.p != NULL ? line : SPAN_LIT(""));
		return used;
	default:
		client_say_bye(c, "response too long");
		return in.n;
	}
}
