/*
 * index_write - a new snapshot: to a file beside, by rename into its place, and
 * then the log begins anew for its generation.  A stop in between leaves a
 * log of another generation, which counts for nothing: the snapshot has it all.
 *
 * Columns, rows and texts are written in one pass over the messages, each to
 * its place, in pieces: a million messages take no more memory than one.  What
 * the old ones said of expunged messages is taken over behind them.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "os/memory.h"
#include "store/folder_priv.h"

#define PIECE	(32 * KIB)
#define GIVE_BACK	10000	/* extras: then there is something to give */

/* Octets on their way to one place of the file. */
struct outlet {
	int	 fd;
	uint64_t at;
	struct buf held;
	bool	 failed;
};

static void
outlet_init(struct outlet *o, int fd, uint64_t at)
{
	*o = (struct outlet){ .fd = fd, .at = at };
	buf_init(&o->held, 2 * PIECE);
}

static void
outlet_flush(struct outlet *o)
{
	if (o->held.n > 0 && fd_pwrite_all(o->fd, o->held.p, o->held.n,
	    o->at) != 0)
		o->failed = true;
	o->at += o->held.n;
	buf_clear(&o->held);
}

static void
outlet_put(struct outlet *o, const void *p, size_t n)
{
	if (o->held.n + n > PIECE)
		outlet_flush(o);
	(void)buf_add(&o->held, p, n);	/* fits: n is at most a text */
}

/* true: all of it was written. */
static bool
outlet_end(struct outlet *o)
{
	outlet_flush(o);
	buf_fini(&o->held);
	return !o->failed;
}

static bool
write_columns(const struct columns *c, int fd, struct index_head *h)
{
	struct outlet marks, letters;
	struct sum64 sum;
	uint64_t at = INDEX_HEAD + c->n * 4;
	uint32_t letter;
	uint8_t mark;
	bool ok;

	sum64_init(&sum);
	sum64_add(&sum, &h->generation, sizeof(h->generation));
	sum64_add(&sum, c->uid, c->n * 4);
	ok = c->n == 0 || fd_pwrite_all(fd, c->uid, c->n * 4, INDEX_HEAD) == 0;
	outlet_init(&marks, fd, at);
	for (size_t i = 0; i < c->n; i++) {
		mark = c->bits[i] & (MESSAGE_FLAGS_STORED | BIT_IN_NEW);
		sum64_add(&sum, &mark, 1);
		outlet_put(&marks, &mark, 1);
	}
	outlet_init(&letters, fd, at + c->n);
	for (size_t i = 0; i < c->n; i++) {
		letter = columns_letters(c, i);
		sum64_add(&sum, &letter, sizeof(letter));
		outlet_put(&letters, &letter, sizeof(letter));
	}
	h->sum = sum64_end(&sum);
	ok = outlet_end(&marks) && ok;
	return outlet_end(&letters) && ok;
}

/* Message i with its number, for the rows. */
static const struct message *
numbered(struct folder *f, size_t i, struct message *copy)
{
	const struct message *m = folder_whole(f, i);

	if (m == NULL)
		return NULL;
	*copy = *m;
	if (copy->modseq == 0)
		copy->modseq = f->index.modseq;
	return copy;
}

static bool
write_rows(struct folder *f, int fd, struct index_head *h)
{
	uint8_t row[INDEX_ROW];
	struct outlet rows, texts;
	const struct message *m;
	struct message copy;
	bool ok = true;

	outlet_init(&rows, fd, index_rows_at(h->messages));
	outlet_init(&texts, fd, index_texts_at(h->messages));
	for (size_t i = 0; ok && i < f->cols.n; i++) {
		m = numbered(f, i, &copy);
		ok = m != NULL;
		if (!ok)
			break;
		index_put_row(row, m, h->text_octets, h->generation);
		outlet_put(&rows, row, sizeof(row));
		h->text_octets += index_put_text(&texts.held, m);
		if (texts.held.n > PIECE)
			outlet_flush(&texts);
	}
	ok = outlet_end(&rows) && ok;
	return outlet_end(&texts) && ok;
}

static bool
write_gone(struct folder *f, int fd, struct index_head *h)
{
	struct folder_index *ix = &f->index;
	struct history all;
	struct buf text;
	bool ok;

	history_init(&all);
	index_history(f, &all);
	for (size_t i = 0; i < ix->gone.n; i++)
		history_add(&all, ix->gone.v[i], ix->modseq);
	history_limit(&all);
	ix->forgot = all.forgot;
	buf_init(&text, HISTORY_MAX * HISTORY_OCTETS);
	history_put(&text, &all);
	h->gone = all.n;
	h->gone_sum = history_sum(h, buf_span(&text));
	ok = text.n == 0 ||
	    fd_pwrite_all(fd, text.p, text.n, index_gone_at(h)) == 0;
	buf_fini(&text);
	history_fini(&all);
	return ok;
}

static int
write_file(struct folder *f, int fd, uint64_t generation)
{
	uint8_t octets[INDEX_HEAD];
	struct index_head h = { .generation = generation,
	    .messages = f->cols.n };

	if (!write_columns(&f->cols, fd, &h) || !write_rows(f, fd, &h) ||
	    !write_gone(f, fd, &h))
		return -1;
	index_state_of(f, &h.state);
	index_put_head(octets, &h);
	return fd_pwrite_all(fd, octets, sizeof(octets), 0);
}

static int
begin_log(struct folder_index *ix, uint64_t generation)
{
	uint8_t head[INDEX_LOG_HEAD];

	index_put_log_head(head, generation);
	if (fs_truncate(ix->log_fd, 0) != 0 ||
	    fd_pwrite_all(ix->log_fd, head, sizeof(head), 0) != 0)
		return -1;
	ix->log_at = sizeof(head);
	return 0;
}

/* The view goes on from the new snapshot; what was more than that is free. */
static int
go_on(struct folder *f)
{
	struct columns fresh, *c = &f->cols;
	struct index_base base;
	bool many;

	index_base_init(&base);
	columns_init(&fresh);
	if (!index_base_open(&base, f->dir, &fresh) || fresh.n != c->n) {
		columns_fini(&fresh);
		index_base_close(&base);
		return -1;
	}
	for (size_t i = 0; i < c->n; i++)
		fresh.bits[i] |= c->bits[i] & MESSAGE_RECENT;
	columns_fini(c);
	*c = fresh;
	many = f->extras.n > GIVE_BACK;
	extras_fini(&f->extras);
	if (many)
		memory_give_back();
	index_base_close(&f->index.base);
	f->index.base = base;
	f->index.state = base.head.state;
	f->index.unsaved = 0;
	uids_fini(&f->index.gone);
	f->index.loaded = true;
	return 0;
}

int
index_write(struct folder *f)
{
	uint64_t generation = clock_wall_us();
	int fd, rc = -1;

	if (generation <= f->index.base.head.generation)
		generation = f->index.base.head.generation + 1;
	(void)fs_discard(f->dir, INDEX_TMP_NAME);	/* else: cannot be made */
	fd = fs_create(f->dir, INDEX_TMP_NAME);
	if (fd < 0)
		return -1;
	if (write_file(f, fd, generation) == 0 &&
	    fs_rename(f->dir, INDEX_TMP_NAME, f->dir, INDEX_NAME) == 0 &&
	    begin_log(&f->index, generation) == 0)
		rc = go_on(f);
	else
		(void)fs_discard(f->dir, INDEX_TMP_NAME); /* nor is it harm */
	fd_close(&fd);
	return rc;
}
