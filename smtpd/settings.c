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
#include "queue/format.h"
#include "trust/sasl.h"

/* A word that is not known checks most. */
static enum sender_scope
sender_scope(const char *word)
{
	if (strcmp(word, "none") == 0)
		return SENDERS_NONE;
	return strcmp(word, "envelope") == 0 ? SENDERS_ENVELOPE : SENDERS_ALL;
}

/* A word that is not known offers nothing. */
static enum binary_scope
binary_scope(const char *word)
{
	if (strcmp(word, "submission") == 0)
		return BINARY_SUBMISSION;
	return strcmp(word, "yes") == 0 ? BINARY_YES : BINARY_NO;
}

static void
load_nets(struct nets *out, const struct conf_view *v, const char *name)
{
	size_t n = conf_count(v, name);

	out->n = 0;
	out->v = n > 0 ? xcalloc(n, sizeof(*out->v)) : NULL;
	for (size_t i = 0; i < n; i++) {
		const char *text = conf_item(v, name, i);

		if (sock_parse_net(span_str(text), &out->v[out->n]) == 0)
			out->n++;
		else
			log_warn(LF_STR("event", "bad-network"),
			    LF_STR("setting", name), LF_STR("value", text));
	}
}

static void
load_tally(struct tally_limits *l, const struct conf_view *v)
{
	static const struct {
		const char *network, *account;
	} names[TALLY_KINDS] = {
		[TALLY_CONNECTION] = { "smtp_connections_per_network", NULL },
		[TALLY_MESSAGE] = { "smtp_messages_per_network",
		    "smtp_messages_per_account" },
		[TALLY_RECIPIENT] = { "smtp_recipients_per_network",
		    "smtp_recipients_per_account" },
		[TALLY_ERROR] = { "smtp_errors_per_network", NULL },
	};

	for (size_t i = 0; i < TALLY_KINDS; i++) {
		l->network[i] = (uint32_t)conf_num(v, names[i].network);
		if (names[i].account != NULL)
			l->account[i] = (uint32_t)conf_num(v,
			    names[i].account);
	}
	l->time_ms = (int64_t)conf_num(v, "smtp_rate_time") * 1000;
}

static void
load_bcc(struct settings *s, const char *text)
{
	s->bcc = (struct addr){ .kind = ADDR_NULL };
	if (*text == '\0')
		return;
	if (addr_parse(span_str(text), &s->bcc, NULL) == 0) {
		/* Nobody escapes it by filling the envelope. */
		if (s->recipients_max == QUEUE_RCPTS_MAX)
			s->recipients_max--;
		return;
	}
	s->bcc = (struct addr){ .kind = ADDR_NULL };
	log_error(LF_STR("event", "bad-setting"),
	    LF_STR("setting", "always_bcc"), LF_STR("value", text));
}

static void
free_nets(struct nets *nets)
{
	free(nets->v);
	nets->v = NULL;
	nets->n = 0;
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
		.utf8 = conf_bool(v, "smtp_utf8"),
		.binary = binary_scope(conf_str(v, "smtp_binarymime")),
		.senders = sender_scope(conf_str(v, "sender_check")),
		.scram_without_tls = conf_bool(v, "scram_without_tls"),
		.mechanisms = sasl_configured(span_str(
		    conf_str(v, "sasl_mechanisms"))),
		.clients_max = (unsigned)conf_num(v, "smtp_clients_max"),
		.clients_per_address =
		    (unsigned)conf_num(v, "smtp_clients_per_address"),
	};
	s->clients_per_network_percent = (unsigned)conf_num(v,
	    "clients_per_network_percent");
	s->handshakes_per_network = (unsigned)conf_num(v,
	    "tls_handshakes_per_network");
	load_tally(&s->tally, v);
	s->errors_slow = (unsigned)conf_num(v, "smtp_errors_slow");
	s->errors_max = (unsigned)conf_num(v, "smtp_errors_max");
	if (s->clients_per_address == 0)
		s->clients_per_address = s->clients_max;
	span_copy_cut(span_str(conf_str(v, "hostname")), s->hostname,
	    sizeof(s->hostname));
	if (*conf_str(v, "oauth_keys") == '\0')
		s->mechanisms &= ~SASL_TOKENS;
	load_nets(&s->relay, v, "relay_clients");
	load_nets(&s->proxies, v, "proxy_clients");
	load_nets(&s->xclient, v, "xclient_hosts");
	s->clients_per_user = (unsigned)conf_num(v, "smtp_clients_per_user");
	load_bcc(s, conf_str(v, "always_bcc"));
	s->readdress_all =
	    strcmp(conf_str(v, "header_rewrite_clients"), "all") == 0;
	load_nets(&s->verp_nets, v, "verp_clients");
	span_copy_cut(span_str(conf_str(v, "verp_delimiters")), s->verp,
	    sizeof(s->verp));
}

void
settings_fini(struct settings *s)
{
	tls_server_free(&s->tls);
	free_nets(&s->relay);
	free_nets(&s->proxies);
	free_nets(&s->xclient);
	free_nets(&s->verp_nets);
}

bool
settings_has(const struct nets *nets, const struct sock_addr *a)
{
	for (size_t i = 0; i < nets->n; i++)
		if (sock_net_has(&nets->v[i], a))
			return true;
	return false;
}
