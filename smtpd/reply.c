/*
 * reply - see reply.h.
 * One table of fixed replies, and the few that carry a name, an id or a text
 * from another daemon.  All go through smtp/reply, which lets no control and
 * no 8-bit octet out and cuts lines at 512 octets (RFC 5321 4.5.3.1.5).
 * Codes of the second column: RFC 3463; none before EHLO and after 3yz
 * (RFC 2034 4).
 */
#include "smtpd/reply.h"

#include <stdarg.h>

#include "base/buf.h"
#include "os/fd.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"
#include "smtpd/session.h"

static const struct said {
	unsigned    code;
	const char *esc;
	const char *text;
} replies[SAY_N] = {
	[SAY_OK] = { 250, "2.0.0", "Ok" },
	[SAY_BYE] = { 221, "2.0.0", "Bye" },
	[SAY_MAIL_OK] = { 250, "2.1.0", "Sender ok" },
	[SAY_RCPT_OK] = { 250, "2.1.5", "Recipient ok" },
	[SAY_DATA_GO] = { 354, NULL, "End with a line of one dot" },
	[SAY_CHUNK_OK] = { 250, "2.0.0", "Chunk received" },
	[SAY_VRFY] = { 252, "2.5.2", "Send mail and see" },
	[SAY_AUTH_OK] = { 235, "2.7.0", "Welcome" },
	[SAY_MAILQ_GO] = { 250, "2.0.0", "Your messages follow" },
	[SAY_TLS_GO] = { 220, "2.0.0", "Begin TLS now" },

	[SAY_BUSY] = { 421, "4.3.2", "Too many connections, try later" },
	[SAY_BUSY_ADDRESS] = { 421, "4.7.0",
	    "Too many connections from your address" },
	[SAY_BUSY_NETWORK] = { 421, "4.7.0",
	    "Too many connections from your network, try later" },
	[SAY_NETWORK_ERRORS] = { 421, "4.7.0",
	    "Too many errors from your network, try later" },
	[SAY_BANNED] = { 421, "4.7.0", "Not now" },
	[SAY_NO_SERVICE] = { 421, "4.3.2", "No service now, try later" },
	[SAY_TIMEOUT] = { 421, "4.4.2", "Waited too long for you" },
	[SAY_STOPPING] = { 421, "4.3.2", "Service restarts, come back soon" },
	[SAY_TOO_MANY_ERRORS] = { 421, "4.7.0", "Too many errors" },
	[SAY_TOO_MANY_COMMANDS] = { 421, "4.7.0",
	    "Too many commands without a message" },
	[SAY_TOO_MANY_LOGINS] = { 421, "4.7.0", "Too many failed logins" },
	[SAY_LINE_FLOOD] = { 421, "4.7.0", "Line without end" },

	[SAY_TOO_MANY_RCPT] = { 452, "4.5.3",
	    "Too many recipients, send the rest separately" },
	[SAY_NETWORK_MESSAGES] = { 450, "4.7.1",
	    "Too many messages from your network, try later" },
	[SAY_NETWORK_RCPTS] = { 450, "4.7.1",
	    "Too many recipients from your network, try later" },
	[SAY_ACCOUNT_MESSAGES] = { 450, "4.7.1",
	    "Too many messages of this account, try later" },
	[SAY_ACCOUNT_RCPTS] = { 450, "4.7.1",
	    "Too many recipients of this account, try later" },
	[SAY_QUEUE_LOST] = { 451, "4.3.0", "Queue does not answer" },
	[SAY_AUTH_LATER] = { 454, "4.7.0", "Cannot check logins now" },
	[SAY_TLS_LATER] = { 454, "4.7.0", "No TLS now, try later" },

	[SAY_UNKNOWN] = { 500, "5.5.2", "Unknown command" },
	[SAY_LINE_LONG] = { 500, "5.5.2", "Line too long" },
	[SAY_LINE_BAD] = { 500, "5.5.2", "NUL, CR or LF within a line" },
	[SAY_NOT_HERE] = { 502, "5.5.1", "Not available here" },
	[SAY_BDAT_BAD] = { 501, "5.5.4", "How many octets?" },
	[SAY_IN_CHUNKS] = { 503, "5.5.1", "The message comes in chunks" },
	[SAY_BINARY_DATA] = { 503, "5.5.1", "BINARYMIME comes by BDAT" },
	[SAY_XCLIENT_BAD] = { 501, "5.5.4", "Bad attribute" },
	[SAY_HELLO_FIRST] = { 503, "5.5.1", "Say hello first" },
	[SAY_NESTED_MAIL] = { 503, "5.5.1", "MAIL was said already" },
	[SAY_NEED_MAIL] = { 503, "5.5.1", "MAIL comes first" },
	[SAY_NEED_RCPT] = { 503, "5.5.1", "No valid recipients" },
	[SAY_IN_TRANSACTION] = { 503, "5.5.1", "Not within a message" },
	[SAY_TLS_AGAIN] = { 503, "5.5.1", "TLS is active already" },
	[SAY_TLS_TOO_LATE] = { 503, "5.5.1", "Not after a log-in" },
	[SAY_TLS_EARLY] = { 503, "5.5.1", "Nothing may follow STARTTLS" },
	[SAY_EARLY] = { 554, "5.5.0", "You spoke before the greeting" },

	[SAY_AUTH_NEEDED] = { 530, "5.7.0", "Authentication required" },
	[SAY_AUTH_AGAIN] = { 503, "5.5.1", "Logged in already" },
	[SAY_AUTH_PLAIN_TEXT] = { 538, "5.7.11",
	    "Encryption required for logging in" },
	[SAY_AUTH_MECHANISM] = { 504, "5.5.4", "Unknown mechanism" },
	[SAY_AUTH_BAD] = { 501, "5.5.2", "Not a valid response" },
	[SAY_AUTH_CANCELLED] = { 501, "5.7.0", "Cancelled" },
	[SAY_AUTH_WRONG] = { 535, "5.7.8", "Wrong user name or password" },
	[SAY_TOO_BIG] = { 552, "5.3.4", "Message too big" },
	[SAY_HEADER_TOO_BIG] = { 552, "5.3.4", "Message header too big" },
	[SAY_RCPT_ASCII] = { 553, "5.6.7",
	    "Non-ASCII address needs SMTPUTF8 in MAIL" },
	[SAY_RELAY_DENIED] = { 550, "5.7.1", "We do not relay" },
	[SAY_RCPT_UNKNOWN] = { 550, "5.1.1", "No such user here" },
	[SAY_SENDER_NOT_YOURS] = { 553, "5.7.1",
	    "You may not use this sender address" },
	[SAY_AUTHOR_NOT_YOURS] = { 550, "5.7.1",
	    "You may not use the address in From or Sender" },
	[SAY_AUTHOR_UNCLEAR] = { 550, "5.7.1",
	    "From or Sender is not one clear list of addresses" },
	[SAY_LOOP] = { 554, "5.4.6", "Too many hops, this is a loop" },
	[SAY_BAD_OCTETS] = { 550, "5.6.0",
	    "NUL, CR or LF that is no part of a CRLF" },
	[SAY_BINARY_LINES] = { 554, "5.6.0",
	    "NUL, CR or LF alone in what is not declared to be binary" },
	[SAY_BINARY_DEEP] = { 554, "5.6.3",
	    "Parts within parts are too deep to be converted" },
	[SAY_BINARY_SIGNED] = { 554, "5.6.2",
	    "Binary within multipart/signed cannot be converted" },
};

#define OUT_MAX	4096	/* octets of one reply of ours */

static void
put(struct session *s, unsigned code, const char *esc, struct span text)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	if (reply_format(&out, code, esc, text) == 0)
		(void)stream_write(&s->net, out.p, out.n); /* sticky */
	buf_fini(&out);
	if (code >= 500)
		s->count.errors++;
}

void
say(struct session *s, enum say what)
{
	const struct said *r = &replies[what];

	if (what != SAY_NOTHING)
		put(s, r->code, r->esc, span_str(r->text));
}

void
say_why(struct session *s, unsigned code, const struct why *why)
{
	put(s, code, why->esc, span_str(why->text));
}

void
say_text(struct session *s, unsigned code, const char *esc, const char *fmt,
    ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, REPLY_LINE_MAX);
	va_start(ap, fmt);
	(void)buf_vaddf(&text, fmt, ap);	/* too long: sent without */
	va_end(ap);
	put(s, code, esc, buf_span(&text));
	buf_fini(&text);
}

void
say_greeting(struct session *s)
{
	say_text(s, 220, NULL, "%s %s", s->set->hostname,
	    s->facts.kind == LISTENER_LMTP ? "LMTP" : "ESMTP");
}

void
say_ehlo(struct session *s, unsigned caps)
{
	struct buf text;
	struct ehlo e;

	ehlo_init(&e);
	e.caps = caps;
	e.size = s->set->message_size_max;
	e.rcptmax = s->set->recipients_max;
	e.auth = s->facts.mechanisms;
	buf_init(&text, OUT_MAX);
	(void)ehlo_put(&text, span_str(s->set->hostname), &e); /* fits */
	put(s, 250, NULL, buf_span(&text));
	buf_fini(&text);
}

void
say_queued(struct session *s, const char *id)
{
	say_text(s, 250, "2.0.0", "Ok: queued as %s", id);
}

void
say_challenge(struct session *s, const char *challenge)
{
	/* An empty challenge keeps its space: "334 ". */
	(void)stream_puts(&s->net, "334 ");
	(void)stream_puts(&s->net, challenge);
	(void)stream_puts(&s->net, "\r\n");
}

void
say_refusal(int fd, enum say what)
{
	const struct said *r = &replies[what];
	struct buf out;

	buf_init(&out, REPLY_LINE_MAX);
	if (reply_format(&out, r->code, r->esc, span_str(r->text)) == 0 &&
	    fd_write(fd, out.p, out.n) < 0)
		buf_clear(&out);	/* a client without a reply: gone */
	buf_fini(&out);
}

unsigned
say_code(enum say what)
{
	return replies[what].code;
}

const char *
say_esc(enum say what)
{
	return replies[what].esc != NULL ? replies[what].esc : "";
}

const char *
say_words(enum say what)
{
	return replies[what].text != NULL ? replies[what].text : "";
}
