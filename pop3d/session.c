/*
 * session.c - opens the maildrop, answers the log-in, reads commands until QUIT,
 * the end of the connection or the timeout.  Only QUIT deletes (RFC 1939 6).
 */
#include "pop3d/session.h"

#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "net/line.h"
#include "os/fd.h"
#include "pop3d/command.h"
#include "pop3d/reply.h"

void
session_refuse(int client, const struct session_start *start,
    const char *why)
{
	static const char line[] =
	    "-ERR [SYS/TEMP] the mailbox cannot be opened now\r\n";

	(void)start;
	(void)why;			/* logged, and nobody else's business */
	/* A short line into an empty socket buffer; nothing to do if not. */
	if (fd_write_now(client, line, sizeof(line) - 1) < 0)
		return;
}

static void
log_session(const struct session *s, const char *event)
{
	const struct session_start *start = s->how->start;

	log_info(LF_STR("event", event), LF_STR("user", start->user),
	    LF_STR("session", start->session),
	    LF_STR("client", start->client),
	    LF_NUM("messages", s->drop.n), LF_NUM("octets", s->drop.octets),
	    LF_NUM("retrieved", s->retrieved),
	    LF_NUM("deleted", s->deleted));
}

/* What the client does not take now is its own loss. */
static void
last_words(struct session *s)
{
	if (stream_flush(&s->stream) != STREAM_OK)
		log_debug(LF_STR("event", "client-gone"),
		    LF_STR("session", s->how->start->session));
}

static void
converse(struct session *s, int64_t idle_ms)
{
	struct span line;

	while (!s->done && s->errors < ERRORS_MAX) {
		stream_deadline(&s->stream, idle_ms);
		switch (line_read(&s->stream, COMMAND_MAX, LINE_CRLF_OR_LF,
		    &line)) {
		case LINE_OK:
			command_run(s, line);
			break;
		case LINE_BAD:
		case LINE_TOO_LONG:
			s->errors++;
			reply_err(s, "bad or too long line");
			break;
		default:
			return;
		}
	}
	if (!s->done)
		reply_err(s, "too many errors");
}

/* RFC 2449 8.1.2, RFC 3206 4 */
static void
refuse_maildrop(struct session *s, bool in_use, const struct why *why)
{
	reply_err(s, in_use ? "[IN-USE] another session has the maildrop" :
	    "[SYS/TEMP] the maildrop cannot be opened");
	log_warn(LF_STR("event", "maildrop-refused"),
	    LF_STR("user", s->how->start->user),
	    LF_STR("session", s->how->start->session),
	    LF_STR("why", why->text));
	last_words(s);
}

void
session_run(const struct login_session *in)
{
	struct session s;
	struct why why;
	bool in_use;

	memset(&s, 0, sizeof(s));
	s.how = in;
	stream_init(&s.stream, in->client, STREAM_IN, STREAM_OUT);
	stream_deadline(&s.stream, ANSWER_MS);
	if (maildrop_open(&s.drop, in->root, conf_str(in->conf, "pop3_uidl"),
	    &in_use, &why) != 0) {
		refuse_maildrop(&s, in_use, &why);
		stream_fini(&s.stream);
		return;
	}
	/* What the front had read behind the log-in comes first. */
	if (stream_preload(&s.stream, span_of(in->start->pending,
	    in->start->pending_len)) != STREAM_OK)
		bug("more input behind a log-in than the message can carry");
	log_session(&s, "login");
	reply_ok(&s, "maildrop has %zu messages (%llu octets)", s.drop.n,
	    (unsigned long long)s.drop.octets);
	converse(&s, (int64_t)conf_num(in->conf, "pop3_timeout") * 1000);
	log_session(&s, "logout");
	/* RFC 1939 6: free for the next session when QUIT is answered. */
	maildrop_close(&s.drop);
	last_words(&s);
	stream_fini(&s.stream);
}
