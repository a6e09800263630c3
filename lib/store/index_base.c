/*
 * index_base - see index_base.h.
 * The columns are read whole and judged by one sum.  Rows and texts are read
 * in pieces that hold some hundred messages: most questions come in UID order.
 * The pieces are small enough for a session that holds a million messages.
 */
#include "store/index_base.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/num.h"
#include "os/fd.h"
#include "os/fs.h"

#define ROWS_MAX	((size_t)256)
#define TEXT_MAX	(32 * KIB)
#define LETTERS_PIECE	((size_t)8192)

_Static_assert(TEXT_MAX >= INDEX_TEXT_MAX, "a piece holds a text");

void
index_base_init(struct index_base *b)
{
	*b = (struct index_base){ .fd = -1 };
}

void
index_base_close(struct index_base *b)
{
	fd_close(&b->fd);
	free(b->rows);
	free(b->text);
	index_base_init(b);
}

static bool
read_head(struct index_base *b, int dir)
{
	uint8_t head[INDEX_HEAD];
	struct fs_stat st;

	b->fd = fs_open_read(dir, INDEX_NAME);
	if (b->fd < 0 || fs_fstat(b->fd, &st) != 0 ||
	    fd_pread_all(b->fd, head, sizeof(head), 0) != 0)
		return false;
	b->inode = st.inode;
	return index_get_head(head, st.size_octets, &b->head);
}

/* Most folders have no keywords: then nothing is kept of them. */
static bool
read_letters(const struct index_base *b, struct columns *c, struct sum64 *sum,
    uint64_t at)
{
	uint32_t piece[LETTERS_PIECE];
	size_t n;

	for (size_t i = 0; i < c->n; i += n, at += n * 4) {
		n = num_min(LETTERS_PIECE, c->n - i);
		if (fd_pread_all(b->fd, piece, n * 4, at) != 0)
			return false;
		sum64_add(sum, piece, n * 4);
		for (size_t k = 0; k < n; k++)
			if (piece[k] != 0)
				columns_set_letters(c, i + k, piece[k]);
	}
	return true;
}

static bool
ascends(const struct columns *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->uid[i] <= (i == 0 ? 0 : c->uid[i - 1]))
			return false;
	return true;
}

static bool
read_columns(const struct index_base *b, struct columns *c)
{
	size_t n = (size_t)b->head.messages;
	struct sum64 sum;

	columns_reserve(c, n + 1);
	if (fd_pread_all(b->fd, c->uid, n * 4, INDEX_HEAD) != 0 ||
	    fd_pread_all(b->fd, c->bits, n, INDEX_HEAD + n * 4) != 0)
		return false;
	c->n = c->rows_n = n;
	sum64_init(&sum);
	sum64_add(&sum, &b->head.generation, sizeof(b->head.generation));
	sum64_add(&sum, c->uid, n * 4);
	sum64_add(&sum, c->bits, n);
	if (!read_letters(b, c, &sum, INDEX_HEAD + n * 5) ||
	    sum64_end(&sum) != b->head.sum || !ascends(c))
		return false;
	for (size_t i = 0; i < n; i++)
		c->bits[i] &= MESSAGE_FLAGS_STORED | BIT_IN_NEW;
	return n == 0 || c->uid[n - 1] < b->head.state.list.nextuid;
}

bool
index_base_open(struct index_base *b, int dir, struct columns *columns)
{
	index_base_close(b);
	columns_fini(columns);
	if (read_head(b, dir) && read_columns(b, columns))
		return true;
	columns_fini(columns);
	index_base_close(b);
	return false;
}

/* The row, in a piece that is read if it is another one. */
static const uint8_t *
row_of(struct index_base *b, uint64_t row)
{
	if (row >= b->rows_from && row - b->rows_from < b->rows_n)
		return b->rows + (row - b->rows_from) * INDEX_ROW;
	if (b->fd < 0 || row >= b->head.messages)
		return NULL;
	if (b->rows == NULL)
		b->rows = xreallocarray(NULL, ROWS_MAX, INDEX_ROW);
	b->rows_from = row;
	b->rows_n = num_min(ROWS_MAX, (size_t)(b->head.messages - row));
	if (fd_pread_all(b->fd, b->rows, b->rows_n * INDEX_ROW,
	    index_rows_at(b->head.messages) + row * INDEX_ROW) == 0)
		return b->rows;
	b->rows_n = 0;
	return NULL;
}

static const char *
text_at(struct index_base *b, uint64_t at, size_t n)
{
	if (n > TEXT_MAX || at > b->head.text_octets ||
	    n > b->head.text_octets - at)
		return NULL;
	if (b->text_n > 0 && at >= b->text_from &&
	    at + n <= b->text_from + b->text_n)
		return b->text + (at - b->text_from);
	if (b->text == NULL)
		b->text = xmalloc(TEXT_MAX);
	b->text_from = at;
	b->text_n = num_min(TEXT_MAX, (size_t)(b->head.text_octets - at));
	if (fd_pread_all(b->fd, b->text, b->text_n,
	    index_texts_at(b->head.messages) + at) == 0)
		return b->text;
	b->text_n = 0;
	return NULL;
}

bool
index_base_read(struct index_base *b, uint32_t row, struct message *out,
    char *text)
{
	const uint8_t *octets = row_of(b, row);
	struct index_text t;
	const char *p;

	if (octets == NULL)
		return false;
	index_row_text(octets, &t);
	p = text_at(b, t.at, t.name_n + t.ext_n);
	if (p == NULL || !index_get_row(octets, span_of(p, t.name_n +
	    t.ext_n), b->head.generation, out))
		return false;
	memcpy(text, p, t.name_n);
	text[t.name_n] = '\0';
	out->name = text;
	text += t.name_n + 1;
	memcpy(text, p + t.name_n, t.ext_n);
	text[t.ext_n] = '\0';
	out->ext = t.ext_n > 0 ? text : NULL;
	return true;
}

uint64_t
index_base_place(struct index_base *b, uint32_t row)
{
	const uint8_t *octets = row_of(b, row);

	return octets == NULL ? 0 : index_row_place(octets);
}
