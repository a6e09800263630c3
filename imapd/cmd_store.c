/*
 * cmd_store - STORE (RFC 3501 6.4.6).
 */
#include "imapd/command.h"
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

static void
answer(struct session *s, bool missing, const struct folder_result *r)
{
	/* RFC 5530 3: somebody else has expunged; the rest was done. */
	if (missing)
		reply_no(s, "EXPUNGEISSUED", "Some messages are gone");
	else if (r->keywords_full)
		reply_no(s, "LIMIT", "No room for a further keyword");
	else
		reply_ok(s, NULL, "Store completed");
}

void
cmd_store(struct session *s, const union args *a)
{
	struct folder_change change = { .kind = kind_of(a->store.how),
		.flags = a->store.flags.system,
		.keywords = a->store.flags.keywords,
		.keywords_n = a->store.flags.keywords_n };
	struct folder_result result;
	struct uids uids;
	struct why why;
	bool missing;

	if (folder_read_only(s->folder)) {
		reply_no(s, "NOPERM", "Mailbox is read-only");
		return;
	}
	uids_init(&uids);
	folder_result_init(&result);
	if (!select_messages(s, &a->store.set, &uids, &missing))
		goto out;
	change.uids = uids.v;
	change.uids_n = uids.n;
	if (uids.n > 0 &&
	    folder_commit(s->folder, &change, 1, &result, &why) != 0) {
		reply_why(s, &why);
		goto out;
	}
	/* A keyword that is new here is told before it is used. */
	reply_flags(s);
	for (size_t i = 0; i < uids.n && !a->store.silent; i++)
		sync_tell_flags(s, uids.v[i]);
	answer(s, missing, &result);
out:
	folder_result_fini(&result);
	uids_fini(&uids);
}
