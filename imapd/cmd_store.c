/*
 * cmd_store - STORE (RFC 3501 6.4.6), also on condition (RFC 7162 3.1.3).
 */
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/modseq.h"
#include "imapd/reply.h"
#include "imapd/select.h"
#include "imapd/sync.h"

static enum folder_change_kind
kind_of(enum store_how how)
{
	switch (how) {
	case STORE_ADD:
		return CHANGE_FLAGS_ADD;
	case STORE_REMOVE:
		return CHANGE_FLAGS_REMOVE;
	case STORE_SET:
		break;
	}
	return CHANGE_FLAGS_SET;
}

/* "MODIFIED" and the messages, as the command names them (RFC 7162 3.1.3). */
static void
put_modified(struct buf *out, struct session *s, const struct uids *modified)
{
	struct uids named;

	uids_init(&named);
	for (size_t i = 0; i < modified->n; i++)
		uids_add(&named, s->command->uid ? modified->v[i] :
		    view_seq(&s->view, modified->v[i]));
	buf_add_str(out, "MODIFIED ");
	seqset_put(out, named.v, named.n);
	uids_fini(&named);
}

static void
answer(struct session *s, bool missing, const struct folder_result *r)
{
	struct buf code;

	if (r->modified.n > 0) {
		buf_init(&code, IMAP_ANSWER_MAX);
		put_modified(&code, s, &r->modified);
		if (missing)
			reply_no_code(s, buf_span(&code),
			    "Some messages are gone");
		else
			reply_ok_code(s, buf_span(&code),
			    "Conditional store failed");
		buf_fini(&code);
	} else if (missing)
		/* RFC 5530 3: somebody else has expunged; the rest was done. */
		reply_no(s, "EXPUNGEISSUED", "Some messages are gone");
	else if (r->keywords_full)
		reply_no(s, "LIMIT", "No room for a further keyword");
	else
		reply_ok(s, NULL, "Store completed");
}

/*
 * What the client does not know without being told: flags, unless it has said
 * what they are; numbers; what has made the store fail.
 */
static void
tell(struct session *s, const union args *a, const struct uids *uids,
    const struct folder_result *r)
{
	bool failed;

	for (size_t i = 0; i < uids->n; i++) {
		failed = a->store.conditional &&
		    uids_has(&r->modified, uids->v[i]);
		if (!a->store.silent || failed)
			sync_tell_flags(s, uids->v[i], true);
		else if (a->store.conditional ||
		    uids_has(&r->done, uids->v[i]))
			sync_tell_flags(s, uids->v[i], false);
	}
}

static void
store(struct session *s, const union args *a, const struct uids *uids,
    bool missing)
{
	struct folder_change change = { .kind = kind_of(a->store.how),
		.uids = uids->v, .uids_n = uids->n,
		.flags = a->store.flags.system,
		.keywords = a->store.flags.keywords,
		.keywords_n = a->store.flags.keywords_n,
		.numbered = modseq_told(s),
		.conditional = a->store.conditional,
		.unchanged_since = a->store.unchanged_since,
		.tick = progress_of_change, .tick_ctx = s };
	struct folder_result result;
	struct why why;

	progress_goal(s, uids->n);
	folder_result_init(&result);
	if (uids->n > 0 &&
	    folder_commit(s->folder, &change, 1, &result, &why) != 0)
		reply_why(s, &why);
	else {
		/* A keyword that is new here is told before it is used. */
		reply_flags(s);
		tell(s, a, uids, &result);
		answer(s, missing, &result);
	}
	folder_result_fini(&result);
}

void
cmd_store(struct session *s, const union args *a)
{
	struct uids uids;
	bool missing;

	if (folder_read_only(s->folder)) {
		reply_no(s, "NOPERM", "Mailbox is read-only");
		return;
	}
	if (a->store.conditional && !modseq_begin(s))
		return;
	uids_init(&uids);
	if (select_messages(s, &a->store.set, &uids, &missing))
		store(s, a, &uids, missing);
	uids_fini(&uids);
}
