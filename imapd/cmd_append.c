/*
 * cmd_append - APPEND (RFC 3501 6.3.11), with APPENDUID (RFC 4315 3), of one
 * message or of several that are made together (RFC 3502); REPLACE (RFC 8508),
 * which is APPEND and EXPUNGE as one.
 * The message goes from the connection into a file in pieces.  Where it is
 * refused before it is there, the client is told without "+"; where it has
 * sent it all the same, it is read to its end and forgotten.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/modseq.h"
#include "imapd/named.h"
#include "imapd/reply.h"
#include "imapd/select.h"
#include "imapd/sync.h"
#include "store/quota.h"

/*
 * The literal, into the file.  After a failure (why) the rest is read all the
 * same: the client is sending it.
 * returns  false: the connection is at its end
 */
static bool
take_message(struct session *s, struct folder_append *to, bool literal8,
    bool *failed, struct why *why)
{
	uint64_t left = s->in.message.octets;
	struct span piece;

	if (s->in.message.sync)
		input_go_on(&s->in);
	for (; left > 0; left -= piece.n) {
		if (!input_piece(&s->in, left, &piece))
			return false;
		/*
		 * literal = ... *CHAR8: RFC 3501 9 knows no NUL; literal8 does,
		 * and what we cannot keep is answered by UNKNOWN-CTE (RFC 3516
		 * 4.4).
		 */
		if (!*failed && span_has(piece, '\0')) {
			why_set(why, WHY_PERM, literal8 ? "5.6.3" : "5.6.0",
			    "NUL in the message");
			*failed = true;
		} else if (!*failed && folder_append_write(to, piece.p,
		    piece.n, why) != 0)
			*failed = true;
	}
	return true;
}

/* All messages of the command: they are made together, or none is. */
struct appending {
	struct session *s;
	struct folder *f;
	struct folder_append **message;
	struct folder_change *change;
	size_t n;
	uint64_t octets;	/* on disk, of those that are whole */
	struct uids replaced;	/* REPLACE: one */
};

static void
answer(struct session *s, const struct folder_result *r)
{
	struct buf code;

	if (r->made.n == 0) {
		reply_ok(s, NULL, "Append completed");
		return;
	}
	buf_init(&code, 4 * KIB);
	buf_addf(&code, "APPENDUID %u ", r->made_uidvalidity);
	seqset_put(&code, r->made.v, r->made.n);
	reply_ok_code(s, buf_span(&code), "Append completed");
	buf_fini(&code);
}

/*
 * RFC 8508 3.2, 4.3: APPENDUID first, then the new message, then that the old
 * one is gone.
 */
static void
answer_replaced(struct session *s, const struct folder_result *r)
{
	reply_untagged(s, "OK [APPENDUID %u %u] Replacement is there",
	    r->made_uidvalidity, r->made.v[0]);
	sync_tell(s, false);
	if (s->state != STATE_SELECTED)
		return;
	sync_expunged(s, &r->done);
	if (modseq_vanished(s)) {	/* what went gets its number */
		sync_tell(s, true);
		s->told = true;
	}
	modseq_answer(s, r->done.n > 0, "Replace completed");
}

static void
commit(struct appending *all)
{
	bool replaces = all->replaced.n > 0;
	struct folder_result result;
	struct why why;

	folder_result_init(&result);
	if (folder_commit(replaces ? all->s->folder : all->f, all->change,
	    all->n, &result, &why) != 0) {
		if (why.kind == WHY_PERM && replaces &&
		    folder_find(all->s->folder, all->replaced.v[0]) == NULL)
			reply_no(all->s, "EXPUNGEISSUED", "Message is gone");
		else
			reply_why(all->s, &why);
	} else if (replaces)
		answer_replaced(all->s, &result);
	else
		answer(all->s, &result);
	folder_result_fini(&result);
}

/* The message that was announced is not taken; the answer is given. */
static void
drop(struct session *s)
{
	if (!input_drop_message(&s->in))
		session_enter(s, STATE_LOGOUT);
}

/* false: the answer is given, or there is nobody to answer. */
static bool
receive_one(struct appending *all, const struct append_args *a)
{
	struct session *s = all->s;
	struct folder_append **m = &all->message[all->n];
	struct why why;
	bool failed = false;

	*m = folder_append_begin(all->f, s->how->message_max_octets, &why);
	if (*m == NULL) {
		reply_why(s, &why);
		drop(s);
		return false;
	}
	all->change[all->n++] = (struct folder_change){
		.kind = all->replaced.n > 0 ? CHANGE_REPLACE : CHANGE_APPEND,
		.append = m, .to = all->f,
		.uids = all->replaced.v, .uids_n = all->replaced.n,
		.flags = a->flags.system, .keywords = a->flags.keywords,
		.keywords_n = a->flags.keywords_n,
		.date_s = a->has_date ? a->date_s : 0 };
	if (!take_message(s, *m, a->literal8, &failed, &why)) {
		session_enter(s, STATE_LOGOUT);
		return false;
	}
	if (failed) {
		bool empty;

		reply_why(s, &why);
		if (!input_rest(&s->in, &empty))
			session_enter(s, STATE_LOGOUT);
	}
	all->octets += folder_append_octets(*m);
	return !failed;
}

/* NULL: the message that is announced may come. */
static const char *
refusal(const struct session *s, const char **code)
{
	*code = NULL;
	if (s->in.message.octets == 0)
		return "Message is empty";
	*code = "TOOBIG";
	return s->in.message.octets > s->how->message_max_octets ?
	    "Message is too large" : NULL;
}

/* What follows a message; true: another one, with its options in *a. */
static bool
take_next(struct appending *all, struct append_args *a)
{
	struct session *s = all->s;
	const char *code, *refused;
	struct span text;
	struct why why;

	switch (input_next(&s->in, a->utf8, s->mem, &text)) {
	case NEXT_END:
		commit(all);
		return false;
	case NEXT_BAD:
		reply_bad(s, "Invalid arguments behind the message");
		return false;
	case NEXT_UNASKED:
		reply_bad(s, input_unasked);
		return false;
	case NEXT_CLOSE:
		session_enter(s, STATE_LOGOUT);
		return false;
	case NEXT_MESSAGE:
		break;
	}
	refused = refusal(s, &code);
	/* RFC 8508 4.7: REPLACE takes one message. */
	if (all->replaced.n > 0 || !parse_append_more(text, s->mem, a))
		reply_bad(s, "Invalid arguments before a message");
	else if (refused != NULL)
		reply_no(s, code, refused);
	else if (all->n == IMAP_APPENDS_MAX)
		reply_no(s, "LIMIT", "Too many messages at once");
	/* Else one command could fill the disk beyond any quota. */
	else if (quota_room(s->how->root, all->octets + 1, all->n + 1,
	    &why) != 0)
		reply_why(s, &why);
	else
		return true;
	drop(s);
	return false;
}

static void
receive(struct appending *all, const struct append_args *first)
{
	struct append_args a = *first;

	all->message = xcalloc(IMAP_APPENDS_MAX, sizeof(all->message[0]));
	all->change = xcalloc(IMAP_APPENDS_MAX, sizeof(all->change[0]));
	while (receive_one(all, &a) && take_next(all, &a))
		;
	for (size_t i = 0; i < all->n; i++)
		if (all->message[i] != NULL)
			folder_append_abort(&all->message[i]);
	free(all->change);
	free(all->message);
}

/* The message that is to go; false: the answer is given. */
static bool
find_replaced(struct appending *all, const struct seqset *set)
{
	struct session *s = all->s;
	bool missing;

	if (folder_read_only(s->folder)) {
		reply_no(s, "NOPERM", "Mailbox is read-only");
		return false;
	}
	if (!select_messages(s, set, &all->replaced, &missing))
		return false;
	if (all->replaced.n > 0)
		return true;
	if (missing)
		reply_no(s, "EXPUNGEISSUED", "Message is gone");
	else
		reply_no(s, "NONEXISTENT", "No such message");
	return false;
}

/* Refused before it is sent; true: the answer is given. */
static bool
refuse_early(struct appending *all, const struct append_args *a)
{
	const char *code, *refused = refusal(all->s, &code);
	struct why why;

	if (refused != NULL)
		reply_no(all->s, code, refused);
	else if (a->replaced.n > 0)
		return !find_replaced(all, &a->replaced);
	else if (quota_room(all->s->how->root, 1, 1, &why) != 0)
		reply_why(all->s, &why);
	else
		return false;
	return true;
}

void
cmd_append(struct session *s, const union args *a)
{
	struct appending all = { .s = s };
	bool own = false;

	uids_init(&all.replaced);
	if (!refuse_early(&all, &a->append))
		all.f = named_target(s, a->append.mailbox, &own);
	if (all.f != NULL)
		receive(&all, &a->append);
	else
		drop(s);
	if (own)
		folder_close(&all.f);
	uids_fini(&all.replaced);
}
