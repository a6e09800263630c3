/*
 * ask_tally - see ask_tally.h.
 * These limits keep one client from taking what is there for all; they open
 * nothing to anybody.  So a listener that does not answer (it has crashed, a
 * successor begins to count anew) does not stop those who are in.
 */
#include "smtpd/ask_tally.h"

#include "base/log.h"
#include "os/clock.h"
#include "os/fd.h"
#include "smtpd/child.h"

static const enum say refusals[TALLY_KINDS][TALLY_VERDICTS] = {
	[TALLY_CONNECTION] = { SAY_NOTHING, SAY_BUSY_NETWORK, SAY_NOTHING,
	    SAY_BUSY_ADDRESS, SAY_BANNED },
	[TALLY_MESSAGE] = { SAY_NOTHING, SAY_NETWORK_MESSAGES,
	    SAY_ACCOUNT_MESSAGES },
	[TALLY_RECIPIENT] = { SAY_NOTHING, SAY_NETWORK_RCPTS,
	    SAY_ACCOUNT_RCPTS },
	[TALLY_ERROR] = { SAY_NOTHING, SAY_NETWORK_ERRORS, SAY_NOTHING },
};

/* false: no answer, or none that makes sense. */
static bool
answer(struct session *s, const struct tally_event *e,
    uint8_t got[CHILD_ANSWER_SIZE])
{
	uint8_t p[1 + TALLY_EVENT_MAX] = { CHILD_ASK };
	int fd = -1;
	bool ok;

	ok = fd_send(s->chan, p, 1 + tally_put(e, p + 1), -1) == 0 &&
	    fd_wait(s->chan, FD_READ, clock_deadline(LIMIT_TALLY_MS)) == 1 &&
	    fd_recv(s->chan, got, CHILD_ANSWER_SIZE, &fd) ==
	    CHILD_ANSWER_SIZE && fd < 0 && got[0] == CHILD_ANSWER &&
	    got[1] < TALLY_VERDICTS;
	fd_close(&fd);
	return ok;
}

enum say
ask_tally(struct session *s, enum tally_kind kind)
{
	struct tally_event e = { .kind = kind, .client = s->peer };
	uint8_t got[CHILD_ANSWER_SIZE];
	enum say what;
	bool named;

	span_copy_cut(span_str(s->login), e.account, sizeof(e.account));
	/* Whose connection it is, the listener wants to know in any case. */
	named = kind == TALLY_CONNECTION && s->behind;
	if (s->facts.relay_client && !named)
		e.client.family = 0;
	if (s->chan < 0 || (!named && !tally_limited(&s->set->tally, &e)))
		return SAY_NOTHING;
	if (!answer(s, &e, got)) {
		/* A late answer must not be taken for the next one. */
		s->chan = -1;
		s->odd = true;
		return SAY_NOTHING;
	}
	what = refusals[kind][got[1]];
	if (what != SAY_NOTHING && got[2] != 0)
		log_warn(LF_STR("event", "over-limit"),
		    LF_STR("session", s->id), LF_STR("client", s->client),
		    LF_STR("user", s->login[0] != '\0' ? s->login : NULL),
		    LF_STR("why", say_words(what)));
	return what;
}
