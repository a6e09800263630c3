/*
 * found - see found.h.
 * Numbers are gathered before the first is sent, since some answers need the
 * last of them first; they go out in pieces of a few KiB.
 */
#include "imapd/found.h"

#include "base/num.h"
#include "imapd/command.h"
#include "imapd/limits.h"
#include "imapd/search.h"
#include "store/folder_modseq.h"

void
found_partial(const struct partial *p, size_t n, size_t *from, size_t *end)
{
	size_t low = num_min(p->first, p->last);
	size_t high = num_min(num_max(p->first, p->last), n);

	*from = *end = 0;
	if (low > n)
		return;
	*from = p->back ? n - high : low - 1;
	*end = p->back ? n - low + 1 : high;
}

static void
flush(struct session *s, struct buf *line, size_t over)
{
	if (line->n <= over)
		return;
	stream_write(&s->net, line->p, line->n);
	buf_clear(line);
}

/* In the order in which they stand, as a sequence-set. */
static void
put_set(struct session *s, struct buf *line, const uint32_t *v, size_t n)
{
	size_t run;

	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && v[i + run] == v[i] + run;)
			run++;
		if (i > 0)
			buf_add_char(line, ',');
		seqset_put(line, v + i, run);
		flush(s, line, IMAP_PIECE / 2);
	}
}

static void
put_partial(struct session *s, struct buf *line, const struct partial *p,
    const struct uids *found)
{
	const char *sign = p->back ? "-" : "";
	size_t from, end;

	found_partial(p, found->n, &from, &end);
	buf_addf(line, " PARTIAL (%s%u:%s%u ", sign, p->first, sign,
	    p->last);
	/* RFC 9394 3.1: NIL where there are none. */
	if (from == end)
		buf_add_str(line, "NIL");
	put_set(s, line, found->v + from, end - from);
	buf_add_char(line, ')');
}

/* RFC 7162 3.1.6, RFC 4731 3.2: the highest of the messages that are told. */
static uint64_t
highest(struct session *s, const struct search_args *a,
    const struct uids *found)
{
	unsigned ends = RETURN_MIN | RETURN_MAX;
	bool all = !a->extended || (a->returns & ~(unsigned)RETURN_SAVE &
	    ~ends) != 0;
	uint64_t most = 0, modseq;

	if (!search_has_modseq(a->key))
		return 0;
	for (size_t i = 0; i < found->n; i++) {
		if (!all && !(i == 0 && (a->returns & RETURN_MIN) != 0) &&
		    !(i == found->n - 1 && (a->returns & RETURN_MAX) != 0))
			continue;
		modseq = folder_message_modseq(s->folder,
		    view_uid(&s->view, found->v[i]));
		if (modseq > most)
			most = modseq;
	}
	return most;
}

static void
put_modseq(struct buf *line, const char *begin, uint64_t modseq,
    const char *end)
{
	if (modseq == 0)
		return;
	buf_add_str(line, begin);
	buf_add_u64(line, modseq);
	buf_add_str(line, end);
}

static void
tell_extended(struct session *s, const struct search_args *a,
    const struct uids *found, uint64_t modseq, struct buf *line)
{
	/* RFC 5182 2.4: SAVE alone tells nothing. */
	if (a->returns == RETURN_SAVE)
		return;
	buf_addf(line, "* ESEARCH (TAG \"%.*s\")%s", SPAN_ARG(s->tag),
	    s->command->uid ? " UID" : "");
	/* RFC 4731 3.1: MIN, MAX and ALL only where something was found. */
	if ((a->returns & RETURN_MIN) != 0 && found->n > 0)
		buf_addf(line, " MIN %u", found->v[0]);
	if ((a->returns & RETURN_MAX) != 0 && found->n > 0)
		buf_addf(line, " MAX %u", found->v[found->n - 1]);
	if ((a->returns & RETURN_COUNT) != 0)
		buf_addf(line, " COUNT %zu", found->n);
	if ((a->returns & RETURN_PARTIAL) != 0)
		put_partial(s, line, &a->partial, found);
	if ((a->returns & RETURN_ALL) != 0 && found->n > 0) {
		buf_add_str(line, " ALL ");
		put_set(s, line, found->v, found->n);
	}
	put_modseq(line, " MODSEQ ", modseq, "");
	buf_add_str(line, "\r\n");
}

static void
tell_plain(struct session *s, const char *word, const struct uids *found,
    uint64_t modseq, struct buf *line)
{
	buf_addf(line, "* %s", word);
	for (size_t i = 0; i < found->n; i++) {
		buf_add_char(line, ' ');
		buf_add_u64(line, found->v[i]);
		flush(s, line, IMAP_PIECE / 2);
	}
	put_modseq(line, " (MODSEQ ", modseq, ")");
	buf_add_str(line, "\r\n");
}

/* RFC 5182 2.4, RFC 9394 3.2: with ALL, COUNT or alone, all of them. */
static void
save(struct session *s, const struct search_args *a, const struct uids *found)
{
	unsigned some = RETURN_MIN | RETURN_MAX | RETURN_PARTIAL;
	bool all = (a->returns & (RETURN_ALL | RETURN_COUNT)) != 0 ||
	    (a->returns & some) == 0;
	size_t from = 0, end = found->n;
	struct uids kept;

	uids_init(&kept);
	if (!all) {
		end = 0;
		if ((a->returns & RETURN_PARTIAL) != 0)
			found_partial(&a->partial, found->n, &from, &end);
		if ((a->returns & RETURN_MIN) != 0 && found->n > 0)
			uids_add(&kept, view_uid(&s->view, found->v[0]));
		if ((a->returns & RETURN_MAX) != 0 && found->n > 0)
			uids_add(&kept, view_uid(&s->view,
			    found->v[found->n - 1]));
	}
	for (size_t i = from; i < end; i++)
		uids_add(&kept, view_uid(&s->view, found->v[i]));
	uids_sort(&kept);
	saved_set(&s->saved, &kept);
	uids_fini(&kept);
}

void
found_tell(struct session *s, const struct search_args *a, const char *word,
    struct uids *found)
{
	uint64_t modseq = highest(s, a, found);
	struct buf line;

	if ((a->returns & RETURN_SAVE) != 0)
		save(s, a, found);
	if (s->command->uid)
		for (size_t i = 0; i < found->n; i++)
			found->v[i] = view_uid(&s->view, found->v[i]);
	session_pace(s);	/* the time until here was not the client's */
	buf_init(&line, IMAP_PIECE);
	if (a->extended)
		tell_extended(s, a, found, modseq, &line);
	else
		tell_plain(s, word, found, modseq, &line);
	flush(s, &line, 0);
	buf_fini(&line);
}

void
found_fail(struct session *s, const struct search_args *a)
{
	if ((a->returns & RETURN_SAVE) != 0)
		saved_fini(&s->saved);
}
