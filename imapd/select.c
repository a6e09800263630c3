/*
 * select - see select.h.
 * "*" is the last message of the client's count, in numbers and in UIDs; in an
 * empty mailbox it is no message, and as a UID the next one (RFC 3501 section
 * 9, seq-number).
 */
#include "imapd/select.h"

#include "imapd/command.h"
#include "imapd/reply.h"

static bool
resolve(struct session *s, struct seqset *set)
{
	uint32_t last = view_last_uid(&s->view);

	if (s->command->uid) {
		seqset_resolve(set, last > 0 ? last :
		    folder_uidnext(s->folder));
		return true;
	}
	seqset_resolve(set, view_count(&s->view));
	if (set->v[0].first > 0 && seqset_max(set) <= view_count(&s->view))
		return true;
	reply_bad(s, "No such message");
	return false;
}

bool
select_messages(struct session *s, const struct seqset *set,
    struct uids *out, bool *missing)
{
	struct seqset resolved = set->saved ? saved_get(&s->saved) : *set;
	size_t to = 0;

	*missing = false;
	if (!set->saved && !resolve(s, &resolved))
		return false;
	view_select(&s->view, &resolved, set->saved || s->command->uid, out);
	for (size_t i = 0; i < out->n; i++)
		if (folder_find(s->folder, out->v[i]) != NULL)
			out->v[to++] = out->v[i];
	/* RFC 3501 6.4.8: a UID that does not exist is no error. */
	*missing = to < out->n && !s->command->uid && !set->saved;
	out->n = to;
	return true;
}

void
select_deleted(struct session *s, const struct seqset *among,
    struct uids *out)
{
	const struct message *m;

	uids_clear(out);
	for (size_t i = 0; i < folder_count(s->folder); i++) {
		m = folder_message(s->folder, i);
		if ((m->flags & MESSAGE_DELETED) != 0 &&
		    (among == NULL || seqset_has(among, m->uid)))
			uids_add(out, m->uid);
	}
}
