/*
 * policy - see policy.h.
 * The rules in words: who is trusted may send anywhere; everybody else only to
 * those for whom lookupd answers.  Trusted are clients that logged in, users
 * of this host by the local socket (the kernel told us who) and the networks
 * in relay_clients; the loopback address alone is no reason for trust.  Who has
 * a name here writes under it: of the trusted only the networks may send as
 * anybody.
 */
#include "smtpd/policy.h"

#include "smtpd/limits.h"

/* May it hand in mail for other hosts? */
static bool
may_relay(const struct facts *f)
{
	return f->logged_in || f->relay_client || f->kind == LISTENER_LOCAL;
}

bool
policy_may_verp(const struct facts *f)
{
	return f->verp_client || f->logged_in || f->kind == LISTENER_LOCAL;
}

bool
policy_clear(const struct facts *f)
{
	return f->tls || f->loopback || f->plain_anywhere;
}

bool
policy_auth_offered(const struct facts *f)
{
	return f->kind == LISTENER_SUBMISSION && f->mechanisms != 0;
}

bool
policy_binary_offered(const struct facts *f, enum binary_scope scope)
{
	/* What users hand in was signed by no host yet. */
	return scope == BINARY_YES || (scope == BINARY_SUBMISSION &&
	    (f->kind == LISTENER_SUBMISSION || f->kind == LISTENER_LOCAL));
}

bool
policy_tls_offered(const struct facts *f)
{
	/* RFC 3207 4.2: not again when it is active. */
	return f->certified && !f->tls &&
	    (f->kind == LISTENER_MX || f->kind == LISTENER_SUBMISSION);
}

enum say
policy_tls(const struct facts *f, bool signer)
{
	if (f->tls)
		return SAY_TLS_AGAIN;
	if (!policy_tls_offered(f))
		return SAY_NOT_HERE;
	/* What was proven before would have to be forgotten. */
	if (f->logged_in)
		return SAY_TLS_TOO_LATE;
	return signer ? SAY_NOTHING : SAY_TLS_LATER;	/* RFC 3207 4 */
}

enum say
policy_auth(const struct facts *f)
{
	if (f->logged_in)
		return SAY_AUTH_AGAIN;
	/* Before the password is on the line. */
	if (!policy_auth_offered(f))
		return SAY_AUTH_PLAIN_TEXT;
	return SAY_NOTHING;
}

enum say
policy_mail(const struct facts *f, const struct verb_mail *m,
    uint64_t size_max)
{
	if (f->kind == LISTENER_SUBMISSION && !f->logged_in)
		return SAY_AUTH_NEEDED;
	/* RFC 1870 6.1: a declared size over the fixed maximum is 552. */
	if (m->has_size && m->size > size_max)
		return SAY_TOO_BIG;
	return SAY_MAIL_OK;
}

/* Who has no name here has no addresses either: other hosts, LMTP. */
static bool
has_name(const struct facts *f)
{
	return f->logged_in || f->kind == LISTENER_LOCAL;
}

bool
policy_checks_sender(const struct facts *f, const struct addr *from)
{
	return has_name(f) && f->senders != SENDERS_NONE &&
	    from->kind == ADDR_MAILBOX;
}

bool
policy_checks_authors(const struct facts *f)
{
	return has_name(f) && f->senders == SENDERS_ALL;
}

bool
policy_readdresses(const struct facts *f, bool all)
{
	return all || may_relay(f);
}

enum say
policy_rcpt(const struct facts *f, const struct addr *to,
    enum rcpt_kind verdict)
{
	bool trusted = may_relay(f);

	/* RFC 5321 4.5.1: <postmaster> without domain is always taken. */
	if (to->kind == ADDR_POSTMASTER)
		return SAY_RCPT_OK;
	switch (verdict) {
	case RCPT_LOCAL:
		return SAY_RCPT_OK;
	case RCPT_UNKNOWN:
		return SAY_RCPT_UNKNOWN;
	case RCPT_RELAY_OK:
		/* user%other@ours would be sent on by the next host. */
		if (!trusted && addr_local_routes(to))
			return SAY_RELAY_DENIED;
		return SAY_RCPT_OK;
	case RCPT_FOREIGN:
		return trusted ? SAY_RCPT_OK : SAY_RELAY_DENIED;
	}
	return SAY_RELAY_DENIED;
}

enum say
policy_rcpt_form(const struct verb_rcpt *r, bool utf8)
{
	return r->utf8 && !utf8 ? SAY_RCPT_ASCII : SAY_NOTHING;
}

enum say
policy_rcpt_room(size_t have, size_t most)
{
	/* RFC 5321 4.5.3.1.10: 452, so that the client sends the rest. */
	return have < most ? SAY_NOTHING : SAY_TOO_MANY_RCPT;
}

static enum say
policy_binary(enum mime_binary_state state)
{
	switch (state) {
	case MIME_BINARY_GOOD:
		break;
	case MIME_BINARY_LINES:
		return SAY_BINARY_LINES;
	case MIME_BINARY_HEADER:
		return SAY_HEADER_TOO_BIG;
	case MIME_BINARY_DEEP:
		return SAY_BINARY_DEEP;
	case MIME_BINARY_SIGNED:
		return SAY_BINARY_SIGNED;
	}
	return SAY_NOTHING;
}

enum say
policy_message(const struct message_facts *m)
{
	if (m->bad_octets)
		return SAY_BAD_OCTETS;	/* RFC 5321 2.3.8 */
	if (m->too_big)
		return SAY_TOO_BIG;
	if (m->header_too_big)
		return SAY_HEADER_TOO_BIG;
	if (m->binary != MIME_BINARY_GOOD)
		return policy_binary(m->binary);
	if (m->hops > m->hops_max)
		return SAY_LOOP;	/* RFC 5321 6.3 */
	return SAY_NOTHING;
}

/* Errors beside one for each recipient that was accepted: lists grow old. */
static unsigned
surplus(const struct counts *c)
{
	return c->errors > c->accepted ? c->errors - c->accepted : 0;
}

int64_t
policy_delay_ms(const struct counts *c, unsigned slow)
{
	unsigned n = surplus(c);
	int64_t ms;

	if (slow == 0 || n < slow)
		return 0;
	ms = (int64_t)(n - slow + 1) * LIMIT_SLOW_STEP_MS;
	return ms < LIMIT_SLOW_MS ? ms : LIMIT_SLOW_MS;
}

enum say
policy_patience(const struct counts *c, size_t recipients_max,
    unsigned errors_max)
{
	if (c->auth_failures >= LIMIT_AUTH_FAILURES)
		return SAY_TOO_MANY_LOGINS;
	if (surplus(c) >= errors_max)
		return SAY_TOO_MANY_ERRORS;
	if (c->idle >= LIMIT_IDLE_COMMANDS || c->commands >= LIMIT_COMMANDS ||
	    c->over >= recipients_max)
		return SAY_TOO_MANY_COMMANDS;
	return SAY_NOTHING;
}

const struct sock_addr *
policy_charged(const struct origin *o, const struct sock_addr *claim)
{
	bool named = o->client->family != 0;

	/* What a proxy has not named has no rights: proxied.c. */
	if (o->proxy)
		return named && o->client_forwarder ? claim :
		    named ? o->client : o->peer;
	return o->forwarder ? claim : o->peer;
}
