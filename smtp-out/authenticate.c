/*
 * authenticate.c - one function for each mechanism, in a straight line.  What the
 * other side says in its challenges is read and counts for nothing: these
 * mechanisms have a fixed number of answers, and after the last one there is
 * "yes" or there is not.
 *
 * A relay that refuses us may say in its reply what it has got; such a reply is
 * told by its code alone, for it would come into logs and reports.
 */
#include "smtp-out/authenticate.h"

#include "base/b64.h"
#include "base/buf.h"
#include "base/log.h"
#include "smtp-out/exchange.h"
#include "smtp-out/limits.h"

/* RFC 5321 4.5.3.1.4: with CRLF. */
#define COMMAND_MAX	512
/* Both at their longest, two NULs, as base64, and CRLF. */
#define ANSWER_MAX	((size_t)(2 * SECRET_MAX + 2) * 4 / 3 + 8)
/* So much of what was said is told again by no chance. */
#define PIECE		((size_t)8)

static void
secret_buf_fini(struct buf *b)
{
	if (b->p != NULL)
		wipe(b->p, b->size);
	buf_fini(b);
}

/* Never moved by growing: no copy is left behind. */
static void
secret_buf_init(struct buf *b)
{
	buf_init(b, ANSWER_MAX);
	(void)!buf_room(b, ANSWER_MAX);
}

/* prefix, in in base64, CRLF; and the reply to it. */
static int
say(struct talk *t, const char *prefix, struct span in, struct why *why)
{
	struct buf line;
	int rc;

	secret_buf_init(&line);
	(void)buf_add_str(&line, prefix);
	(void)b64_encode(&line, in);
	(void)buf_add_str(&line, "\r\n");
	rc = line.full ? exchange_lost(t, why, "to AUTH") :
	    exchange_command(t, buf_cstr(&line), AUTH_MS, "to AUTH", why);
	stream_wipe(&t->stream);
	secret_buf_fini(&line);
	return rc;
}

/* An answer to a challenge, which must have come. */
static int
answer(struct talk *t, struct span in, struct why *why)
{
	return t->reply.code == 334 ? say(t, "", in, why) : 0;
}

/* RFC 4616 2, without an authorization identity. */
static void
as_plain(const struct credential *c, struct buf *out)
{
	(void)buf_add_char(out, '\0');
	(void)buf_add(out, c->user.p, c->user.n);
	(void)buf_add_char(out, '\0');
	(void)buf_add(out, c->password.p, c->password.n);
}

static int
by_plain(struct talk *t, const struct credential *c, struct why *why)
{
	static const char prefix[] = "AUTH PLAIN ";
	struct buf message;
	int rc;

	secret_buf_init(&message);
	as_plain(c, &message);
	if (sizeof(prefix) + 1 + (message.n + 2) / 3 * 4 <= COMMAND_MAX)
		rc = say(t, prefix, buf_span(&message), why);
	else {
		rc = exchange_command(t, "AUTH PLAIN\r\n", AUTH_MS, "to AUTH",
		    why);
		if (rc == 0)
			rc = answer(t, buf_span(&message), why);
	}
	secret_buf_fini(&message);
	return rc;
}

static int
by_login(struct talk *t, const struct credential *c, struct why *why)
{
	if (exchange_command(t, "AUTH LOGIN\r\n", AUTH_MS, "to AUTH", why) !=
	    0 || answer(t, span_of(c->user.p, c->user.n), why) != 0)
		return -1;
	return answer(t, span_of(c->password.p, c->password.n), why);
}

static const struct mech {
	const char *name;
	enum ehlo_auth bit;
	int (*run)(struct talk *, const struct credential *, struct why *);
} mechs[] = {
	{ "PLAIN", EHLO_AUTH_PLAIN, by_plain },
	{ "LOGIN", EHLO_AUTH_LOGIN, by_login },
};

static const struct mech *
choose(const struct talk *t)
{
	for (size_t i = 0; i < COUNT(mechs); i++)
		if ((t->ehlo.auth & mechs[i].bit) != 0)
			return &mechs[i];
	return NULL;
}

/* text is that of a reply: what is not ASCII is '?' there. */
static bool
stands_at(const char *text, struct span said)
{
	for (size_t i = 0; i < said.n; i++)
		if (text[i] != said.p[i] &&
		    !(text[i] == '?' && (unsigned char)said.p[i] > '~'))
			return false;
	return true;
}

/* Do PIECE octets in a row of said, or all if there are fewer, stand in text? */
static bool
repeats(struct span text, struct span said)
{
	size_t n = said.n < PIECE ? said.n : PIECE;

	for (size_t i = 0; n > 0 && i + n <= said.n; i++)
		for (size_t at = 0; at + n <= text.n; at++)
			if (stands_at(text.p + at, span_of(said.p + i, n)))
				return true;
	return false;
}

/*
 * Does text repeat the password, or of it what was sent: the answers of both
 * mechanisms?  A part counts too, for a relay may cut what it repeats.
 */
static bool
tells(struct span text, const struct credential *c)
{
	struct buf plain, coded;
	bool found = repeats(text, span_of(c->password.p, c->password.n));

	secret_buf_init(&plain);
	secret_buf_init(&coded);
	as_plain(c, &plain);
	(void)b64_encode(&coded, buf_span(&plain));
	found = found || repeats(text, buf_span(&coded));
	buf_clear(&coded);
	(void)b64_encode(&coded, span_of(c->password.p, c->password.n));
	while (coded.n > 0 && coded.p[coded.n - 1] == '=')
		buf_cut(&coded, coded.n - 1);
	found = found || repeats(text, buf_span(&coded));
	secret_buf_fini(&plain);
	secret_buf_fini(&coded);
	return found;
}

static int
refused(struct talk *t, const struct mech *m, const struct credential *c,
    struct why *why)
{
	struct buf said;

	buf_init(&said, REPLY_SHORT_MAX + 1);
	reply_one_line(&t->reply, &said);
	if (tells(buf_span(&t->reply.text), c)) {
		buf_clear(&said);
		(void)buf_addf(&said, "%u", t->reply.code);
	}
	/* Ours or the relay's to mend, and not the sender's: the mail waits. */
	why_set(why, WHY_TEMP, exchange_said(t, 5) ? "4.7.8" : "4.7.0",
	    "%s did not let us log in: %s", t->remote, buf_cstr(&said));
	log_warn(LF_STR("event", "relay-login-refused"),
	    LF_STR("id", t->link->id), LF_STR("remote", t->remote),
	    LF_STR("mech", m->name), LF_NUM("reply", t->reply.code),
	    LF_SPAN("why", buf_span(&said)));
	t->login_refused = exchange_said(t, 5);
	buf_fini(&said);
	return -1;
}

int
authenticate(struct talk *t, const struct credential *c, struct why *why)
{
	const struct mech *m = choose(t);

	if (t->no_tls != NULL) {
		why_set(why, WHY_TEMP, "4.7.4", "%s: no log-in without TLS",
		    t->remote);
		return -1;
	}
	if (m == NULL) {
		why_set(why, WHY_TEMP, "4.7.0", "%s offers no way to log in "
		    "that is known here (relay_auth)", t->remote);
		return -1;
	}
	if (m->run(t, c, why) != 0)
		return -1;
	if (t->reply.code == 235) {
		t->mech = m->name;
		return 0;
	}
	if (t->reply.code == 334) {
		/* More than the mechanism has: called off. */
		if (exchange_command(t, "*\r\n", AUTH_MS, "to AUTH", why) != 0)
			return -1;
		if (!exchange_said(t, 4) && !exchange_said(t, 5))
			return exchange_lost(t, why, "that is one to AUTH");
	}
	return refused(t, m, c, why);
}
