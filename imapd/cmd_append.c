/*
 * cmd_append - APPEND (RFC 3501 6.3.11), with APPENDUID (RFC 4315 3).
 * The message goes from the connection into a file in pieces.  Where it is
 * refused before it is there, the client is told without "+"; where it has
 * sent it all the same, it is read to its end and forgotten.
 */
#include <string.h>

#include "imapd/command.h"
#include "imapd/names.h"
#include "imapd/reply.h"
#include "store/quota.h"

/* The folder, or NULL: the answer is given.  *own: it is to be closed. */
static struct folder *
open_target(struct session *s, struct span mailbox, bool *own)
{
	char name[FOLDER_NAME_SIZE];
	struct folder *f;
	struct why why;

	*own = false;
	if (names_in(mailbox, s->how->separator, name, &why) != 0) {
		reply_why(s, &why);
		return NULL;
	}
	if (s->folder != NULL && !folder_read_only(s->folder) &&
	    strcmp(folder_name_of(s->folder), name) == 0)
		return s->folder;
	f = folder_open(s->how->root, name, false, &why);
	*own = f != NULL;
	if (f == NULL && !folder_exists(s->how->root, name))
		reply_no(s, "TRYCREATE", "Mailbox does not exist");
	else if (f == NULL)
		reply_why(s, &why);
	return f;
}

/*
 * The literal, into the file.  After a failure (why) the rest is read all the
 * same: the client is sending it.
 * returns  false: the connection is at its end
 */
static bool
take_message(struct session *s, struct folder_append *to, bool *failed,
    struct why *why)
{
	uint64_t left = s->in.message.octets;
	struct span piece;

	if (s->in.message.sync)
		input_go_on(&s->in);
	for (; left > 0; left -= piece.n) {
		if (!input_piece(&s->in, left, &piece))
			return false;
		/* literal = ... *CHAR8: RFC 3501 9 knows no NUL. */
		if (!*failed && span_has(piece, '\0')) {
			why_set(why, WHY_PERM, "5.6.0", "NUL in the message");
			*failed = true;
		} else if (!*failed && folder_append_write(to, piece.p,
		    piece.n, why) != 0)
			*failed = true;
	}
	return true;
}

static void
commit(struct session *s, struct folder *f, struct folder_append **message,
    const union args *a)
{
	struct folder_change change = { .kind = CHANGE_APPEND,
		.append = message, .flags = a->append.flags.system,
		.keywords = a->append.flags.keywords,
		.keywords_n = a->append.flags.keywords_n,
		.date_s = a->append.has_date ? a->append.date_s : 0 };
	struct folder_result result;
	struct buf code;
	struct why why;

	folder_result_init(&result);
	if (folder_commit(f, &change, 1, &result, &why) != 0)
		reply_why(s, &why);
	else if (result.made.n == 0)
		reply_ok(s, NULL, "Append completed");
	else {
		buf_init(&code, KIB);
		buf_addf(&code, "APPENDUID %u %u", result.made_uidvalidity,
		    result.made.v[0]);
		reply_ok_code(s, buf_span(&code), "Append completed");
		buf_fini(&code);
	}
	folder_result_fini(&result);
}

static void
receive(struct session *s, struct folder *f, const union args *a)
{
	struct folder_append *message;
	struct why why;
	bool empty, failed = false;

	message = folder_append_begin(f, s->how->message_max_octets, &why);
	if (message == NULL) {
		reply_why(s, &why);
		if (!input_drop_message(&s->in))
			session_enter(s, STATE_LOGOUT);
		return;
	}
	if (!take_message(s, message, &failed, &why) ||
	    !input_rest(&s->in, &empty))
		session_enter(s, STATE_LOGOUT);
	else if (failed)
		reply_why(s, &why);
	else if (!empty)
		reply_bad(s, "Text behind the message");
	else
		commit(s, f, &message, a);
	if (message != NULL)
		folder_append_abort(&message);
}

void
cmd_append(struct session *s, const union args *a)
{
	struct folder *f = NULL;
	struct why why;
	bool own = false;

	if (s->in.message.octets > s->how->message_max_octets)
		reply_no(s, "TOOBIG", "Message is too large");
	else if (s->in.message.octets == 0)
		reply_no(s, NULL, "Message is empty");
	else if (quota_room(s->how->root, 1, 1, &why) != 0)
		reply_why(s, &why);	/* it need not be sent for that */
	else
		f = open_target(s, a->append.mailbox, &own);
	if (f != NULL)
		receive(s, f, a);
	else if (!input_drop_message(&s->in))
		session_enter(s, STATE_LOGOUT);
	if (own)
		folder_close(&f);
}
