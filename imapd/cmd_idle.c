/*
 * cmd_idle - IDLE (RFC 2177): waits for the client's DONE and for news of the
 * folder, whichever comes.
 */
#include "base/num.h"
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/reply.h"
#include "imapd/sync.h"
#include "net/line.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/memory.h"
#include "store/watch.h"

static int
wait_until(const struct session *s, const struct watch *w, int64_t until_ms)
{
	return w->fd >= 0 ? fd_wait_two(s->net.fd, w->fd, until_ms) :
	    fd_wait(s->net.fd, FD_READ, until_ms);
}

/*
 * The next thing that happens: DONE or the end of the client (false), or time
 * to look at the folder.
 */
static bool
wait_for_news(struct session *s, struct watch *w, int64_t end_ms)
{
	int64_t until = end_ms, poll = clock_deadline(WATCH_POLL_MS);
	int64_t soon = clock_deadline(MEMORY_REST_MS);
	int64_t due_ms = s->folder == NULL ? -1 : folder_due_ms(s->folder);
	int rc;

	if (!stream_idle(&s->net))
		return false;
	if (stream_flush(&s->net) != STREAM_OK)
		return false;
	if (s->folder != NULL && w->fd < 0 && poll < end_ms)
		until = poll;
	if (due_ms >= 0 && clock_deadline(due_ms) < until)
		until = clock_deadline(due_ms);
	rc = wait_until(s, w, soon < until ? soon : until);
	if (rc == 0 && soon < until) {
		memory_rest();
		rc = wait_until(s, w, until);
	}
	if (rc < 0 || (rc & 1) != 0)
		return false;
	return rc == 2 || clock_mono_ms() < end_ms;
}

static void
take_done(struct session *s)
{
	struct span line;
	enum line_result r;

	stream_deadline(&s->net, IMAP_STALL_MS);
	r = line_read(&s->net, IMAP_LINE_MAX, LINE_CRLF, &line);
	if (r == LINE_OK && span_ieq_str(line, "DONE"))
		reply_ok(s, NULL, "Idle completed");
	else if (r == LINE_OK || r == LINE_BAD)
		reply_bad(s, "Expected DONE");
	else
		session_enter(s, STATE_LOGOUT);
}

void
cmd_idle(struct session *s, const union args *a)
{
	int64_t end_ms = clock_deadline(s->how->idle_ms);
	struct watch watch = WATCH_NONE;

	(void)a;
	content_reset(&s->content);
	if (s->folder != NULL) {
		watch_open(&watch, s->folder);
		/* What came between the last look and the watch. */
		sync_tell(s, true);
	}
	stream_puts(&s->net, "+ idling\r\n");
	while (s->state != STATE_LOGOUT && wait_for_news(s, &watch, end_ms)) {
		session_pace(s);
		if (s->folder == NULL)
			continue;
		watch_drain(&watch);
		sync_tell(s, true);
	}
	watch_close(&watch);
	if (s->state == STATE_LOGOUT || s->net.out_end_why != STREAM_OK)
		return;
	if (stream_idle(&s->net) && clock_mono_ms() >= end_ms)
		reply_bye(s, "Autologout; idle for too long");
	else
		take_done(s);
}
