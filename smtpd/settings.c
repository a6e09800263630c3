/*
 * settings - see settings.h.
 * master has checked the ranges; the networks are checked here once more,
 * because a network that is not understood must never mean "everybody".
 */
#include "smtpd/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/span.h"
#include "trust/sasl.h"

/* A word that is not known checks most. */
static enum sender_scope
sender_scope(const char *word)
{
	if (strcmp(word, "none") == 0)
		return SENDERS_NONE;
	return strcmp(word, "envelope") == 0 ? SENDERS_ENVELOPE : SENDERS_ALL;
}

static void
load_relay(struct settings *s, const struct conf_view *v)
{
	size_t n = conf_count(v, "relay_clients");

	s->relay_n = 0;
	s->relay = n > 0 ? xcalloc(n, sizeof(*s->relay)) : NULL;
	for (size_t i = 0; i < n; i++) {
		const char *text = conf_item(v, "relay_clients", i);

		if (sock_parse_net(span_str(text), &s->relay[s->relay_n]) == 0)
			s->relay_n++;
		else
			log_warn(LF_STR("event", "bad-network"),
			    LF_STR("setting", "relay_clients"),
			    LF_STR("value", text));
	}
}

void
settings_load(struct settings *s, const struct conf_view *v)
{
	*s = (struct settings){
		.message_size_max = conf_num(v, "message_size_max"),
		.recipients_max = (size_t)conf_num(v, "recipients_max"),
		.received_max = (size_t)conf_num(v, "received_max"),
		.timeout_ms = (int64_t)conf_num(v, "smtp_timeout") * 1000,
		.plain_login_anywhere = conf_bool(v, "plain_login_anywhere"),
		.senders = sender_scope(conf_str(v, "sender_check")),
		.scram_without_tls = conf_bool(v, "scram_without_tls"),
		.mechanisms = sasl_configured(span_str(
		    conf_str(v, "sasl_mechanisms"))),
		.clients_max = (unsigned)conf_num(v, "smtp_clients_max"),
		.clients_per_address =
		    (unsigned)conf_num(v, "smtp_clients_per_address"),
	};
	s->handshakes_per_network = (unsigned)conf_num(v,
	    "tls_handshakes_per_network");
	if (s->clients_per_address == 0)
		s->clients_per_address = s->clients_max;
	span_copy_cut(span_str(conf_str(v, "hostname")), s->hostname,
	    sizeof(s->hostname));
	load_relay(s, v);
}

void
settings_fini(struct settings *s)
{
	tls_server_free(&s->tls);
	free(s->relay);
	s->relay = NULL;
	s->relay_n = 0;
}

bool
settings_relays(const struct settings *s, const struct sock_addr *a)
{
	for (size_t i = 0; i < s->relay_n; i++)
		if (sock_net_has(&s->relay[i], a))
			return true;
	return false;
}
