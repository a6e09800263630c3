/*
 * modseq - see modseq.h.
 * A client takes the highest number that it was told as the point from which it
 * goes on after a lost connection.  So while messages are gone that it may not
 * be told of yet, it is told the number up to which it knows all (RFC 7162
 * section 6); and when it has been told, the one that holds then.
 */
#include "imapd/modseq.h"

#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/reply.h"
#include "store/folder_modseq.h"

static void
tell_highest(struct session *s, uint64_t modseq, const char *text)
{
	struct buf line;

	buf_init(&line, KIB);
	buf_add_str(&line, "OK [HIGHESTMODSEQ ");
	buf_add_u64(&line, modseq);
	buf_addf(&line, "] %s", text);
	reply_untagged_span(s, buf_span(&line));
	buf_fini(&line);
}

bool
modseq_told(const struct session *s)
{
	return (s->enabled & ENABLED_CONDSTORE) != 0 && s->folder != NULL &&
	    s->modseqs;
}

bool
modseq_vanished(const struct session *s)
{
	return (s->enabled & ENABLED_QRESYNC) != 0 && modseq_told(s);
}

void
modseq_enable(struct session *s, unsigned bits)
{
	bool first = (bits & ~s->enabled & ENABLED_CONDSTORE) != 0;

	s->enabled |= bits;
	if (first && modseq_told(s))
		tell_highest(s, s->modseq_known, "Highest");
}

bool
modseq_begin(struct session *s)
{
	if (s->modseqs) {
		modseq_enable(s, ENABLED_CONDSTORE);
		return true;
	}
	reply_bad(s, "No modification sequences in this mailbox");
	return false;
}

void
modseq_put(struct buf *out, struct session *s, uint32_t uid)
{
	uint64_t modseq = folder_message_modseq(s->folder, uid);

	/* Without a number yet: it has changed just now. */
	if (modseq == 0)
		modseq = folder_modseq(s->folder);
	buf_add_str(out, "MODSEQ (");
	buf_add_u64(out, modseq == 0 ? 1 : modseq);
	buf_add_char(out, ')');
}

void
modseq_selected(struct session *s)
{
	s->modseq_known = folder_modseq(s->folder);
	s->modseqs = s->modseq_known != 0;
	s->modseq_held = false;
	if (s->modseqs)
		tell_highest(s, s->modseq_known, "Highest");
	else
		reply_untagged(s, "OK [NOMODSEQ] No modification sequences");
}

void
modseq_settle(struct session *s, bool vanished)
{
	if (!s->modseqs)
		return;
	if (s->view.gone.n > 0) {
		s->modseq_held = true;
		if (modseq_told(s))
			tell_highest(s, s->modseq_known,
			    "Expunged messages are told later");
		return;
	}
	if (folder_modseq(s->folder) > s->modseq_known)
		s->modseq_known = folder_modseq(s->folder);
	if (modseq_told(s) && (s->modseq_held ||
	    (vanished && modseq_vanished(s))))
		tell_highest(s, s->modseq_known, "Highest");
	s->modseq_held = false;
}

void
modseq_answer(struct session *s, bool expunged, const char *text)
{
	struct buf code;

	/* 3.2.7: all that went has its number now. */
	if (!expunged || !modseq_vanished(s)) {
		reply_ok(s, NULL, text);
		return;
	}
	buf_init(&code, KIB);
	buf_add_str(&code, "HIGHESTMODSEQ ");
	buf_add_u64(&code, s->modseq_known);
	reply_ok_code(s, buf_span(&code), text);
	buf_fini(&code);
}

void
modseq_changed_since(struct session *s, struct uids *uids, uint64_t since)
{
	uint64_t modseq;
	size_t n = 0;

	for (size_t i = 0; i < uids->n; i++) {
		modseq = folder_message_modseq(s->folder, uids->v[i]);
		if (modseq == 0 || modseq > since)
			uids->v[n++] = uids->v[i];
	}
	uids->n = n;
}
