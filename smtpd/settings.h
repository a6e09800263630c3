/*
 * settings - what the administrator decided, as values: read at start and at
 * reload, copied into each session by the fork.
 */
#ifndef SMTPD_SETTINGS_H
#define SMTPD_SETTINGS_H

#include "base/base.h"
#include "conf/view.h"
#include "mail/addr.h"
#include "net/tls.h"
#include "os/sock.h"
#include "smtpd/policy.h"
#include "smtpd/tally.h"

struct nets {
	struct sock_net *v;
	size_t	 n;
};

struct settings {
	char	 hostname[ADDR_DOMAIN_SIZE];
	uint64_t message_size_max;	/* octets */
	size_t	 recipients_max;
	size_t	 received_max;
	int64_t	 timeout_ms;		/* for a command */
	bool	 plain_login_anywhere;
	bool	 utf8;			/* SMTPUTF8 is offered */
	enum binary_scope binary;	/* smtp_binarymime */
	enum sender_scope senders;
	bool	 scram_without_tls;
	unsigned mechanisms;		/* sasl_configured() */
	unsigned clients_max;
	unsigned clients_per_address;	/* never 0 */
	unsigned clients_per_network_percent;
	unsigned handshakes_per_network;	/* a second; 0: no limit */
	struct tally_limits tally;
	unsigned errors_slow;		/* 0: never */
	unsigned errors_max;
	struct tls_server *tls;		/* set by main.c; NULL: no TLS */
	struct nets relay;		/* relay_clients */
	struct nets proxies;		/* proxy_clients */
	struct nets xclient;		/* xclient_hosts */
	struct nets verp_nets;		/* verp_clients */
	char	 verp[3];		/* verp_delimiters */
	struct addr bcc;		/* always_bcc; ADDR_NULL: nobody */
	bool	 readdress_all;		/* header_rewrite_clients = all */
	unsigned clients_per_user;	/* 0: no limit */
};

/* Fills *s; what is no network where one should be is logged and left out. */
void	settings_load(struct settings *s, const struct conf_view *v);
void	settings_fini(struct settings *s);
/* Does this address stand in one of them? */
bool	settings_has(const struct nets *nets, const struct sock_addr *a);

#endif
