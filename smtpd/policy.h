/*
 * policy - every decision about a client, its envelope and its message.  Pure:
 * facts in, a reply out.  SAY_NOTHING: go on.
 */
#ifndef SMTPD_POLICY_H
#define SMTPD_POLICY_H

#include "base/base.h"
#include "ipc/msg_lookup.h"
#include "ipc/msg_super.h"
#include "mail/addr.h"
#include "mail/mime_binary.h"
#include "os/sock.h"
#include "smtp/verb.h"
#include "smtpd/reply.h"

enum sender_scope { SENDERS_ALL, SENDERS_ENVELOPE, SENDERS_NONE };

enum binary_scope { BINARY_NO, BINARY_SUBMISSION, BINARY_YES };

struct facts {			/* what is known of a client */
	enum listener_kind kind;	/* where it came in */
	bool relay_client;	/* its address stands in relay_clients */
	bool loopback;		/* a TCP client of this host */
	bool plain_anywhere;	/* setting plain_login_anywhere */
	unsigned mechanisms;	/* of SASL that are offered here: SASL_BIT()s */
	bool logged_in;
	enum sender_scope senders;	/* setting sender_check */
	bool xclient;		/* its address stands in xclient_hosts */
	bool verp_client;	/* its address stands in verp_clients */
	bool certified;		/* we have a certificate: TLS can be had */
	bool tls;		/* all that was said came by TLS */
};

struct counts {			/* of one connection */
	unsigned errors;	/* 5yz replies */
	unsigned accepted;	/* recipients, in all messages */
	unsigned commands;	/* since the last accepted message */
	unsigned idle;		/* ... that bring no mail nearer */
	unsigned auth_failures;
	unsigned over;		/* RCPT over recipients_max in this message */
};

/* May it ask for a sender address of each recipient's own (XVERP)? */
bool	policy_may_verp(const struct facts *f);
/* May a password be sent as it is? */
bool	policy_clear(const struct facts *f);
/* Is AUTH announced and taken? */
bool	policy_auth_offered(const struct facts *f);
/* May it begin AUTH now? */
enum say	policy_auth(const struct facts *f);
/* Is BINARYMIME?  scope: setting smtp_binarymime */
bool	policy_binary_offered(const struct facts *f, enum binary_scope scope);
/* Is STARTTLS announced and taken? */
bool	policy_tls_offered(const struct facts *f);
/* May TLS begin now?  signer: somebody can sign for us. */
enum say	policy_tls(const struct facts *f, bool signer);
/* May it begin this message?  size_max in octets. */
enum say	policy_mail(const struct facts *f, const struct verb_mail *m,
		    uint64_t size_max);
/* Must the address in MAIL be the user's own?  The null sender always may. */
bool	policy_checks_sender(const struct facts *f, const struct addr *from);
/* Must those of From and Sender in the header be? */
bool	policy_checks_authors(const struct facts *f);
/*
 * Do the maps say what stands for the addresses in its header?
 * all  setting header_rewrite_clients
 */
bool	policy_readdresses(const struct facts *f, bool all);
/* One recipient more; verdict of lookupd. */
enum say	policy_rcpt(const struct facts *f, const struct addr *to,
		    enum rcpt_kind verdict);
/* RFC 6531 3.4, 3.5: may it be written so?  utf8: MAIL had SMTPUTF8. */
enum say	policy_rcpt_form(const struct verb_rcpt *r, bool utf8);
/* Is there room for a recipient?  have: accepted in this message. */
enum say	policy_rcpt_room(size_t have, size_t most);

struct message_facts {		/* what DATA brought */
	bool   bad_octets;	/* bare CR, bare LF, NUL */
	enum mime_binary_state binary;	/* of BODY=BINARYMIME, else good */
	bool   too_big;		/* over message_size_max */
	bool   header_too_big;
	size_t hops;		/* Received fields */
	size_t hops_max;
};
/* SAY_NOTHING: it may be queued. */
enum say	policy_message(const struct message_facts *m);

/*
 * A 421 reply when the client has used up our patience.
 * errors_max  setting smtp_errors_max
 */
enum say	policy_patience(const struct counts *c, size_t recipients_max,
		    unsigned errors_max);
/*
 * How long an error keeps its client waiting: longer with each from
 * smtp_errors_slow (0: never) on.
 */
int64_t	policy_delay_ms(const struct counts *c, unsigned slow);

/* Whose a connection is, as the listener knows without the session's word. */
struct origin {
	const struct sock_addr *peer, *client;	/* client: the proxy's first
						   word; family 0: none */
	bool proxy, forwarder;	/* peer is of proxy_clients, xclient_hosts */
	bool client_forwarder;	/* client is of xclient_hosts */
};
/*
 * Whose budget is charged for what a session tells of.  Only one that serves an
 * XCLIENT host may name somebody.
 * claim    the client that the session names; family 0: nobody pays
 */
const struct sock_addr *policy_charged(const struct origin *o,
	    const struct sock_addr *claim);

#endif
