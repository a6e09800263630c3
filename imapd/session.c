/*
 * session - see session.h.
 * The loop waits for a command with the idle time as its deadline, then gives
 * the command a deadline that moves with the octets it moves.  Answers are
 * gathered in the stream's buffer and leave when the next command is waited
 * for: one write for all that were sent together.
 */
#include "imapd/session.h"

#include <string.h>

#include "base/bug.h"
#include "base/log.h"
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/reply.h"
#include "imapd/uses.h"
#include "os/clock.h"
#include "os/fd.h"

/* A client that pauses for so long gets no more from memory (ms). */
#define HOLD_MS	5000

void
session_enter(struct session *s, enum session_state state)
{
	/* From LOGOUT there is no way back. */
	if (s->state == STATE_LOGOUT && state != STATE_LOGOUT)
		bug("session state %d after LOGOUT", (int)state);
	if ((state == STATE_SELECTED) != (s->folder != NULL) &&
	    state != STATE_LOGOUT)
		bug("session state %d without its folder", (int)state);
	s->state = state;
}

bool
session_is_rev2(const struct session *s)
{
	return (s->enabled & ENABLED_REV2) != 0;
}

void
session_pace(struct session *s)
{
	int64_t window_ms = s->how->idle_ms;

	if (window_ms > IMAP_STALL_MS)
		window_ms = IMAP_STALL_MS;
	stream_pace(&s->net, window_ms, IMAP_PACE_OCTETS_S);
}

void
session_unselect(struct session *s)
{
	if (s->folder == NULL)
		return;
	content_reset(&s->content);
	view_fini(&s->view);
	view_init(&s->view);
	uids_clear(&s->late);
	saved_fini(&s->saved);
	buf_clear(&s->flags_told);
	folder_close(&s->folder);
	if (s->state == STATE_SELECTED)
		session_enter(s, STATE_AUTHENTICATED);
}

static void
begin(struct session *s, const struct session_how *how)
{
	*s = (struct session){ .how = how, .state = STATE_AUTHENTICATED,
		.names = { .separator = how->separator,
		    .extra = (how->workarounds & WORKAROUND_EXTRA_SEP) != 0 } };
	uses_make(how);
	stream_init(&s->net, how->fd, IMAP_IN_SIZE, IMAP_OUT_SIZE);
	session_pace(s);
	input_init(&s->in, &s->net,
	    how->literal_minus ? IMAP_UNASKED_MAX : UINT64_MAX);
	s->mem = arena_new(IMAP_ARENA_MAX);
	buf_init(&s->answer, IMAP_ANSWER_MAX);
	buf_init(&s->flags_told, REPLY_FLAGS_MAX);
	view_init(&s->view);
	uids_init(&s->late);
	saved_init(&s->saved);
	content_init(&s->content);
}

static void
end(struct session *s)
{
	enum stream_result last = stream_flush(&s->net);

	session_unselect(s);
	log_info(LF_STR("event", "logout"), LF_STR("user", s->how->user),
	    LF_STR("session", s->how->session),
	    LF_STR("why", last == STREAM_OK ? NULL : "client lost"),
	    LF_NUM("in", s->net.octets_in), LF_NUM("out", s->net.octets_out));
	content_fini(&s->content);
	saved_fini(&s->saved);
	view_fini(&s->view);
	uids_fini(&s->late);
	buf_fini(&s->flags_told);
	buf_fini(&s->answer);
	arena_free(&s->mem);
	input_fini(&s->in);
	stream_fini(&s->net);
}

/* RFC 3501 6.2.3, 7.1: CAPABILITY in the answer saves a round trip. */
static void
greet(struct session *s)
{
	bool tagged = s->how->tag[0] != '\0';
	struct buf line;

	buf_init(&line, 2 * KIB);
	buf_addf(&line, "%s %s [CAPABILITY ", tagged ? s->how->tag : "*",
	    tagged ? "OK" : "PREAUTH");
	reply_put_capabilities(&line, s);
	buf_add_str(&line, "] Logged in\r\n");
	stream_write(&s->net, line.p, line.n);
	buf_fini(&line);
}

/* Give memory back when the client has nothing to say for a while. */
static void
rest(struct session *s)
{
	if (!content_held(&s->content) || !stream_idle(&s->net) ||
	    stream_flush(&s->net) != STREAM_OK)
		return;
	if (fd_wait(s->net.fd, FD_READ, clock_deadline(HOLD_MS)) == 0)
		content_reset(&s->content);
}

/* One command; the state says whether there is another. */
static void
turn(struct session *s)
{
	enum input_result r;
	const char *why;

	rest(s);
	stream_deadline(&s->net, s->how->idle_ms);
	arena_clear(s->mem);
	s->tag = SPAN_NONE;
	r = input_command(&s->in, s->mem, &why);
	session_pace(s);
	switch (r) {
	case INPUT_COMMAND:
	case INPUT_MESSAGE:
		command_run(s, r == INPUT_MESSAGE);
		break;
	case INPUT_BAD:
		command_refuse(s, why);
		break;
	case INPUT_CLOSE:
		reply_bye(s, why);
		break;
	case INPUT_END:
		if (s->net.in_end_why == STREAM_TIMEOUT)
			reply_bye(s, "Autologout; idle for too long");
		else
			session_enter(s, STATE_LOGOUT);
		break;
	}
}

void
session_serve(const struct session_how *how)
{
	struct session s;

	begin(&s, how);
	if (stream_preload(&s.net, how->pending) != STREAM_OK)
		reply_bye(&s, "Too much input behind the log-in");
	else
		greet(&s);
	while (s.state != STATE_LOGOUT && s.net.out_end_why == STREAM_OK)
		turn(&s);
	end(&s);
}
