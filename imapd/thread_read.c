/*
 * thread_read - see thread_read.h.
 * What threads are made of is read from the fields that the store keeps, one
 * message after the other; nothing of them stays but what thread.c needs.
 */
#include "imapd/thread_read.h"

#include "base/buf.h"
#include "imapd/command.h"
#include "imapd/msgid.h"
#include "imapd/sort.h"
#include "imapd/thread.h"
#include "mail/header.h"
#include "os/rand.h"
#include "store/folder_cache.h"

struct reader {
	struct search *search;
	struct thread *thread;
	enum thread_kind kind;
	struct buf id, text, subject;
};

/* RFC 5256 3: References, else the first of In-Reply-To. */
static void
refer(struct reader *r, struct span header)
{
	struct header_field f;
	struct span rest = SPAN_NONE;
	bool any = false, full = thread_is_full(r->thread);

	if (header_find(header, "References", &f))
		rest = f.value;
	while (msgid_next(&rest, &r->id)) {
		any = true;
		buf_clear(&r->text);
		buf_add_span(&r->text, buf_span(&r->id));
		if (!full)
			thread_refer(r->thread, buf_span(&r->id));
	}
	if (any && full)
		thread_refer(r->thread, buf_span(&r->text));
	if (any || !header_find(header, "In-Reply-To", &f))
		return;
	rest = f.value;
	if (msgid_next(&rest, &r->id))
		thread_refer(r->thread, buf_span(&r->id));
}

static void
read_message(struct reader *r, uint32_t seq)
{
	struct thread_message m = { .seq = seq };
	uint32_t uid = view_uid(&r->search->s->view, seq);
	struct header_field f;
	struct span header, value;

	if (!search_fields(r->search, uid, &header))
		header = SPAN_NONE;
	m.date_s = sort_sent_date(r->search, uid, header);
	m.reply = sort_subject(r->search, header, &r->text, &r->subject);
	m.subject = buf_span(&r->subject);
	if (r->kind != THREAD_ORDEREDSUBJECT &&
	    header_find(header, "Message-ID", &f)) {
		value = f.value;
		if (msgid_next(&value, &r->id))
			m.id = buf_span(&r->id);
	}
	thread_add(r->thread, &m);
	if (r->kind != THREAD_ORDEREDSUBJECT)
		refer(r, header);
}

static uint32_t
number(uint32_t seq, void *ctx)
{
	const struct session *s = ctx;

	return s->command->uid ? view_uid(&s->view, seq) : seq;
}

static void
put(struct span piece, void *ctx)
{
	struct session *s = ctx;

	stream_write(&s->net, piece.p, piece.n);
}

void
thread_messages(struct search *search, enum thread_kind kind,
    const struct uids *found)
{
	struct reader r = { .search = search, .kind = kind };
	struct thread_sink sink = { number, put, search->s };
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	r.thread = thread_new(kind, seed);
	buf_init(&r.id, MSGID_MAX);
	buf_init(&r.text, CACHE_OCTETS_MAX);
	buf_init(&r.subject, CACHE_OCTETS_MAX);
	for (size_t i = 0; i < found->n; i++) {
		progress_tick(search->s, view_count(&search->s->view) + i);
		read_message(&r, found->v[i]);
	}
	thread_finish(r.thread);
	session_pace(search->s);
	stream_puts(&search->s->net, found->n > 0 ? "* THREAD " : "* THREAD");
	thread_put(r.thread, &sink);
	stream_puts(&search->s->net, "\r\n");
	buf_fini(&r.id);
	buf_fini(&r.text);
	buf_fini(&r.subject);
	thread_free(&r.thread);
}
