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
#include "imapd/modseq.h"
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
	if (!session_is_rev2(s))
		reply_untagged(s, "%u RECENT", count_recent(s->folder));
}

void
sync_tell_flags(struct session *s, uint32_t uid, bool flags)
{
	const struct message *m = folder_find(s->folder, uid);
	uint32_t seq = view_seq(&s->view, uid);
	bool modseq = modseq_told(s);
	struct buf line;

	if (m == NULL || seq == 0 || (!flags && !modseq))
		return;
	buf_init(&line, IMAP_PIECE);
	buf_addf(&line, "%u FETCH (", seq);
	/* RFC 3501 6.4.8: within a UID command the UID must be there; RFC 9051
	   7.5.2: always. */
	if (modseq || session_is_rev2(s) || (s->command != NULL && s->command->uid))
		buf_addf(&line, "UID %u ", uid);
	if (flags) {
		buf_add_str(&line, "FLAGS ");
		reply_put_flags(&line, s, m);
	}
	if (modseq) {
		buf_add_str(&line, flags ? " " : "");
		modseq_put(&line, s, uid);
	}
	buf_add_char(&line, ')');
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
}

/* All that is gone leaves the view; true: there was something. */
static bool
tell_gone(struct session *s)
{
	bool any = s->view.gone.n > 0;

	if (any && modseq_vanished(s)) {
		modseq_tell_gone(s, &s->view.gone);
		view_expunge(&s->view, NULL, NULL);
	} else
		view_expunge(&s->view, tell_expunge, s);
	return any;
}

/* WORKAROUND_DELAY_NEWMAIL: not within just any command. */
static bool
may_tell_new(const struct session *s)
{
	const struct command *c = s->command;

	return (s->how->workarounds & WORKAROUND_DELAY_NEWMAIL) == 0 ||
	    c == NULL || c->run == cmd_noop || c->run == cmd_check ||
	    c->run == cmd_idle || c->run == cmd_append;
}

/* New messages, but for those that have gone before anybody was told. */
static void
tell_new(struct session *s, const struct uids *added)
{
	struct uids there;

	for (size_t i = 0; i < added->n; i++)
		uids_add(&s->late, added->v[i]);
	if (s->late.n == 0 || !may_tell_new(s))
		return;
	uids_init(&there);
	for (size_t i = 0; i < s->late.n; i++)
		if (folder_find(s->folder, s->late.v[i]) != NULL)
			uids_add(&there, s->late.v[i]);
	uids_clear(&s->late);
	if (there.n > 0) {
		view_add(&s->view, &there);
		tell_count(s);
	}
	uids_fini(&there);
}

static void
tell(struct session *s, const struct folder_changes *c, bool expunge)
{
	bool gone = false;

	view_lose(&s->view, &c->expunged);
	if (expunge)
		gone = tell_gone(s);
	if (c->keywords)
		reply_flags(s);
	tell_new(s, &c->added);
	for (size_t i = 0; i < c->flagged.n; i++)
		sync_tell_flags(s, c->flagged.v[i], true);
	/* Whoever does not know all that is there does not know its number. */
	if (s->late.n > 0)
		return;
	modseq_settle(s, gone || s->expunged);
	s->expunged = false;
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
	/* Their number comes with the next look: sync_tell(). */
	if (tell_gone(s))
		s->expunged = true;
}
