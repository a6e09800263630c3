/*
 * sendmail_message - see sendmail_message.h.
 * All of the input is read before smtpd is called: a job may take hours to
 * write what it has to say, and no server waits so long.  Addresses without a
 * domain and the sender are completed with the name by which smtpd greets, so
 * that nothing but the socket need be known here.
 */
#include "tools/sendmail_message.h"

#include <stdio.h>

#include "base/bug.h"
#include "mail/addr.h"
#include "mail/header.h"
#include "os/user.h"
#include "tools/sendmail_header.h"
#include "tools/sendmail_input.h"
#include "tools/sendmail_submit.h"

/* The largest message_size_max that can be set (conf/keys). */
#define BODY_MAX	((size_t)4096 * MIB)

struct job {
	const struct sendmail_options *o;
	struct header_intake header;	/* as it came */
	struct buf body;
	struct buf sent_header;		/* as it will be sent */
	struct submit s;
	struct user caller;
	struct addr sender;
	struct sendmail_rcpts rcpts;
	struct why why;
};

int
sendmail_complain(int code, const char *what)
{
	(void)fprintf(stderr, "sendmail: %s\n", what);
	return code;
}

/* One line of the input. */
static int
take_line(struct job *j, struct span piece)
{
	size_t used;

	if (j->header.ended) {
		if (buf_add_span(&j->body, piece) == 0)
			return 0;
		why_set(&j->why, WHY_PERM, "5.3.4", "message too large");
		return -1;
	}
	/* The first line of a mailbox file is no field. */
	if (j->header.text.n == 0 && span_starts(piece, SPAN_LIT("From ")))
		return 0;
	/* Pieces are lines, so all of it is used in every case. */
	if (header_intake_feed(&j->header, piece, &used) !=
	    HEADER_FEED_TOO_BIG)
		return 0;
	why_set(&j->why, WHY_PERM, "5.3.4", "header too large");
	return -1;
}

static int
read_message(struct job *j)
{
	static struct sendmail_input in;	/* large */
	struct span piece;
	int r;

	sendmail_input_init(&in, 0, !j->o->dots_are_text);
	while ((r = sendmail_input_next(&in, &piece)) > 0)
		if (take_line(j, piece) != 0)
			return -1;
	if (r < 0)
		why_sys(&j->why, WHY_TEMP, "4.3.0", "standard input");
	return r;
}

/* -f, else who is calling.  "<a@b>", "a@b", "a", "<>" and "" are taken. */
static int
find_sender(struct job *j)
{
	struct span text = span_str(j->o->sender != NULL ? j->o->sender :
	    j->caller.name);

	if (span_starts(text, SPAN_LIT("<")) && span_ends(text, SPAN_LIT(">")))
		text = span_of(text.p + 1, text.n - 2);
	if (text.n == 0) {
		j->sender = (struct addr){ .kind = ADDR_NULL };
		return 0;
	}
	if (span_has(text, '@'))
		return addr_parse(text, &j->sender, &j->why);
	if (addr_make(&j->sender, text, span_str(j->s.host)) == 0)
		return 0;
	why_set(&j->why, WHY_PERM, "5.1.7", "%.*s: not an address",
	    SPAN_ARG(text));
	return -1;
}

/* Recipients of the command line and the header, and the header to send. */
static int
prepare(struct job *j)
{
	struct span domain = span_str(j->s.host);
	struct sendmail_author author = { .domain = domain };
	struct addr self = j->sender;

	for (char *const *r = j->o->recipients; *r != NULL; r++)
		if (sendmail_rcpts_add(&j->rcpts, span_str(*r), domain,
		    &j->why) != 0)
			return -1;
	/* A message without sender is still written by somebody. */
	if (self.kind == ADDR_NULL &&
	    addr_make(&self, span_str(j->caller.name), domain) != 0)
		return -1;
	author.mailbox = addr_text(&self);
	author.name = span_str(j->o->full_name != NULL ? j->o->full_name :
	    j->caller.full_name);
	return sendmail_header(buf_span(&j->header.text), &author,
	    j->o->from_header ? &j->rcpts : NULL, &j->sent_header, &j->why);
}

static int
send_message(struct job *j)
{
	if (submit_envelope(&j->s, addr_text(&j->sender), j->o->verp,
	    &j->rcpts) != 0 ||
	    submit_text(&j->s, buf_span(&j->sent_header)) != 0 ||
	    submit_text(&j->s, buf_span(&j->body)) != 0 ||
	    submit_end(&j->s) != 0)
		return sendmail_complain(j->s.code, j->s.why);
	if (j->o->verbose)
		(void)printf("%s\n", buf_cstr(&j->s.reply.text));
	return 0;
}

static int
submit(struct job *j, const char *path)
{
	if (read_message(j) != 0)
		return sendmail_complain(j->why.kind == WHY_TEMP ?
		    EXIT_IOERR : EXIT_DATA, j->why.text);
	if (submit_open(&j->s, path) != 0)
		return sendmail_complain(j->s.code, j->s.why);
	if (find_sender(j) != 0 || prepare(j) != 0)
		return sendmail_complain(EXIT_DATA, j->why.text);
	if (j->rcpts.n == 0)
		return sendmail_complain(EXIT_USAGE, "no recipients");
	return send_message(j);
}

int
sendmail_message(const struct sendmail_options *o, const char *path)
{
	struct job j = { .o = o, .s.net.fd = -1 };
	int code;

	if (!o->from_header && o->recipients[0] == NULL)
		return sendmail_complain(EXIT_USAGE, "no recipients");
	if (user_by_uid(user_self(), &j.caller) != 0)
		(void)snprintf(j.caller.name, sizeof(j.caller.name), "uid%u",
		    (unsigned)user_self());
	why_set(&j.why, WHY_PERM, "5.0.0", "cannot be sent");
	header_intake_init(&j.header, SENDMAIL_HEADER_MAX,
	    SENDMAIL_FIELDS_MAX);
	buf_init(&j.body, BODY_MAX);
	buf_init(&j.sent_header, SENDMAIL_HEADER_MAX + 64 * KIB);
	sendmail_rcpts_init(&j.rcpts);
	code = submit(&j, path);
	submit_close(&j.s);
	sendmail_rcpts_fini(&j.rcpts);
	buf_fini(&j.sent_header);
	buf_fini(&j.body);
	header_intake_fini(&j.header);
	return code;
}
