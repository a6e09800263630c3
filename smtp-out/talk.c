/*
 * talk.c - the client's side of RFC 5321, LMTP by RFC 2033.
 *
 * The envelope goes out in flights of many commands where the server has
 * PIPELINING (RFC 2920 3.1), and in flights of one where it has not; the
 * replies to a flight are read before the next one leaves.  A recipient's
 * fate is settled by the first of: the reply to MAIL, to its RCPT, to DATA,
 * to the final dot.
 *
 * A reply is waited for only as long as somebody wants to hear of it.
 */
#include "smtp-out/talk.h"

#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "smtp-out/body.h"
#include "smtp-out/exchange.h"
#include "smtp-out/international.h"
#include "smtp-out/limits.h"
#include "smtp-out/downgrade.h"
#include "smtp/unitext.h"
#include "smtp/verb.h"
#include "smtp/xtext.h"

void
talk_close(struct talk *t)
{
	if (!t->open)
		return;
	stream_deadline(&t->stream, QUIT_MS);
	/* RFC 5321 4.1.1.10; nothing depends on the answer. */
	if (!t->in_data && !t->tls_failed && stream_puts(&t->stream, "QUIT\r\n") ==
	    STREAM_OK && stream_flush(&t->stream) == STREAM_OK &&
	    t->no_tls != NULL)		/* else TLS says goodbye */
		sock_end_output(t->stream.fd);
	stream_fini(&t->stream);
	reply_fini(&t->reply);
	t->open = false;
}

/* ----------------------------------------------------------------- results */

/*
 * 530 says that we have to log in first.  Where the operator has chosen the host
 * that is his to mend, and the mail waits.
 */
static void
wants_login(struct talk *t, const struct job_out *j, size_t i)
{
	struct span domain = span_str(j->in.rcpts[i].address);

	domain = span_from(domain, span_rchr(domain, '@') + 1);
	if (t->reply.code != 530 ||
	    span_ieq_str(domain, j->in.head.nexthop))
		return;
	j->results[i].kind = RESULT_LATER;
	j->results[i].esc[0] = '4';
	if (t->login_wanted)
		return;
	t->login_wanted = true;
	log_warn(LF_STR("event", "relay-wants-login"),
	    LF_STR("id", t->link->id), LF_STR("remote", t->remote),
	    LF_NUM("reply", t->reply.code), LF_STR("why", t->mech != NULL ?
	    "it does not take the log-in of relay_auth for this" :
	    "no entry of relay_auth is for it"));
}

static void
settle(struct talk *t, struct job_out *j, size_t i)
{
	if (j->settled[i])
		return;
	outcome_from_reply(&j->results[i], &t->reply, t->remote);
	wants_login(t, j, i);
	j->results[i].told = (t->ehlo.caps & EHLO_DSN) != 0;
	j->settled[i] = true;
	j->soft[i] = t->reply.code / 100 == 4 && !t->link->in_doubt;
}

/* All that have no result yet get the last reply's. */
static void
settle_rest(struct talk *t, struct job_out *j)
{
	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		settle(t, j, i);
}

/* The same from a reason of ours; the connection is of no more use. */
static enum outcome_talk
give_up(struct talk *t, struct job_out *j, const struct why *why)
{
	for (size_t i = 0; i < j->in.head.nrcpts; i++) {
		if (j->settled[i])
			continue;
		outcome_from_why(&j->results[i], why, t->remote);
		j->settled[i] = true;
	}
	return TALK_CLOSED;
}

static size_t
unsettled(const struct job_out *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->in.head.nrcpts; i++)
		n += !j->settled[i];
	return n;
}

/* ---------------------------------------------------------------- envelope */

static int
put_mail(struct talk *t, const struct job_out *j, struct buf *out)
{
	struct verb_cmd cmd = { .verb = VERB_MAIL };
	struct buf envid;
	int rc;

	if (j->in.head.sender[0] != '\0' &&
	    addr_parse(span_str(j->in.head.sender), &cmd.mail.from, NULL) != 0)
		return -1;
	cmd.mail.has_size = true;
	cmd.mail.size = j->octets;
	cmd.mail.body = j->in.head.body_8bit && !j->downgraded ?
	    VERB_BODY_8BITMIME : VERB_BODY_NONE;
	cmd.mail.utf8 = j->utf8;
	/* RFC 3461 5.2.1: as it came, to a host that knows it. */
	buf_init(&envid, XTEXT_MAX);
	(void)xtext_encode(&envid, span_str(j->in.head.envid)); /* fits */
	cmd.mail.ret = (enum verb_ret)j->in.head.ret;
	cmd.mail.envid = buf_span(&envid);
	rc = verb_format(out, &cmd, t->ehlo.caps);
	buf_fini(&envid);
	return rc;
}

/*
 * The type is an atom; what is behind it has to be encoded (RFC 3461 4.2, RFC
 * 6533 3 for utf-8).
 */
static void
put_orcpt(struct buf *out, struct span orcpt, bool utf8)
{
	size_t type_n = span_chr(orcpt, ';') + 1;
	struct span address = span_from(orcpt, type_n);

	if (orcpt.n > type_n &&
	    (buf_add_span(out, span_head(orcpt, type_n)) != 0 ||
	    (unitext_is(orcpt) ? unitext_encode(out, address, utf8) :
	    xtext_encode(out, address)) != 0 || out->n > ORCPT_MAX))
		buf_clear(out);		/* too long to be said again */
}

static int
put_rcpt(struct talk *t, const struct job_out *j, size_t i, struct buf *out)
{
	struct verb_cmd cmd = { .verb = VERB_RCPT };
	struct buf orcpt;
	int rc;

	if (addr_parse(span_str(j->in.rcpts[i].address), &cmd.rcpt.to,
	    NULL) != 0)
		return -1;
	buf_init(&orcpt, XTEXT_MAX);
	put_orcpt(&orcpt, span_str(j->in.rcpts[i].orcpt), j->utf8);
	cmd.rcpt.notify = j->in.rcpts[i].notify;
	cmd.rcpt.orcpt = buf_span(&orcpt);
	rc = verb_format(out, &cmd, t->ehlo.caps);
	buf_fini(&orcpt);
	return rc;
}

enum step { STEP_ON, STEP_SETTLED, STEP_LOST };

/* Commands sent together. */
struct flight {
	struct buf out;
	size_t	   next;		/* recipient of the next flight */
	size_t	   rcpts[FLIGHT_RCPTS], n;
	bool	   mail, data;		/* it holds MAIL, DATA */
	size_t	   accepted;		/* recipients so far, all flights */
};

static int
after_mail(struct talk *t, struct job_out *j, struct why *why)
{
	if (exchange_reply(t, MAIL_MS, "to MAIL", why) != 0)
		return -1;
	/* RFC 5321 3.8: it closes; a kept connection that was too old. */
	if (t->reply.code == 421)
		return exchange_refused(t, why, "to MAIL");
	if (!exchange_said(t, 2))
		settle_rest(t, j);
	return 0;
}

static int
after_rcpt(struct talk *t, struct job_out *j, size_t i, struct flight *f,
    struct why *why)
{
	if (exchange_reply(t, RCPT_MS, "to RCPT", why) != 0)
		return -1;
	if (exchange_said(t, 2)) {
		f->accepted++;
		return 0;
	}
	settle(t, j, i);
	/* RFC 5321 4.5.3.1.10: 552 behind accepted ones: too many at once. */
	if (t->reply.code == 552 && f->accepted > 0) {
		j->results[i].kind = RESULT_LATER;
		span_copy_cut(SPAN_LIT("4.5.3"), j->results[i].esc,
		    sizeof(j->results[i].esc));
	}
	return 0;
}

static int
after_data(struct talk *t, struct job_out *j, struct why *why)
{
	if (exchange_reply(t, DATA_INIT_MS, "to DATA", why) != 0)
		return -1;
	t->in_data = exchange_said(t, 3);
	/* RFC 5321 4.3.2: 2yz is no answer to it, and nothing has been taken yet. */
	if (exchange_said(t, 2))
		return exchange_refused(t, why, "to DATA");
	if (!t->in_data)
		settle_rest(t, j);
	return 0;
}

/* The replies to a flight of MAIL, RCPT ..., DATA. */
static enum step
read_flight(struct talk *t, struct job_out *j, struct flight *f,
    struct why *why)
{
	if (f->mail && after_mail(t, j, why) != 0)
		return STEP_LOST;
	for (size_t i = 0; i < f->n; i++)
		if (after_rcpt(t, j, f->rcpts[i], f, why) != 0)
			return STEP_LOST;
	if (f->data) {
		if (after_data(t, j, why) != 0)
			return STEP_LOST;
	}
	return unsettled(j) > 0 ? STEP_ON : STEP_SETTLED;
}

/* An address that SMTP cannot carry is the trouble of that recipient. */
static void
add_rcpt(struct talk *t, struct job_out *j, struct flight *f)
{
	size_t i = f->next++;
	struct why why;

	if (j->settled[i])	/* by a host of before */
		return;
	if (put_rcpt(t, j, i, &f->out) == 0) {
		f->rcpts[f->n++] = i;
		return;
	}
	why_set(&why, WHY_PERM, "5.1.3", "an address that SMTP cannot carry");
	outcome_from_why(&j->results[i], &why, "");
	j->settled[i] = true;
}

/*
 * The next commands: as many as fit into the windows of both sides, so that
 * neither waits for the other to read (RFC 2920 3.1); or one.
 */
static int
fill_flight(struct talk *t, struct job_out *j, struct flight *f)
{
	bool many = (t->ehlo.caps & EHLO_PIPELINING) != 0;

	buf_clear(&f->out);
	f->n = 0;
	f->mail = f->next == 0 && !f->mail;
	f->data = false;
	if (f->mail && put_mail(t, j, &f->out) != 0)
		return -1;
	while ((many || f->out.n == 0) && f->next < j->in.head.nrcpts &&
	    f->n < FLIGHT_RCPTS && f->out.n < FLIGHT_OCTETS)
		add_rcpt(t, j, f);
	f->data = f->next == j->in.head.nrcpts && unsettled(j) > 0 &&
	    (many || f->out.n == 0);
	if (f->data)
		(void)buf_add_str(&f->out, "DATA\r\n");
	return f->out.full ? -1 : 0;
}

static enum step
send_envelope(struct talk *t, struct job_out *j, struct why *why)
{
	struct flight f = { .next = 0 };
	enum step step = STEP_ON;

	buf_init(&f.out, 2 * FLIGHT_OCTETS);
	while (step == STEP_ON && !f.data) {
		if (!stream_idle(&t->stream)) {
			/* Its answers are not those to our commands. */
			step = STEP_LOST;
			why_set(why, WHY_TEMP, "4.5.0",
			    "%s spoke unasked", t->remote);
			break;
		}
		if (fill_flight(t, j, &f) != 0) {
			why_set(why, WHY_PERM, "5.1.7",
			    "a sender that SMTP cannot carry");
			step = STEP_LOST;
			break;
		}
		stream_deadline(&t->stream, MAIL_MS);
		(void)stream_write(&t->stream, f.out.p, f.out.n); /* sticky */
		step = read_flight(t, j, &f, why);
	}
	buf_fini(&f.out);
	return step;
}

/* ------------------------------------------------------------ the message */

/* RFC 2033 4.2: LMTP answers the final dot once for each accepted RCPT. */
static int
after_dot(struct talk *t, struct job_out *j, struct why *why)
{
	if (!t->lmtp) {
		if (exchange_reply(t, DATA_END_MS, "to the message", why) != 0)
			return -1;
		settle_rest(t, j);
		return 0;
	}
	for (size_t i = 0; i < j->in.head.nrcpts; i++) {
		if (j->settled[i])
			continue;
		if (exchange_reply(t, DATA_END_MS, "to the message", why) != 0)
			return -1;
		settle(t, j, i);
	}
	return 0;
}

/*
 * An answer before the final dot: a refusal counts, anything else would be
 * taken for the answer to a message that the server has not seen whole.
 */
static enum outcome_talk
take_early_reply(struct talk *t, struct job_out *j, struct why *why)
{
	if (exchange_reply(t, DATA_END_MS, "in the message", why) == 0) {
		if (t->reply.code >= 400) {
			settle_rest(t, j);
			return TALK_CLOSED;
		}
		why_set(why, WHY_TEMP, "4.5.0",
		    "%s answered before the end of the message", t->remote);
	}
	return give_up(t, j, why);
}

static enum outcome_talk
send_message(struct talk *t, struct job_out *j, struct why *why)
{
	struct dot_out out;

	if (body_send(&out, &t->stream, j, why) != 0)
		return give_up(t, j, why);
	/* Nobody would hear of it: another qmgr sends it again. */
	if (job_abandoned(t->link)) {
		why_set(why, WHY_TEMP, "4.3.0", "the queue manager ended");
		return give_up(t, j, why);
	}
	if (stream_heard(&t->stream))
		return take_early_reply(t, j, why);
	t->in_data = false;
	t->link->in_doubt = true;
	if (body_end(&out, why) != 0 || after_dot(t, j, why) != 0)
		return give_up(t, j, why);
	return t->reply.code == 421 || stream_heard(&t->stream) ? TALK_CLOSED :
	    TALK_DONE;
}

/* The transaction is over without a message: make the connection fit again. */
static enum outcome_talk
reset(struct talk *t)
{
	bool data = t->in_data;
	struct why why;

	t->in_data = false;
	/* RFC 2920 3.1: 354 though no recipient was taken: an empty message. */
	if (data && exchange_command(t, ".\r\n", DATA_END_MS, "to nothing",
	    &why) != 0)
		return TALK_CLOSED;
	if (t->reply.code == 421 ||
	    exchange_command(t, "RSET\r\n", RSET_MS, "to RSET", &why) != 0 ||
	    !exchange_said(t, 2))
		return TALK_CLOSED;
	return TALK_DONE;
}

/*
 * What the server will not take need not be tried: what needs SMTPUTF8, 8 bits
 * that cannot be converted, and what is too big (RFC 1870 6.1).
 */
static bool
unfit(struct talk *t, struct job_out *j)
{
	struct why why;

	if (international_prepare(j, t->ehlo.caps, t->remote, &why) != 0 ||
	    downgrade_prepare(j, t->ehlo.caps, &why) != 0) {
		(void)give_up(t, j, &why);
		return true;
	}
	if (unsettled(j) == 0)
		return true;
	if ((t->ehlo.caps & EHLO_SIZE) == 0 || t->ehlo.size == 0 ||
	    j->octets <= t->ehlo.size)
		return false;
	why_set(&why, WHY_PERM, "5.3.4", "message of %llu octets, %s takes "
	    "%llu", (unsigned long long)j->octets, t->remote,
	    (unsigned long long)t->ehlo.size);
	(void)give_up(t, j, &why);
	return true;
}

enum outcome_talk
talk_send(struct talk *t, struct job_out *j, struct why *why)
{
	t->until_ms = clock_deadline(JOB_MS);
	if (unfit(t, j))
		return TALK_DONE;
	switch (send_envelope(t, j, why)) {
	case STEP_ON:
		return send_message(t, j, why);
	case STEP_SETTLED:
		return reset(t);
	case STEP_LOST:
		break;
	}
	if (why->kind == WHY_PERM || unsettled(j) < j->in.head.nrcpts)
		return give_up(t, j, why);
	return TALK_NEXT_HOST;
}
