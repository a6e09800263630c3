/*
 * talk_open.c - greeting, EHLO, STARTTLS, AUTH: see talk.h.  Whether a connection is
 * good enough is decided once, when all of that is over, by what has come of
 * it; so no order of answers gets past a demand.
 */
#include "smtp-out/talk.h"

#include <string.h>

#include "base/buf.h"
#include "os/clock.h"
#include "os/fd.h"
#include "smtp-out/authenticate.h"
#include "smtp-out/exchange.h"
#include "smtp-out/limits.h"

static int
greeting(struct talk *t, const struct talk_start *how, struct why *why)
{
	struct span text, name;

	if (exchange_reply(t, GREETING_MS, "for a greeting", why) != 0)
		return -1;
	if (!exchange_said(t, 2))
		return exchange_refused(t, why, "for a greeting");
	text = buf_span(&t->reply.text);
	name = span_word(&text);
	if (how->looked_up && span_ieq_str(name, how->hostname)) {
		why_set(why, WHY_PERM, "5.4.6",
		    "mail loops: %s greets with our own name", t->remote);
		return -1;
	}
	return 0;
}

static int
introduce(struct talk *t, const char *hostname, struct why *why)
{
	static const char *const verbs[] = { "EHLO", "LHLO", "HELO" };
	struct buf line;
	int rc = -1;

	buf_init(&line, 512);
	(void)buf_addf(&line, "%s %s\r\n", verbs[t->lmtp], hostname);
	if (exchange_command(t, buf_cstr(&line), EHLO_MS, "to EHLO", why) != 0)
		goto out;
	if (exchange_said(t, 2)) {
		ehlo_parse(&t->ehlo, buf_span(&t->reply.text));
		rc = 0;
		goto out;
	}
	/* RFC 5321 3.2: an old server may know HELO only. */
	if (t->lmtp || !exchange_said(t, 5)) {
		rc = exchange_refused(t, why, "to EHLO");
		goto out;
	}
	buf_clear(&line);
	(void)buf_addf(&line, "%s %s\r\n", verbs[2], hostname);
	if (exchange_command(t, buf_cstr(&line), EHLO_MS, "to HELO", why) != 0)
		goto out;
	rc = exchange_said(t, 2) ? 0 : exchange_refused(t, why, "to HELO");
out:
	buf_fini(&line);
	return rc;
}

static int
handshake(struct talk *t, struct tls *tls, struct why *why)
{
	int64_t deadline = clock_deadline(TLS_MS);
	const char *text = "took too long";
	enum tls_result r;

	while ((r = tls_handshake(tls)) != TLS_DONE && r != TLS_FAILED &&
	    clock_mono_ms() < deadline) {
		if (r == TLS_WAIT_WRITE) {
			if (fd_wait(t->stream.fd, FD_WRITE, deadline) < 0)
				break;
		} else if (job_wait(t->link, t->stream.fd, deadline) != 0) {
			text = "the queue manager ended";
			break;
		}
	}
	if (r == TLS_DONE)
		return 0;
	why_set(why, WHY_TEMP, "4.7.5", "%s: TLS handshake: %s", t->remote,
	    r == TLS_FAILED ? tls_failure(tls) : text);
	return -1;
}

static struct tls *
begin_tls(struct talk *t, const struct talk_start *how, struct why *why)
{
	struct tls_want want;
	struct tls *tls;

	secure_want(how->secure, how->host, &want);
	tls = tls_connect(how->tls, t->stream.fd, &want);
	if (tls == NULL)
		(void)exchange_lost(t, why,
		    "for want of memory or a usable name");
	else if (handshake(t, tls, why) != 0)
		tls_free(&tls);
	return tls;
}

/*
 * RFC 3207 4.  Whether a host that takes its offer back may be spoken to in the
 * clear is seen in talk_open(); one whose handshake fails hears no further
 * word on this connection.
 */
static int
start_tls(struct talk *t, const struct talk_start *how, struct why *why)
{
	struct tls *tls;

	if (exchange_command(t, "STARTTLS\r\n", TLS_MS, "to STARTTLS",
	    why) != 0)
		return -1;
	if (t->reply.code != 220) {
		t->no_tls = "refused";
		return 0;
	}
	t->tls_failed = true;
	/* What stands behind the reply would be taken as if it came by TLS. */
	if (!stream_idle(&t->stream))
		return exchange_lost(t, why, "behind STARTTLS");
	tls = begin_tls(t, how, why);
	if (tls == NULL)
		return -1;
	t->tls_failed = false;
	t->no_tls = NULL;
	tls_facts(tls, &t->tls);
	t->proven = tls_proven(tls);
	/* Nothing was waiting, and nothing has been read since. */
	(void)!stream_set_io(&t->stream, &tls_stream_io, tls);
	/* RFC 3207 4.2: what it offered before does not count. */
	ehlo_init(&t->ehlo);
	return introduce(t, how->hostname, why);
}

/* The one place that lets a connection pass, or not. */
static int
is_secure(const struct talk *t, const struct secure *s, struct why *why)
{
	if (s->least >= SECURE_TLS && t->no_tls != NULL) {
		why_set(why, WHY_TEMP, "4.7.4", "%s: TLS is demanded (%s), "
		    "and was %s", t->remote, s->why, t->no_tls);
		return -1;
	}
	if (s->least == SECURE_PROVEN && t->proven == TLS_PROOF_NONE) {
		why_set(why, WHY_TEMP, "4.7.5", "%s: has not proven to be the "
		    "right server (%s)", t->remote, s->why);
		return -1;
	}
	return 0;
}

static const char *
why_no_tls(const struct talk_start *how)
{
	if (how->secure->least == SECURE_CLEAR)
		return "not wanted";
	return how->plain ? "failed before" : "not offered";
}

int
talk_open(struct talk *t, const struct talk_start *how, struct why *why)
{
	memset(t, 0, sizeof(*t));
	t->lmtp = how->lmtp;
	t->link = how->link;
	t->until_ms = clock_deadline(JOB_MS);
	span_copy_cut(span_str(how->remote), t->remote, sizeof(t->remote));
	stream_init(&t->stream, how->fd, STREAM_IN, STREAM_OUT);
	reply_init(&t->reply);
	ehlo_init(&t->ehlo);
	t->open = true;
	t->no_tls = why_no_tls(how);
	t->tls_why = how->secure->why;
	if (greeting(t, how, why) != 0 ||
	    introduce(t, how->hostname, why) != 0 ||
	    (how->secure->least > SECURE_CLEAR && !how->plain &&
	    (t->ehlo.caps & EHLO_STARTTLS) != 0 &&
	    start_tls(t, how, why) != 0) ||
	    is_secure(t, how->secure, why) != 0 ||
	    (how->login->id != 0 &&
	    authenticate(t, how->login, why) != 0)) {
		talk_close(t);
		return -1;
	}
	return 0;
}
