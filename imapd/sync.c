/*
 * sync - see sync.h.
 * The store tells changes once; what may not be sent yet is kept in the view
 * (messages that are gone).  A failed look at the folder is not the client's
 * affair as long as the session can go on with what it knows: it is logged,
 * and the next command tries again.
 */
#include "imapd/sync.h"

#include "base/log.h"
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/reply.h"

static void
tell_expunge(uint32_t seq, void *ctx)
{
	reply_untagged(ctx, "%u EXPUNGE", seq);
}

static uint32_t
count_recent(const struct folder *f)
{
	uint32_t n = 0;

	for (size_t i = 0; i < folder_count(f); i++)
		if ((folder_message(f, i)->flags & MESSAGE_RECENT) != 0)
			n++;
	return n;
}

static void
tell_count(struct session *s)
{
	reply_untagged(s, "%u EXISTS", view_count(&s->view));
	reply_untagged(s, "%u RECENT", count_recent(s->folder));
}

void
sync_tell_flags(struct session *s, uint32_t uid)
{
	const struct message *m = folder_find(s->folder, uid);
	uint32_t seq = view_seq(&s->view, uid);
	struct buf line;

	if (m == NULL || seq == 0)
		return;
	buf_init(&line, IMAP_PIECE);
	buf_addf(&line, "%u FETCH (", seq);
	/* RFC 3501 6.4.8: within a UID command the UID must be there. */
	if (s->command != NULL && s->command->uid)
		buf_addf(&line, "UID %u ", uid);
	buf_add_str(&line, "FLAGS ");
	reply_put_flags(&line, s->folder, m);
	buf_add_char(&line, ')');
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
}

static void
tell(struct session *s, const struct folder_changes *c, bool expunge)
{
	view_lose(&s->view, &c->expunged);
	if (expunge)
		view_expunge(&s->view, tell_expunge, s);
	if (c->keywords)
		reply_flags(s);
	if (c->added.n > 0) {
		view_add(&s->view, &c->added);
		tell_count(s);
	}
	for (size_t i = 0; i < c->flagged.n; i++)
		sync_tell_flags(s, c->flagged.v[i]);
}

void
sync_tell(struct session *s, bool expunge)
{
	struct folder_changes c;
	struct why why;

	folder_changes_init(&c);
	if (folder_sync(s->folder, &c, &why) != 0)
		log_warn(LF_STR("event", "sync-failed"),
		    LF_STR("user", s->how->user),
		    LF_STR("session", s->how->session),
		    LF_STR("why", why.text));
	else if (c.reset) {
		session_unselect(s);
		reply_bye(s, "The selected mailbox is no longer there");
	} else
		tell(s, &c, expunge);
	folder_changes_fini(&c);
}

void
sync_expunged(struct session *s, const struct uids *uids)
{
	view_lose(&s->view, uids);
	view_expunge(&s->view, tell_expunge, s);
}
