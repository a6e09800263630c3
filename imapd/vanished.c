/*
 * vanished - VANISHED answers of RFC 7162 3.2.10; see modseq.h.
 * The store says which UIDs went, or that it does not know: then it is every
 * UID of the set that is no message.  Both go out as runs, in lines of bounded
 * length, in one pass over the set and the messages.
 */
#include "base/num.h"
#include "imapd/limits.h"
#include "imapd/modseq.h"
#include "imapd/reply.h"
#include "imapd/sync.h"
#include "store/folder_modseq.h"

#define LINE_OCTETS	8000	/* then another line */

struct teller {
	struct session *s;
	const char *begin;
	struct buf line;
};

static void
teller_init(struct teller *t, struct session *s, const char *begin)
{
	*t = (struct teller){ .s = s, .begin = begin };
	buf_init(&t->line, LINE_OCTETS + KIB);
}

static void
teller_flush(struct teller *t)
{
	if (t->line.n > 0)
		reply_untagged_span(t->s, buf_span(&t->line));
	buf_clear(&t->line);
}

static void
teller_put(struct teller *t, uint32_t first, uint32_t last)
{
	if (first > last)
		return;
	if (t->line.n > LINE_OCTETS)
		teller_flush(t);
	buf_add_str(&t->line, t->line.n == 0 ? t->begin : ",");
	buf_add_u64(&t->line, first);
	if (last > first) {
		buf_add_char(&t->line, ':');
		buf_add_u64(&t->line, last);
	}
}

static void
teller_fini(struct teller *t)
{
	teller_flush(t);
	buf_fini(&t->line);
}

void
modseq_tell_gone(struct session *s, const struct uids *gone)
{
	struct teller t;
	size_t run;

	teller_init(&t, s, "VANISHED ");
	for (size_t i = 0; i < gone->n; i += run) {
		for (run = 1; i + run < gone->n &&
		    gone->v[i + run] == gone->v[i] + run;)
			run++;
		teller_put(&t, gone->v[i], gone->v[i + run - 1]);
	}
	teller_fini(&t);
}

/* What the client counts, and what is there that it has not been told of. */
static void
present(struct session *s, struct uids *out)
{
	uids_init(out);
	for (uint32_t i = 1; i <= view_count(&s->view); i++)
		uids_add(out, view_uid(&s->view, i));
	for (size_t i = folder_count(s->folder); i > 0; i--) {
		uint32_t uid = folder_message(s->folder, i - 1)->uid;

		if (uid <= view_last_uid(&s->view))
			break;
		uids_add(out, uid);
	}
	uids_sort(out);
}

/* Of first..last all that are no messages; *at goes on in there. */
static void
tell_run(struct teller *t, const struct uids *there, size_t *at,
    struct uid_run r)
{
	while (*at < there->n && there->v[*at] < r.first)
		(*at)++;
	for (; *at < there->n && there->v[*at] <= r.last; (*at)++) {
		if (there->v[*at] > r.first)
			teller_put(t, r.first, there->v[*at] - 1);
		r.first = there->v[*at] + 1;
	}
	teller_put(t, r.first, r.last);
}

/* Both ascend and are disjoint within themselves. */
static void
tell_runs(struct teller *t, const struct seqset *set,
    const struct uid_runs *gone, const struct uids *there)
{
	size_t at = 0, k = 0;

	for (size_t i = 0; i < set->n; i++) {
		while (k < gone->n && gone->v[k].last < set->v[i].first)
			k++;
		for (; k < gone->n && gone->v[k].first <= set->v[i].last;
		    k++) {
			struct uid_run r = {
				(uint32_t)num_max(set->v[i].first,
				gone->v[k].first),
				(uint32_t)num_min(set->v[i].last,
				gone->v[k].last) };

			tell_run(t, there, &at, r);
			if (gone->v[k].last > set->v[i].last)
				break;	/* it reaches into the next range */
		}
	}
}

void
modseq_tell_vanished(struct session *s, const struct seqset *set,
    uint64_t since, uint32_t above)
{
	struct uid_run any = { 1, folder_uidnext(s->folder) - 1 };
	struct uid_runs gone, all = { .v = &any, .n = 1 };
	struct uids there;
	struct teller t;
	bool known;

	uid_runs_init(&gone);
	known = folder_gone_since(s->folder, since, &gone);
	any.first = above + 1;
	for (size_t i = 0; i < gone.n; i++)
		if (gone.v[i].first <= above)
			gone.v[i].first = above + 1;
	present(s, &there);
	teller_init(&t, s, "VANISHED (EARLIER) ");
	tell_runs(&t, set, known ? &gone : &all, &there);
	teller_fini(&t);
	uids_fini(&there);
	uid_runs_fini(&gone);
}

/* The pairs of two sets, one after the other. */
struct walk {
	const struct seqset *set;
	size_t	 i;
	uint32_t n;
};

static bool
walk_next(struct walk *w)
{
	if (w->i < w->set->n && w->n != 0 && w->n < w->set->v[w->i].last) {
		w->n++;
		return true;
	}
	if (w->n != 0)
		w->i++;
	if (w->i >= w->set->n)
		return false;
	w->n = w->set->v[w->i].first;
	return true;
}

/*
 * RFC 7162 3.2.5.2: the last message of which the client knows number and UID:
 * it knows all expunges up to there.
 */
static uint32_t
last_match(struct session *s, const struct resync *r)
{
	struct walk seq = { .set = &r->match_seqs };
	struct walk uid = { .set = &r->match_uids };
	uint32_t last = 0;

	while (walk_next(&seq) && walk_next(&uid) &&
	    seq.n <= view_count(&s->view))
		if (view_uid(&s->view, seq.n) == uid.n)
			last = uid.n;
	return last;
}

void
modseq_resync(struct session *s, struct resync *r)
{
	struct seqrange all = { 1, folder_uidnext(s->folder) - 1 };
	struct seqset everything = { .v = &all, .n = all.last > 0 };
	struct seqset *known = r->has_known ? &r->known : &everything;
	struct uids changed;

	/* 3.2.5: another UIDVALIDITY: as if nothing had changed. */
	if (!s->modseqs || r->uidvalidity != folder_uidvalidity(s->folder))
		return;
	seqset_resolve(known, all.last);
	uids_init(&changed);
	view_select(&s->view, known, true, &changed);
	modseq_tell_vanished(s, known, r->modseq, last_match(s, r));
	modseq_changed_since(s, &changed, r->modseq);
	for (size_t i = 0; i < changed.n; i++)
		sync_tell_flags(s, changed.v[i], true);
	uids_fini(&changed);
}
