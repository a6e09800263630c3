/*
 * front_proto - the part of front that the protocols call: replies, errors,
 * and the questions whether and who may log in.
 */
#include "login/front.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "daemon/tls_signer.h"
#include "login/front_priv.h"

void *
front_state(struct front_client *c)
{
	return c->proto_state;
}

void
front_reply(struct front_client *c, const char *fmt, ...)
{
	va_list ap;

	/* A full buffer ends the client when it is sent (front.c). */
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
		client_say_bye(c, "too many errors");
}

void
front_close(struct front_client *c)
{
	client_start_closing(c);
}

bool
front_login_allowed(const struct front_client *c)
{
	return c->conn.tls != NULL || sock_is_loopback(&c->peer) ||
	    conf_bool(service_conf(), "plain_login_anywhere");
}

void
front_login(struct front_client *c, struct span user, struct span password,
    struct span tag)
{
	struct login_req *l;

	if (user.n == 0 || user.n > AUTH_USER_MAX || password.n >
	    AUTH_PASSWORD_MAX || tag.n > AUTH_TAG_MAX) {
		client_login_failed(c, AUTH_WRONG);
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
		client_login_failed(c, AUTH_WRONG);
		return;
	}
	c->login = l;
}

enum front_tls
front_tls(const struct front_client *c)
{
	if (c->conn.tls != NULL)
		return FRONT_TLS_ACTIVE;
	if (c->front->tls == NULL)
		return FRONT_TLS_NONE;
	return tls_signer_ready() ? FRONT_TLS_OFFERED : FRONT_TLS_LATER;
}

void
front_starttls(struct front_client *c)
{
	c->tls_next = true;
}
