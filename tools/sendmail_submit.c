/*
 * sendmail_submit - see sendmail_submit.h.
 * No mail is lost for want of a queue of our own: the answer of the server is
 * this program's exit code, and 0 means that the message is on stable storage.
 * RCPT commands go out in flights, so that neither side waits for the other's
 * full socket.
 */
#include "tools/sendmail_submit.h"

#include <stdio.h>
#include <string.h>

#include "mail/intl.h"
#include "net/line.h"
#include "os/fd.h"
#include "os/sock.h"

#define REPLY_MS	(300 * 1000)	/* RFC 5321 4.5.3.2.2, 4.5.3.2.3 */
#define FINAL_MS	(600 * 1000)	/* RFC 5321 4.5.3.2.6 */
#define FLIGHT		50		/* commands without reading */
#define LINE_OCTETS	2048

static int
fail(struct submit *s, enum exit_code code, const char *what,
    const char *text)
{
	s->code = code;
	(void)snprintf(s->why, sizeof(s->why), "%s: %s", what, text);
	return -1;
}

/* The server said no: which no is it? */
static int
refused(struct submit *s, const char *what)
{
	struct buf line;
	enum exit_code code = EXIT_UNAVAILABLE;

	buf_init(&line, sizeof(s->why));
	reply_one_line(&s->reply, &line);
	if (s->reply.code < 500)
		code = EXIT_TEMPFAIL;
	else if (strncmp(s->reply.esc, "5.1.", 4) == 0)
		code = EXIT_NOUSER;
	else if (strncmp(s->reply.esc, "5.7.", 4) == 0)
		code = EXIT_NOPERM;
	else if (strncmp(s->reply.esc, "5.6.", 4) == 0)
		code = EXIT_DATA;
	(void)fail(s, code, what, buf_cstr(&line));
	buf_fini(&line);
	return -1;
}

static int
lost(struct submit *s, const char *what)
{
	return fail(s, EXIT_TEMPFAIL, what, "the mail service does not answer");
}

/* One reply; 0 if its code begins with the digit want. */
static int
expect(struct submit *s, unsigned want, const char *what)
{
	struct span line;

	reply_clear(&s->reply);
	for (;;) {
		if (line_read(&s->net, LINE_OCTETS, LINE_CRLF, &line) !=
		    LINE_OK)
			return lost(s, what);
		switch (reply_feed(&s->reply, line)) {
		case REPLY_MORE:
			break;
		case REPLY_DONE:
			return s->reply.code / 100 == want ? 0 :
			    refused(s, what);
		case REPLY_BAD:
			return fail(s, EXIT_PROTOCOL, what,
			    "strange reply of the mail service");
		}
	}
}

static void
put_path(struct submit *s, const char *verb, struct span address)
{
	(void)stream_puts(&s->net, verb);	/* results stay: see expect() */
	(void)stream_puts(&s->net, "<");
	(void)stream_write(&s->net, address.p, address.n);
	(void)stream_puts(&s->net, ">\r\n");
}

int
submit_open(struct submit *s, const char *path)
{
	int fd = sock_connect_local(path);

	*s = (struct submit){ .code = EXIT_TEMPFAIL };
	if (fd < 0 || fd_nonblock(fd, true) != 0) {
		fd_close(&fd);
		s->net.fd = -1;
		return fail(s, EXIT_TEMPFAIL, path,
		    "the mail service is not running");
	}
	reply_init(&s->reply);
	stream_init(&s->net, fd, 16 * KIB, 64 * KIB);
	stream_deadline(&s->net, REPLY_MS);
	if (expect(s, 2, "greeting") != 0)
		return -1;
	span_copy_cut(span_head(buf_span(&s->reply.text),
	    span_chr(buf_span(&s->reply.text), ' ')), s->host,
	    sizeof(s->host));
	(void)stream_puts(&s->net, "EHLO localhost\r\n");
	return expect(s, 2, "EHLO");
}

void
submit_close(struct submit *s)
{
	if (s->net.fd < 0)
		return;
	stream_deadline(&s->net, 1000);
	(void)stream_puts(&s->net, "QUIT\r\n");
	if (stream_flush(&s->net) == STREAM_OK)
		sock_end_output(s->net.fd);	/* nobody waits for a 221 */
	stream_fini(&s->net);
	reply_fini(&s->reply);
}

/* RFC 6531 3.4: only a message that needs it asks for SMTPUTF8. */
static bool
needs_utf8(struct span from, const struct sendmail_rcpts *rcpts)
{
	return intl_is_needed(from) || intl_is_needed(buf_span(&rcpts->text));
}

int
submit_envelope(struct submit *s, struct span from, const char *verp,
    const struct sendmail_rcpts *rcpts)
{
	const char *p = rcpts->text.p, *asked = p;

	stream_deadline(&s->net, REPLY_MS);
	(void)stream_puts(&s->net, "MAIL FROM:<");
	(void)stream_write(&s->net, from.p, from.n);
	(void)stream_puts(&s->net, needs_utf8(from, rcpts) ?
	    "> BODY=8BITMIME SMTPUTF8" : "> BODY=8BITMIME");
	if (verp != NULL) {
		(void)stream_puts(&s->net, *verp != '\0' ? " XVERP=" :
		    " XVERP");
		(void)stream_puts(&s->net, verp);
	}
	(void)stream_puts(&s->net, "\r\n");
	if (expect(s, 2, from.n > 0 ? "sender" : "null sender") != 0)
		return -1;
	for (size_t sent = 0; sent < rcpts->n;) {
		size_t flight = rcpts->n - sent < FLIGHT ? rcpts->n - sent :
		    FLIGHT;

		stream_deadline(&s->net, REPLY_MS);
		for (size_t i = 0; i < flight; i++, p += strlen(p) + 1)
			put_path(s, "RCPT TO:", span_str(p));
		for (size_t i = 0; i < flight; i++) {
			if (expect(s, 2, asked) != 0)
				return -1;
			asked += strlen(asked) + 1;
		}
		sent += flight;
	}
	(void)stream_puts(&s->net, "DATA\r\n");
	if (expect(s, 3, "DATA") != 0)
		return -1;
	dot_out_init(&s->dot, &s->net, DOT_CR_SPACE);
	return 0;
}

int
submit_text(struct submit *s, struct span text)
{
	stream_deadline(&s->net, REPLY_MS);
	if (dot_write(&s->dot, text.p, text.n) != STREAM_OK)
		return lost(s, "message");
	return 0;
}

int
submit_end(struct submit *s)
{
	stream_deadline(&s->net, FINAL_MS);
	if (dot_end(&s->dot) != STREAM_OK)
		return lost(s, "message");
	return expect(s, 2, "message");
}

int
submit_mailq(struct submit *s)
{
	bool all = false;
	struct span got;

	(void)stream_puts(&s->net, "XMAILQ\r\n");
	if (expect(s, 2, "queue") != 0)
		return -1;
	for (;;) {
		stream_deadline(&s->net, REPLY_MS);
		got = stream_peek(&s->net);
		if (got.n == 0 && stream_fill(&s->net) != STREAM_OK)
			break;
		got = stream_peek(&s->net);
		if (fwrite(got.p, 1, got.n, stdout) != got.n)
			return fail(s, EXIT_OSERR, "queue", "no output");
		all = got.n > 0 && got.p[got.n - 1] == '\n';
		stream_consume(&s->net, got.n);
	}
	if (!all || fflush(stdout) != 0)
		return lost(s, "queue");
	return 0;
}
