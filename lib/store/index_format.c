/*
 * index_format - see index_format.h.
 * All numbers go through put() and get(), octet by octet.  A row and its text
 * have one sum, so that one message can be read and judged without the others;
 * the columns that a session reads whole have one together.  Sums find torn
 * and stale octets; who may write the file is the owner, and what he writes
 * can at worst lie about his own messages: every length is checked.
 */
#include "store/index_format.h"

#include <string.h>

#include "base/hash.h"

#define HEAD_MARK	UINT64_C(0x3378646e49716150)	/* "PaqIndx3" */
#define LOG_MARK	UINT64_C(0x33676f4c49716150)	/* "PaqILog3" */
#define ORDER_MARK	UINT32_C(0x01020304)
#define ROW_SUMMED	(INDEX_ROW - 8)
#define LOG_FRONT	24	/* octets of a transaction before its operations */

enum operation { OP_MESSAGE = 1, OP_GONE = 2, OP_STATE = 3 };

static void
put(uint8_t **p, uint64_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		*(*p)++ = (uint8_t)(v >> (8 * i));
}

static uint64_t
get(const uint8_t **p, int octets)
{
	uint64_t v = 0;

	for (int i = 0; i < octets; i++)
		v |= (uint64_t)*(*p)++ << (8 * i);
	return v;
}

static uint64_t
sum_of(uint64_t generation, const void *a, size_t a_n, struct span b)
{
	struct sum64 s;

	sum64_init(&s);
	sum64_add(&s, &generation, sizeof(generation));
	sum64_add(&s, a, a_n);
	sum64_add(&s, b.p, b.n);
	return sum64_end(&s);
}

uint64_t
index_rows_at(uint64_t messages)
{
	return INDEX_HEAD + messages * (INDEX_MESSAGE - INDEX_ROW);
}

uint64_t
index_texts_at(uint64_t messages)
{
	return INDEX_HEAD + messages * INDEX_MESSAGE;
}

uint64_t
index_gone_at(const struct index_head *h)
{
	return index_texts_at(h->messages) + h->text_octets;
}

static void
put_stamp(uint8_t **p, const struct stamp *s)
{
	put(p, s->inode, 8);
	put(p, s->size_octets, 8);
	put(p, (uint64_t)s->mtime_ns, 8);
	put(p, (uint64_t)s->ctime_ns, 8);
	put(p, s->old, 1);
	put(p, (uint64_t)s->ours_s, 8);
}

static void
get_stamp(const uint8_t **p, struct stamp *s)
{
	s->inode = get(p, 8);
	s->size_octets = get(p, 8);
	s->mtime_ns = (int64_t)get(p, 8);
	s->ctime_ns = (int64_t)get(p, 8);
	s->old = get(p, 1) != 0;
	s->ours_s = (int64_t)get(p, 8);
}

static void
put_text(uint8_t **p, const char *text, size_t size)
{
	memcpy(*p, text, size);
	*p += size;
}

static void
get_text(const uint8_t **p, char *text, size_t size)
{
	memcpy(text, *p, size);
	text[size - 1] = '\0';
	*p += size;
}

/* Always as many octets. */
static void
put_state(uint8_t **p, const struct index_state *s)
{
	put(p, s->modseq, 8);
	put(p, s->floor, 8);
	put(p, (uint64_t)s->boot_s, 8);
	put_stamp(p, &s->new_at);
	put_stamp(p, &s->cur_at);
	put(p, s->list_inode, 8);
	put(p, s->list_octets, 8);
	put(p, s->list_settled, 8);
	put(p, (uint64_t)s->list_mtime_ns, 8);
	put(p, s->list_last, 4);
	put(p, s->list.uidvalidity, 4);
	put(p, s->list.nextuid, 4);
	put_text(p, s->list.guid, sizeof(s->list.guid));
	put_text(p, s->list.others, sizeof(s->list.others));
	put(p, s->forgot, 8);
	put_stamp(p, &s->foreign);
}

#define STATE_OCTETS	(4 * 8 + 3 * 41 + 4 * 8 + 3 * 4 + 33 + 512)
_Static_assert(STATE_OCTETS + 72 <= INDEX_HEAD, "the head holds a state");

static bool
get_state(const uint8_t **p, struct index_state *s)
{
	s->modseq = get(p, 8);
	s->floor = get(p, 8);
	s->boot_s = (int64_t)get(p, 8);
	get_stamp(p, &s->new_at);
	get_stamp(p, &s->cur_at);
	s->list_inode = get(p, 8);
	s->list_octets = get(p, 8);
	s->list_settled = get(p, 8);
	s->list_mtime_ns = (int64_t)get(p, 8);
	s->list_last = (uint32_t)get(p, 4);
	s->list.uidvalidity = (uint32_t)get(p, 4);
	s->list.nextuid = (uint32_t)get(p, 4);
	get_text(p, s->list.guid, sizeof(s->list.guid));
	get_text(p, s->list.others, sizeof(s->list.others));
	s->forgot = get(p, 8);
	get_stamp(p, &s->foreign);
	return s->list.uidvalidity != 0 && s->list.nextuid != 0 &&
	    s->list_last < s->list.nextuid && s->modseq < INT64_MAX &&
	    s->floor <= s->modseq && s->forgot <= s->modseq &&
	    s->list_octets <= UIDLIST_FILE_MAX;
}

void
index_put_head(uint8_t out[INDEX_HEAD], const struct index_head *h)
{
	const uint32_t order = ORDER_MARK;
	uint8_t *p = out;

	memset(out, 0, INDEX_HEAD);
	put(&p, HEAD_MARK, 8);
	p += 8;				/* the sum, below */
	memcpy(p, &order, sizeof(order));
	p += sizeof(order);
	put(&p, h->generation, 8);
	put(&p, h->messages, 8);
	put(&p, h->text_octets, 8);
	put(&p, h->sum, 8);
	put(&p, h->gone, 8);
	put(&p, h->gone_sum, 8);
	put_state(&p, &h->state);
	p = out + 8;
	put(&p, sum_of(h->generation, out + 16, INDEX_HEAD - 16, SPAN_NONE),
	    8);
}

bool
index_get_head(const uint8_t in[INDEX_HEAD], uint64_t file_octets,
    struct index_head *out)
{
	const uint8_t *p = in;
	uint64_t sum;
	uint32_t order;

	if (get(&p, 8) != HEAD_MARK)
		return false;
	sum = get(&p, 8);
	memcpy(&order, p, sizeof(order));
	p += sizeof(order);
	out->generation = get(&p, 8);
	out->messages = get(&p, 8);
	out->text_octets = get(&p, 8);
	out->sum = get(&p, 8);
	out->gone = get(&p, 8);
	out->gone_sum = get(&p, 8);
	return order == ORDER_MARK && out->generation != 0 &&
	    sum == sum_of(out->generation, in + 16, INDEX_HEAD - 16,
	    SPAN_NONE) && out->messages <= FOLDER_MESSAGES_MAX &&
	    out->text_octets <= out->messages * INDEX_TEXT_MAX &&
	    out->gone <= HISTORY_MAX && file_octets == index_gone_at(out) +
	    out->gone * HISTORY_OCTETS && get_state(&p, &out->state);
}

static size_t
length_of(const char *s)
{
	return s == NULL ? 0 : strlen(s);
}

/* name and ext, one behind the other, into out. */
static struct span
text_of(const struct message *m, char out[INDEX_TEXT_MAX])
{
	size_t name_n = length_of(m->name), ext_n = length_of(m->ext);

	if (name_n > MAILDIR_NAME_MAX)
		name_n = 0;		/* refused when it is read */
	if (ext_n > UIDLIST_LINE_MAX)
		ext_n = 0;
	if (name_n > 0)
		memcpy(out, m->name, name_n);
	if (ext_n > 0)
		memcpy(out + name_n, m->ext, ext_n);
	return span_of(out, name_n + ext_n);
}

void
index_put_row(uint8_t out[INDEX_ROW], const struct message *m,
    uint64_t text_at, uint64_t generation)
{
	char both[INDEX_TEXT_MAX];
	struct span text = text_of(m, both);
	size_t ext_n = length_of(m->ext);
	uint8_t *p = out;

	if (ext_n > text.n)
		ext_n = 0;
	put(&p, m->uid, 4);
	put(&p, m->known, 1);
	put(&p, text.n - ext_n, 1);
	put(&p, ext_n, 2);
	put(&p, m->modseq, 8);
	put(&p, m->size_octets, 8);
	put(&p, m->wire_octets, 8);
	put(&p, (uint64_t)m->date_s, 8);
	put(&p, m->cache_at, 8);
	put(&p, text_at, 8);
	put(&p, sum_of(generation, out, ROW_SUMMED, text), 8);
}

size_t
index_put_text(struct buf *out, const struct message *m)
{
	char both[INDEX_TEXT_MAX];
	struct span text = text_of(m, both);

	(void)buf_add_span(out, text);	/* the caller's cap leaves room */
	return text.n;
}

void
index_row_text(const uint8_t row[INDEX_ROW], struct index_text *out)
{
	const uint8_t *p = row + 5;

	out->name_n = get(&p, 1);
	out->ext_n = get(&p, 2);
	if (out->ext_n > UIDLIST_LINE_MAX)
		out->ext_n = 0;
	p = row + INDEX_ROW - 16;
	out->at = get(&p, 8);
}

uint64_t
index_row_place(const uint8_t row[INDEX_ROW])
{
	const uint8_t *p = row + INDEX_ROW - 24;

	return get(&p, 8);
}

static bool
is_name(struct span s)
{
	struct maildir_name parts;

	return maildir_name_parse(s, &parts);
}

bool
index_get_row(const uint8_t row[INDEX_ROW], struct span text,
    uint64_t generation, struct message *out)
{
	const uint8_t *p = row;
	size_t name_n, ext_n;

	*out = (struct message){ .uid = (uint32_t)get(&p, 4) };
	out->known = (uint8_t)get(&p, 1);
	name_n = get(&p, 1);
	ext_n = get(&p, 2);
	out->modseq = get(&p, 8);
	out->size_octets = get(&p, 8);
	out->wire_octets = get(&p, 8);
	out->date_s = (int64_t)get(&p, 8);
	out->cache_at = get(&p, 8);
	p += 8;
	return text.n == name_n + ext_n && out->uid != 0 &&
	    get(&p, 8) == sum_of(generation, row, ROW_SUMMED, text) &&
	    is_name(span_head(text, name_n)) &&
	    !span_has(span_from(text, name_n), '\0') &&
	    !span_has(span_from(text, name_n), '\n');
}

void
index_put_log_head(uint8_t out[INDEX_LOG_HEAD], uint64_t generation)
{
	uint8_t *p = out;

	put(&p, LOG_MARK, 8);
	put(&p, generation, 8);
}

uint64_t
index_get_log_head(const uint8_t in[INDEX_LOG_HEAD])
{
	const uint8_t *p = in;

	return get(&p, 8) == LOG_MARK ? get(&p, 8) : 0;
}

void
index_log_begin(struct buf *out)
{
	static const uint8_t front[LOG_FRONT];

	(void)buf_add(out, front, sizeof(front));	/* `full` tells */
}

void
index_log_put_message(struct buf *out, const struct message *m)
{
	uint8_t op[6 + INDEX_ROW], *p = op;
	char both[INDEX_TEXT_MAX];

	put(&p, OP_MESSAGE, 1);
	put(&p, (m->flags & MESSAGE_FLAGS_STORED) |
	    (m->in_new ? INDEX_IN_NEW : 0), 1);
	put(&p, m->keywords, 4);
	index_put_row(p, m, 0, 0);
	(void)buf_add(out, op, sizeof(op));
	(void)buf_add_span(out, text_of(m, both));
}

void
index_log_put_gone(struct buf *out, uint32_t uid)
{
	uint8_t op[5], *p = op;

	put(&p, OP_GONE, 1);
	put(&p, uid, 4);
	(void)buf_add(out, op, sizeof(op));
}

void
index_log_put_state(struct buf *out, const struct index_state *s)
{
	uint8_t op[1 + STATE_OCTETS], *p = op;

	put(&p, OP_STATE, 1);
	put_state(&p, s);
	(void)buf_add(out, op, sizeof(op));
}

void
index_log_end(struct buf *out, size_t begin_at, uint64_t generation,
    uint64_t modseq)
{
	uint8_t *front = (uint8_t *)out->p + begin_at, *p = front;
	size_t n = out->n - begin_at;

	if (out->full || n > UINT32_MAX) {
		buf_cut(out, begin_at);
		return;
	}
	p = front + 16;
	put(&p, modseq, 8);
	p = front;
	put(&p, n, 4);
	put(&p, 0, 4);
	put(&p, sum_of(generation, front + 16, n - 16, span_of(front, 8)), 8);
}

/* One message of a transaction; *text is moved behind it. */
static bool
each_message(struct span *text, const struct index_log_reader *r)
{
	const uint8_t *p = (const uint8_t *)text->p;
	char name[MAILDIR_NAME_SIZE], ext[UIDLIST_LINE_MAX + 1];
	struct index_text at;
	struct message m;
	struct span both;
	uint32_t letters;
	uint8_t marks;

	if (text->n < 5 + INDEX_ROW)
		return false;
	marks = (uint8_t)get(&p, 1);
	letters = (uint32_t)get(&p, 4);
	index_row_text(p, &at);
	both = span_from(*text, 5 + INDEX_ROW);
	if (both.n < at.name_n + at.ext_n)
		return false;
	both.n = at.name_n + at.ext_n;
	if (!index_get_row(p, both, 0, &m) ||
	    span_copy(span_head(both, at.name_n), name, sizeof(name)) != 0 ||
	    span_copy(span_from(both, at.name_n), ext, sizeof(ext)) != 0)
		return false;
	m.flags = marks & MESSAGE_FLAGS_STORED;
	m.in_new = (marks & INDEX_IN_NEW) != 0;
	m.keywords = letters;
	m.name = name;
	m.ext = at.ext_n > 0 ? ext : NULL;
	*text = span_from(*text, 5 + INDEX_ROW + both.n);
	return r->message(r->ctx, &m);
}

static bool
each_operation(struct span *text, uint64_t modseq,
    const struct index_log_reader *r)
{
	const uint8_t *p = (const uint8_t *)text->p;
	struct index_state state;
	uint8_t op = *p++;

	*text = span_from(*text, 1);
	switch (op) {
	case OP_MESSAGE:
		return each_message(text, r);
	case OP_GONE:
		if (text->n < 4)
			return false;
		*text = span_from(*text, 4);
		return r->gone(r->ctx, (uint32_t)get(&p, 4), modseq);
	case OP_STATE:
		if (text->n < STATE_OCTETS || !get_state(&p, &state))
			return false;
		*text = span_from(*text, STATE_OCTETS);
		return r->state(r->ctx, &state);
	default:
		return false;
	}
}

bool
index_log_each(struct span text, uint64_t generation,
    const struct index_log_reader *r, size_t *good)
{
	const uint8_t *p;
	struct span ops;
	uint64_t modseq;
	size_t n;

	for (*good = 0; text.n >= LOG_FRONT; text = span_from(text, n)) {
		p = (const uint8_t *)text.p;
		n = get(&p, 4);
		if (n < LOG_FRONT || n > text.n || get(&p, 4) != 0 ||
		    get(&p, 8) != sum_of(generation, text.p + 16, n - 16,
		    span_head(text, 8)))
			return true;
		modseq = get(&p, 8);
		ops = span_from(span_head(text, n), LOG_FRONT);
		while (ops.n > 0)
			if (!each_operation(&ops, modseq, r))
				return false;
		*good += n;
	}
	return true;
}
