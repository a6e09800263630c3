/*
 * fetch_which - see fetch_which.h.
 * First the range of PARTIAL, then what has changed in it (RFC 9394 3.4).
 */
#include "imapd/fetch_which.h"

#include "imapd/command.h"
#include "imapd/found.h"
#include "imapd/modseq.h"
#include "imapd/reply.h"

/* RFC 9051 appendix E, 18: RFC822 and its like are gone. */
static bool
has_old(const union args *a)
{
	for (size_t i = 0; i < a->fetch.n; i++)
		if (a->fetch.v[i].old)
			return true;
	return false;
}

bool
fetch_which_allowed(struct session *s, const union args *a)
{
	const char *why = NULL;

	if (a->fetch.vanished && (!s->command->uid ||
	    (s->enabled & ENABLED_QRESYNC) == 0))
		why = "VANISHED is for UID FETCH with QRESYNC";
	else if (a->fetch.has_partial && !s->command->uid)
		why = "PARTIAL is for UID FETCH";
	else if (session_is_rev2(s) && has_old(a))
		why = "RFC822 is not in IMAP4rev2: BODY[]";
	if (why != NULL)
		reply_bad(s, why);
	return why == NULL;
}

/* RFC 9394 3.3: only the messages at these places of the list. */
static void
take_partial(const struct partial *p, struct uids *uids)
{
	size_t from, end;

	found_partial(p, uids->n, &from, &end);
	for (size_t i = from; i < end; i++)
		uids->v[i - from] = uids->v[i];
	uids->n = end - from;
}

/*
 * "*" is a number already, the last message that there is; but 1:* asks for
 * those, too, that went from behind it, as SELECT (QRESYNC) tells them.
 */
static void
tell_vanished(struct session *s, struct seqset *set, uint64_t since)
{
	uint32_t last = folder_uidnext(s->folder) - 1;

	seqset_resolve(set, 0);
	if (set->star && set->n > 0 && set->v[set->n - 1].last < last)
		set->v[set->n - 1].last = last;
	modseq_tell_vanished(s, set, since, 0);
}

void
fetch_which(struct session *s, const union args *a, struct uids *uids)
{
	struct seqset set = a->fetch.set.saved ? saved_get(&s->saved) :
	    a->fetch.set;

	if (a->fetch.has_partial)
		take_partial(&a->fetch.partial, uids);
	/* Before the first FETCH. */
	if (a->fetch.vanished)
		tell_vanished(s, &set, a->fetch.changed_since);
	if (a->fetch.has_since)
		modseq_changed_since(s, uids, a->fetch.changed_since);
}
