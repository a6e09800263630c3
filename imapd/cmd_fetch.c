/*
 * cmd_fetch - FETCH (RFC 3501 6.4.5).
 * For each message, everything that can fail is done first: file opened,
 * header or structure read, and all short items put into one buffer.  Then
 * the line is sent, with the sections that were asked for behind the short
 * items; these go from the file or its buffer into the connection in pieces.
 * A message that cannot be read is left out, and the tagged answer says so.
 *
 * \Seen is set before the answers, for a few messages at a time, so that the
 * FLAGS that are told are those that hold.
 */
#include "base/date.h"
#include "base/num.h"
#include "imapd/bodystruct.h"
#include "imapd/cached.h"
#include "imapd/command.h"
#include "imapd/envelope.h"
#include "imapd/extract.h"
#include "imapd/fetch_parts.h"
#include "imapd/fetch_which.h"
#include "imapd/limits.h"
#include "imapd/modseq.h"
#include "imapd/objectid.h"
#include "imapd/reply.h"
#include "imapd/section.h"
#include "imapd/select.h"

#define SEEN_CHUNK	64	/* messages that become \Seen together */
#define PACE_CHUNK	64	/* messages told from memory: no time at all */

struct fetch {
	struct session *s;
	const union args *a;
	bool	    flags, uid, modseq;	/* asked for */
	unsigned    need;		/* enum message_need */
	enum { READ_NOTHING, READ_HEADER, READ_TREE } read;
	bool	    octets;		/* the message itself */
	bool	    uncached;		/* something that is never kept */
	bool	    hit;		/* all is kept of this message */
	struct cached cached;
	bool	    seen;		/* reading it sets \Seen */
	struct uids changed;		/* \Seen was set just now */
	struct buf  line;
	uint32_t    seq;		/* of the last one told */
	uint32_t    quick;		/* told from memory */
	bool	    gone;		/* a file was no longer there */
	bool	    failed;
	struct why  why;
};

/* It comes behind the short items, from where it is. */
static bool
is_sent(const struct fetch_item *item)
{
	return item->kind == FETCH_SECTION || item->kind == FETCH_BINARY;
}

static bool
is_whole(const struct fetch_item *item)
{
	return item->section.part_n == 0 && item->section.text == SECTION_ALL;
}

/* Whether the store may have the answer from an earlier time. */
static void
want_cached(struct fetch *f, const struct fetch_item *item)
{
	if (item->kind == FETCH_ENVELOPE)
		f->cached.kinds |= 1U << CACHE_ENVELOPE;
	else if (item->kind == FETCH_STRUCTURE)
		f->cached.kinds |= 1U << CACHE_STRUCTURE;
	else if (item->kind == FETCH_SECTION && cached_section(&item->section))
		f->cached.kinds |= 1U << CACHE_FIELDS;
	else if (item->kind == FETCH_SECTION || item->kind == FETCH_BODY ||
	    fetch_parts_reads(item))
		f->uncached = true;
}

static void
want(struct fetch *f, const struct fetch_item *item)
{
	bool header = item->kind == FETCH_ENVELOPE;
	bool tree = item->kind == FETCH_BODY ||
	    item->kind == FETCH_STRUCTURE || (fetch_parts_reads(item) && !item->lazy);

	want_cached(f, item);
	f->flags = f->flags || item->kind == FETCH_FLAGS;
	f->uid = f->uid || item->kind == FETCH_UID;
	f->modseq = f->modseq || item->kind == FETCH_MODSEQ;
	if (item->kind == FETCH_DATE)
		f->need |= NEED_DATE;
	if (item->kind == FETCH_SAVEDATE)
		f->need |= NEED_DATE;
	if (item->kind == FETCH_EMAILID)
		f->need |= NEED_SIZE;	/* all that is known of it */
	if (item->kind == FETCH_SIZE)
		f->need |= NEED_WIRE;
	if (item->kind == FETCH_SECTION && is_whole(item))
		f->octets = true;
	else if (item->kind == FETCH_SECTION) {
		header = item->section.part_n == 0 &&
		    item->section.text != SECTION_TEXT;
		tree = !header;
	}
	if (tree)
		f->read = READ_TREE;
	else if (header && f->read == READ_NOTHING)
		f->read = READ_HEADER;
	if (item->kind == FETCH_PREVIEW && f->read == READ_NOTHING)
		f->read = READ_HEADER;	/* the file is opened */
	if (!item->peek && !folder_read_only(f->s->folder))
		f->seen = true;
}

/* The file need not be opened. */
static bool
is_closed(const struct fetch *f)
{
	return f->hit || (f->read == READ_NOTHING && !f->octets);
}

/* false: the message is gone, or cannot be read now (failed). */
static bool
turn_to(struct fetch *f, uint32_t uid)
{
	bool closed = is_closed(f);

	if (closed && f->need == 0)
		return true;
	if (folder_need(f->s->folder, uid, f->need, &f->why) != NULL &&
	    (closed || content_open(&f->s->content, f->s->folder, uid,
	    &f->why) == 0))
		return true;
	if (f->why.kind == WHY_PERM)
		f->gone = true;
	else
		f->failed = true;
	return false;
}

/* Read what the items need; -1: this message cannot be told. */
static int
prepare(struct fetch *f)
{
	struct content *c = &f->s->content;
	const struct mime_tree *tree;
	struct span header;
	uint64_t octets;

	if (f->hit)
		return 0;
	if (f->read == READ_HEADER &&
	    content_header(c, &header, &f->why) != 0)
		return -1;
	if (f->read == READ_TREE && content_tree(c, &tree, &f->why) != 0)
		return -1;
	if (fetch_parts_check(c, f->a->fetch.v, f->a->fetch.n, &f->why) != 0)
		return -1;
	return f->octets ? content_octets(c, &octets, &f->why) : 0;
}

static void
put_date(struct buf *out, int64_t date_s)
{
	buf_add_char(out, '"');
	date_imap(out, date_s, 0);
	buf_add_char(out, '"');
}

/* What prepare() has read; it cannot fail again. */
static void
put_content(struct fetch *f, enum fetch_kind kind)
{
	const struct mime_tree *tree;
	struct span text;

	if (kind == FETCH_ENVELOPE) {
		if (content_header(&f->s->content, &text, &f->why) == 0)
			envelope_put(&f->line, text);
	} else if (content_tree(&f->s->content, &tree, &f->why) == 0)
		bodystruct_put(&f->line, tree, buf_span(&f->s->content.raw),
		    kind == FETCH_STRUCTURE, f->s->content.global);
}

/* IMAP4rev2 has another form for message/global: only the old one is kept. */
static bool
may_keep(struct fetch *f, enum fetch_kind kind)
{
	const struct content *c = &f->s->content;

	return kind != FETCH_BODY && !f->line.full &&
	    !(kind == FETCH_STRUCTURE && c->global && c->tree.global);
}

static void
put_read(struct fetch *f, enum fetch_kind kind, uint32_t uid)
{
	enum cache_kind cache = kind == FETCH_ENVELOPE ? CACHE_ENVELOPE :
	    CACHE_STRUCTURE;
	size_t begin = f->line.n;

	if (f->hit) {
		buf_add_span(&f->line, buf_span(&f->cached.text[cache]));
		return;
	}
	put_content(f, kind);
	if (may_keep(f, kind))
		folder_cache_add(f->s->folder, uid, cache,
		    span_from(buf_span(&f->line), begin));
}

static void
put_item(struct fetch *f, const struct fetch_item *item,
    const struct message *m)
{
	if (item->kind == FETCH_MODSEQ) {
		modseq_put(&f->line, f->s, m->uid);
		return;
	}
	buf_add_span(&f->line, item->label);
	buf_add_char(&f->line, ' ');
	switch (item->kind) {
	case FETCH_FLAGS:
		reply_put_flags(&f->line, f->s, m);
		break;
	case FETCH_UID:
		buf_add_u64(&f->line, m->uid);
		break;
	case FETCH_DATE:
		put_date(&f->line, m->date_s);
		break;
	case FETCH_SIZE:
		buf_add_u64(&f->line, m->wire_octets);
		break;
	case FETCH_ENVELOPE:
	case FETCH_BODY:
	case FETCH_STRUCTURE:
		put_read(f, item->kind, m->uid);
		break;
	case FETCH_EMAILID:
		buf_add_char(&f->line, '(');
		objectid_put(&f->line, m);
		buf_add_char(&f->line, ')');
		break;
	case FETCH_THREADID:
		buf_add_str(&f->line, "NIL");
		break;
	case FETCH_SAVEDATE:
		put_date(&f->line, message_saved_s(m));
		break;
	case FETCH_PREVIEW:
		fetch_parts_preview(&f->line, &f->s->content, item->lazy);
		break;
	case FETCH_BINARY_SIZE:
		fetch_parts_size(&f->line, &f->s->content, &item->section);
		break;
	case FETCH_BINARY:
	case FETCH_SECTION:
	case FETCH_MODSEQ:
		break;
	}
}

static void
put_more(struct fetch *f, size_t begin, const struct fetch_item *item,
    const struct message *m)
{
	if (f->line.n > begin)
		buf_add_char(&f->line, ' ');
	put_item(f, item, m);
}

/* All items but sections. */
static void
put_short(struct fetch *f, const struct message *m)
{
	static const struct fetch_item uid = { .kind = FETCH_UID,
		.label = SPAN_LIT("UID") };
	static const struct fetch_item flags = { .kind = FETCH_FLAGS,
		.label = SPAN_LIT("FLAGS") };
	static const struct fetch_item modseq = { .kind = FETCH_MODSEQ };
	bool changed = uids_has(&f->changed, m->uid);
	/* RFC 7162 3.2.4: \Seen was set: UID and MODSEQ are told, too. */
	bool more = changed && modseq_told(f->s);
	size_t begin;

	buf_clear(&f->line);
	f->seq = view_seq_behind(&f->s->view, m->uid, f->seq);
	buf_add_str(&f->line, "* ");
	buf_add_u64(&f->line, f->seq);
	buf_add_str(&f->line, " FETCH (");
	begin = f->line.n;
	if ((f->s->command->uid || more) && !f->uid)
		put_item(f, &uid, m);
	for (size_t i = 0; i < f->a->fetch.n; i++)
		if (!is_sent(&f->a->fetch.v[i]))
			put_more(f, begin, &f->a->fetch.v[i], m);
	if (!f->flags && changed)
		put_more(f, begin, &flags, m);
	if (!f->modseq && more)
		put_more(f, begin, &modseq, m);
}

/*
 * Which octets of total are wanted; sends the label and "{n}" too.
 * mark  " ", or " ~" of a literal8
 */
static uint64_t
send_label(struct fetch *f, const struct fetch_item *item, const char *mark,
    uint64_t total, uint64_t *from)
{
	uint64_t n = total;
	struct buf head;

	*from = 0;
	if (item->partial) {
		*from = item->from < total ? item->from : total;
		n = total - *from;
		if (n > item->octets)
			n = item->octets;
	}
	buf_init(&head, KIB + item->label.n);
	buf_add_span(&head, item->label);
	buf_add_str(&head, mark);
	buf_add_char(&head, '{');
	buf_add_u64(&head, n);
	buf_add_str(&head, "}\r\n");
	stream_write(&f->s->net, head.p, head.n);
	buf_fini(&head);
	return n;
}

static void
send_text(struct fetch *f, const struct fetch_item *item, struct span text)
{
	struct extract x;
	uint64_t from, n;

	n = send_label(f, item, " ", extract_octets(text), &from);
	extract_init(&x, &f->s->net, from, n);
	(void)extract_piece(&x, text);	/* stops where it has enough */
}

static void
send_whole(struct fetch *f, const struct fetch_item *item)
{
	uint64_t octets, from, n;
	struct content *c = &f->s->content;

	if (content_octets(c, &octets, &f->why) != 0)
		return;
	n = send_label(f, item, " ", octets, &from);
	/* A literal that comes out short cannot be taken back. */
	if (content_send(c, &f->s->net, from, n, &f->why) != 0)
		session_enter(f->s, STATE_LOGOUT);
}

static void
send_nil(struct fetch *f, const struct fetch_item *item)
{
	stream_write(&f->s->net, item->label.p, item->label.n);
	stream_puts(&f->s->net, " NIL");
}

static void
send_section(struct fetch *f, const struct fetch_item *item)
{
	const struct section *sec = &item->section;
	struct content *c = &f->s->content;
	const struct mime_tree *tree;
	struct span text;
	struct buf chosen;
	bool eoh, some;

	if (f->hit)
		text = buf_span(&f->cached.text[CACHE_FIELDS]);
	else if (sec->part_n == 0 && sec->text != SECTION_TEXT) {
		if (content_header(c, &text, &f->why) != 0)
			return;
		if (cached_section(sec))
			cached_keep_fields(f->s->folder, c->uid, text);
	} else if (content_tree(c, &tree, &f->why) != 0)
		return;
	else if (!section_find(tree, buf_span(&c->raw), sec, &text)) {
		send_nil(f, item);
		return;
	}
	eoh = (f->s->how->workarounds & WORKAROUND_EOH) != 0 &&
	    sec->text != SECTION_TEXT && sec->text != SECTION_ALL;
	some = sec->text == SECTION_FIELDS || sec->text == SECTION_FIELDS_NOT;
	if (!some && !eoh) {
		send_text(f, item, text);
		return;
	}
	buf_init(&chosen, text.n + 4);
	if (some)
		section_choose(sec, text, &chosen);
	else
		buf_add_span(&chosen, text);
	if (eoh)
		section_end(&chosen);
	send_text(f, item, buf_span(&chosen));
	buf_fini(&chosen);
}

static void
send_binary(struct fetch *f, const struct fetch_item *item)
{
	uint64_t from, n;
	struct buf text;
	bool nul;

	if (!fetch_parts_binary(&f->s->content, &item->section, &text, &nul))
		send_nil(f, item);
	else {
		n = send_label(f, item, nul ? " ~" : " ", text.n, &from);
		if (n > 0)
			stream_write(&f->s->net, text.p + from, (size_t)n);
	}
	buf_fini(&text);
}

static void
send_sections(struct fetch *f)
{
	bool first = f->line.p[f->line.n - 1] == '(';
	const struct fetch_item *item;

	for (size_t i = 0; i < f->a->fetch.n; i++) {
		item = &f->a->fetch.v[i];
		if (!is_sent(item) ||
		    f->s->state == STATE_LOGOUT)
			continue;
		if (!first)
			stream_puts(&f->s->net, " ");
		first = false;
		if (item->kind == FETCH_BINARY)
			send_binary(f, item);
		else if (is_whole(item))
			send_whole(f, item);
		else
			send_section(f, item);
	}
}

static void
fetch_one(struct fetch *f, uint32_t uid)
{
	const struct message *m;

	f->hit = f->cached.kinds != 0 && !f->uncached &&
	    cached_find(&f->cached, f->s->folder, uid);
	if (!turn_to(f, uid))
		return;
	if (prepare(f) != 0) {
		f->failed = true;
		return;
	}
	m = f->need == 0 ? folder_find(f->s->folder, uid) :
	    folder_need(f->s->folder, uid, f->need, &f->why);
	if (m == NULL) {
		f->gone = true;
		return;
	}
	/* The time that reading took is not the client's. */
	if (!is_closed(f) || f->need != 0 || f->quick++ % PACE_CHUNK == 0)
		session_pace(f->s);
	put_short(f, m);
	if (f->line.full) {
		why_set(&f->why, WHY_PERM, "5.3.4", "Message is too complex");
		f->failed = true;
		return;
	}
	stream_write(&f->s->net, f->line.p, f->line.n);
	send_sections(f);
	stream_puts(&f->s->net, ")\r\n");
}

static void
set_seen(struct fetch *f, const uint32_t *uids, size_t n)
{
	struct folder_change change = { .kind = CHANGE_FLAGS_ADD,
		.uids = uids, .uids_n = n, .flags = MESSAGE_SEEN,
		.numbered = modseq_told(f->s) };
	struct folder_result result;

	folder_result_init(&result);
	if (folder_commit(f->s->folder, &change, 1, &result, &f->why) != 0)
		f->failed = true;
	uids_clear(&f->changed);
	for (size_t i = 0; i < result.done.n; i++)
		uids_add(&f->changed, result.done.v[i]);
	uids_sort(&f->changed);
	folder_result_fini(&result);
}

static void
fetch_all(struct fetch *f, const struct uids *uids)
{
	struct session *s = f->s;

	progress_goal(s, uids->n);
	for (size_t i = 0; i < uids->n; i++) {
		progress_tick(s, i);
		if (s->state == STATE_LOGOUT ||
		    s->net.out_end_why != STREAM_OK)
			return;
		if (f->seen && i % SEEN_CHUNK == 0)
			set_seen(f, uids->v + i,
			    num_min(SEEN_CHUNK, uids->n - i));
		fetch_one(f, uids->v[i]);
	}
}

static void
answer(struct fetch *f, bool missing)
{
	if (missing || (f->gone && !f->s->command->uid))
		reply_no(f->s, "EXPUNGEISSUED", "Some messages are gone");
	else if (f->failed)
		reply_why(f->s, &f->why);
	else
		reply_ok(f->s, NULL, "Fetch completed");
}

void
cmd_fetch(struct session *s, const union args *a)
{
	struct fetch f = { .s = s, .a = a };
	struct uids uids;
	bool missing;

	cached_init(&f.cached);
	f.cached.global = s->content.global;
	for (size_t i = 0; i < a->fetch.n; i++)
		want(&f, &a->fetch.v[i]);
	uids_init(&uids);
	uids_init(&f.changed);
	buf_init(&f.line, IMAP_ANSWER_MAX);
	if (fetch_which_allowed(s, a) && (!f.modseq || modseq_begin(s)) &&
	    select_messages(s, &a->fetch.set, &uids, &missing)) {
		fetch_which(s, a, &uids);
		fetch_all(&f, &uids);
		folder_cache_write(s->folder);
		answer(&f, missing);
	}
	cached_fini(&f.cached);
	buf_fini(&f.line);
	uids_fini(&f.changed);
	uids_fini(&uids);
}
