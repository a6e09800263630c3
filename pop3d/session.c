/*
 * session.c - opens the maildrop, answers the log-in, reads commands until QUIT,
 * the end of the connection or the timeout.  Only QUIT deletes (RFC 1939 6).
 * A client that is gone without a word may be silent for long; who logs in meanwhile
 * gets the maildrop, see lend.h.
 */
#include "pop3d/session.h"

#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "base/num.h"
#include "net/line.h"
#include "os/clock.h"
#include "os/fd.h"
#include "pop3d/command.h"
#include "pop3d/lend.h"
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

/* RFC 1939 3: without QUIT nothing is removed. */
static void
give_up(struct session *s)
{
	log_session(s, "maildrop-taken-over");
	reply_err(s, "[SYS/TEMP] another session has the maildrop now; "
	    "nothing was deleted");
	s->done = true;
}

/*
 * What had come by the time that answers no longer go out is not carried out:
 * the maildrop may be another's by then.
 */
static void
converse(struct session *s, int64_t idle_ms)
{
	struct span line;

	while (!s->done && s->errors < ERRORS_MAX &&
	    s->stream.out_end_why == STREAM_OK) {
		stream_deadline(&s->stream, idle_ms);
		if (!lend_wait(s, idle_ms)) {
			give_up(s);
			return;
		}
		if (s->done)
			return;
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
	if (!s->done && s->errors >= ERRORS_MAX)
		reply_err(s, "too many errors");
}

static void
refuse_maildrop(struct session *s, enum droplock_result result,
    const struct why *why)
{
	static const char *const words[] = {
		/* RFC 2449 8.1.2, 8.1.1 */
		[DROPLOCK_IN_USE] = "[IN-USE] another session has the maildrop",
		[DROPLOCK_TOO_SOON] = "[LOGIN-DELAY] you have just been here",
		/* RFC 3206 4 */
		[DROPLOCK_FAILED] = "[SYS/TEMP] the maildrop cannot be opened",
	};

	reply_err(s, "%s", words[result]);
	log_warn(LF_STR("event", "maildrop-refused"),
	    LF_STR("user", s->how->start->user),
	    LF_STR("session", s->how->start->session),
	    LF_STR("why", why->text));
	last_words(s);
}

void
session_run(const struct login_session *in)
{
	struct maildrop_how how = { .root = in->root,
		.uidl = conf_str(in->conf, "pop3_uidl"),
		.uidl_rename = strcmp(conf_str(in->conf,
		    "pop3_uidl_duplicates"), "rename") == 0,
		.delay_s = (unsigned)conf_num(in->conf, "pop3_login_delay") };
	uint64_t lend_s = conf_num(in->conf, "pop3_takeover");
	enum droplock_result result;
	struct session s;
	struct why why;

	memset(&s, 0, sizeof(s));
	s.how = in;
	s.utf8 = strcmp(in->start->tag, SESSION_UTF8) == 0;
	s.lend_ms = (int64_t)lend_s * 1000;
	/* The other one was idle so long when we have waited for so long. */
	how.wait_s = lend_s == 0 ? 0 :
	    (unsigned)num_min(lend_s + 1, WAIT_MAX_S);
	stream_init(&s.stream, in->client, STREAM_IN, STREAM_OUT);
	stream_deadline(&s.stream, ANSWER_MS);
	result = maildrop_open(&s.drop, &how, &why);
	if (result != DROPLOCK_TAKEN) {
		stream_deadline(&s.stream, ANSWER_MS);
		refuse_maildrop(&s, result, &why);
		stream_fini(&s.stream);
		return;
	}
	lend_begin(&s);
	/* What the front had read behind the log-in comes first. */
	if (stream_preload(&s.stream, span_of(in->start->pending,
	    in->start->pending_len)) != STREAM_OK)
		bug("more input behind a log-in than the message can carry");
	log_session(&s, "login");
	reply_ok(&s, "maildrop has %zu messages (%llu octets)", s.drop.n,
	    (unsigned long long)s.drop.octets);
	converse(&s, (int64_t)conf_num(in->conf, "pop3_timeout") * 1000);
	if (s.lost)
		log_session(&s, "maildrop-taken-over");
	log_session(&s, "logout");
	/* RFC 1939 6: free for the next session when QUIT is answered. */
	maildrop_close(&s.drop);
	last_words(&s);
	stream_fini(&s.stream);
}
