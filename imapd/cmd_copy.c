/*
 * cmd_copy - COPY (RFC 3501 6.4.7), MOVE (RFC 6851), EXPUNGE (6.4.3) and UID
 * EXPUNGE (RFC 4315 2.1).
 */
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/modseq.h"
#include "imapd/named.h"
#include "imapd/reply.h"
#include "imapd/select.h"
#include "imapd/sync.h"

/* resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set */
static void
put_copyuid(struct buf *out, const struct folder_result *r)
{
	buf_addf(out, "COPYUID %u ", r->made_uidvalidity);
	seqset_put(out, r->done.v, r->done.n);
	buf_add_char(out, ' ');
	seqset_put(out, r->made.v, r->made.n);
}

/*
 * RFC 6851 4.3: COPYUID in an untagged OK before the EXPUNGE lines, so that
 * the client knows where the messages went when they go.  Also where a move was
 * stopped: what went is gone here.
 */
static void
tell_moved(struct session *s, const struct folder_result *r)
{
	struct buf code;

	if (r->made.n > 0 && r->made_uidvalidity != 0) {
		buf_init(&code, IMAP_ANSWER_MAX);
		buf_add_str(&code, "OK [");
		put_copyuid(&code, r);
		buf_add_str(&code, "] Moved");
		reply_untagged_span(s, buf_span(&code));
		buf_fini(&code);
	}
	sync_expunged(s, &r->done);
}

static void
answer(struct session *s, const struct folder_result *r, bool move)
{
	struct buf code;

	if (r->made.n == 0 || r->made_uidvalidity == 0) {
		reply_ok(s, NULL, "Nothing to copy");
	} else if (move) {
		reply_ok(s, NULL, "Move completed");
	} else {
		buf_init(&code, IMAP_ANSWER_MAX);
		put_copyuid(&code, r);
		reply_ok_code(s, buf_span(&code), "Copy completed");
		buf_fini(&code);
	}
}

/* RFC 5530 3, EXPUNGEISSUED: others have removed some of them meanwhile. */
static bool
are_gone(const struct session *s, const struct uids *uids,
    const struct folder_result *r, bool move)
{
	size_t gone = 0;

	for (size_t i = 0; i < uids->n; i++)
		gone += folder_find(s->folder, uids->v[i]) == NULL;
	return gone > (move ? r->done.n : 0);
}

/* What went where, and the answer. */
static void
carry_out(struct session *s, const struct folder_change *change,
    const struct uids *uids, struct folder_result *r)
{
	bool move = change->kind == CHANGE_MOVE;
	struct why why;
	int rc = folder_commit(s->folder, change, 1, r, &why);

	if (move)
		tell_moved(s, r);
	if ((rc == 0 || why.kind == WHY_PERM) && are_gone(s, uids, r, move))
		reply_no(s, "EXPUNGEISSUED", "Some messages are gone");
	else if (rc != 0)
		reply_why(s, &why);
	else
		answer(s, r, move);
}

static void
transfer(struct session *s, const union args *a, bool move)
{
	struct folder_change change = { .kind = move ? CHANGE_MOVE :
		    CHANGE_COPY, .tick = progress_of_change, .tick_ctx = s };
	struct folder_result result;
	struct uids uids;
	bool missing, own;

	if (move && folder_read_only(s->folder)) {
		reply_no(s, "NOPERM", "Mailbox is read-only");
		return;
	}
	uids_init(&uids);
	folder_result_init(&result);
	if (!select_messages(s, &a->copy.set, &uids, &missing))
		goto out;
	change.to = named_target(s, a->copy.mailbox, &own);
	if (change.to == NULL)
		goto out;
	change.uids = uids.v;
	change.uids_n = uids.n;
	progress_goal(s, uids.n);
	if (missing)
		reply_no(s, "EXPUNGEISSUED", "Some messages are gone");
	else
		carry_out(s, &change, &uids, &result);
	if (own)
		folder_close(&change.to);
out:
	folder_result_fini(&result);
	uids_fini(&uids);
}

void
cmd_copy(struct session *s, const union args *a)
{
	transfer(s, a, false);
}

void
cmd_move(struct session *s, const union args *a)
{
	transfer(s, a, true);
}

static void
expunge(struct session *s, const struct seqset *among)
{
	struct folder_change change = { .kind = CHANGE_EXPUNGE,
		.tick = progress_of_change, .tick_ctx = s };
	struct folder_result result;
	struct uids uids;
	struct why why;
	int rc = 0;

	if (folder_read_only(s->folder)) {
		reply_no(s, "NOPERM", "Mailbox is read-only");
		return;
	}
	/* Messages that others have marked meanwhile belong to it. */
	sync_tell(s, true);
	if (s->state != STATE_SELECTED)
		return;
	uids_init(&uids);
	folder_result_init(&result);
	select_deleted(s, among, &uids);
	change.uids = uids.v;
	change.uids_n = uids.n;
	progress_goal(s, uids.n);
	if (uids.n > 0)
		rc = folder_commit(s->folder, &change, 1, &result, &why);
	sync_expunged(s, &result.done);
	if (modseq_vanished(s)) {	/* what went gets its number */
		sync_tell(s, true);
		s->told = true;
	}
	if (rc == 0)
		modseq_answer(s, result.done.n > 0, "Expunge completed");
	else
		reply_why(s, &why);
	folder_result_fini(&result);
	uids_fini(&uids);
}

void
cmd_expunge(struct session *s, const union args *a)
{
	(void)a;
	expunge(s, NULL);
}

void
cmd_uid_expunge(struct session *s, const union args *a)
{
	struct seqset set = a->set.set;

	if (set.saved)
		set = saved_get(&s->saved);
	else
		seqset_resolve(&set, view_last_uid(&s->view));
	expunge(s, &set);
}
