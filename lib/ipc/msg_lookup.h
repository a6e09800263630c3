/*
 * msg_lookup - questions to lookupd: may mail for this address come in, where
 * does it go, and may this account use it as a sender?
 */
#ifndef IPC_MSG_LOOKUP_H
#define IPC_MSG_LOOKUP_H

#include "base/demand.h"
#include "base/why.h"
#include "ipc/catalogue.h"

#define LOOKUP_ADDRESS_MAX	320	/* local 64 "@" domain 255 */

struct rcpt_check {		/* smtpd session -> lookupd */
	char address[LOOKUP_ADDRESS_MAX + 1];
};
enum rcpt_kind {
	RCPT_LOCAL,		/* ours, and somebody there takes mail */
	RCPT_RELAY_OK,		/* a domain that we relay for */
	RCPT_FOREIGN,		/* somebody else's: only for trusted clients */
	RCPT_UNKNOWN		/* our domain, nobody of that name */
};
/* What an address is, and so which maps say what stands for it. */
enum rewrite_use {
	USE_ENVELOPE_SENDER,
	USE_ENVELOPE_RECIPIENT,	/* RCPT_CHECK asks for it */
	USE_HEADER_SENDER,
	USE_HEADER_RECIPIENT,
	USE_LEAVING,		/* any address of mail that goes elsewhere */
	USES
};
#define USE_BIT(use)	(1u << (use))

struct rcpt_verdict {
	uint8_t kind;
	uint8_t asks;		/* USE_BIT()s worth a REWRITE: a map is there */
	/* by the map canonical, or "" for the address itself */
	char	address[LOOKUP_ADDRESS_MAX + 1];
	char	copy[LOOKUP_ADDRESS_MAX + 1];	/* to whom besides, or "" */
};				/* refusal: temporary trouble */

struct sender_check {		/* smtpd session -> lookupd */
	char account[LOOKUP_ADDRESS_MAX + 1];	/* or "uid:N": local user N */
	char address[LOOKUP_ADDRESS_MAX + 1];
};
struct sender_verdict {
	uint8_t own;		/* 1: the account may use the address */
};				/* refusal: temporary trouble */

/* smtpd session, and smtp-out worker for USE_LEAVING -> lookupd */
struct rewrite {
	uint8_t use;
	char	address[LOOKUP_ADDRESS_MAX + 1];
};
struct rewritten {
	char address[LOOKUP_ADDRESS_MAX + 1];	/* or "": as it is */
	char copy[LOOKUP_ADDRESS_MAX + 1];	/* USE_ENVELOPE_SENDER: to whom
						   besides, or "" */
};				/* refusal: temporary trouble */

/*
 * smtp-out worker -> lookupd: the log-in that its JOB names.  A channel on which
 * anything else was asked first gets none, and one that has asked for a log-in
 * gets no other.
 */
struct relay_ask {
	char key[LOOKUP_ADDRESS_MAX + 1];
};
struct relay_secret {
	char	user[256];
	uint8_t	password[255];
	size_t	password_len;
};				/* refusal: temporary trouble */

#define LOOKUP_SOURCE_MAX	95	/* an IPv4 and an IPv6 address */

struct resolve {		/* qmgr -> lookupd */
	char address[LOOKUP_ADDRESS_MAX + 1];
	char sender[LOOKUP_ADDRESS_MAX + 1];	/* of the envelope, or "" */
};
enum target_kind {
	TARGET_MAILBOX,		/* a Maildir of an owner */
	TARGET_REMOTE,		/* by smtp-out */
	TARGET_PIPE,		/* a configured program */
	TARGET_FAIL		/* undeliverable: esc and text say why */
};
enum transport { TRANSPORT_SMTP, TRANSPORT_LMTP };
/* One for each place; an alias gives several; then RESOLVED. */
struct target {
	uint8_t	 kind;
	uint8_t	 permanent;	/* TARGET_FAIL */
	char	 address[LOOKUP_ADDRESS_MAX + 1];	/* the final one */
	/* TARGET_MAILBOX */
	char	 user[LOOKUP_ADDRESS_MAX + 1];	/* account: "alice@demo.example" */
	uint32_t uid, gid;
	char	 home[512];
	char	 maildir[512];		/* absolute */
	uint8_t	 system_user;		/* has a .forward */
	char	 detail[65];		/* behind the separator of a subaddress */
	/* TARGET_REMOTE */
	uint8_t	 transport;
	char	 nexthop[256];	/* domain (MX lookup), or "[host]": no MX */
	uint16_t port;		/* 0: the transport's own */
	uint8_t	 tls;		/* enum demand */
	char	 source[LOOKUP_SOURCE_MAX + 1];	/* from where, or "" */
	uint8_t	 generic;	/* by SMTP, and the map generic is there */
	char	 auth[LOOKUP_ADDRESS_MAX + 1];	/* by SMTP: the key of its log-in
						   in the map relay_auth, or "" */
	/* TARGET_PIPE: nexthop is the name of the configured command */
	/* owner-list address that becomes the envelope sender, or "" */
	char	 owner[LOOKUP_ADDRESS_MAX + 1];
	char	 esc[WHY_ESC_SIZE];
	char	 text[WHY_TEXT_SIZE];
};
struct resolved {
	uint32_t count;		/* of targets sent before it */
};				/* refusal instead: ask again later */

extern const struct ipc_type rcpt_check_type, rcpt_verdict_type,
    resolve_type, target_type, resolved_type, sender_check_type,
    sender_verdict_type, rewrite_type, rewritten_type, relay_ask_type,
    relay_secret_type;

#endif
