/*
 * folder_message - one message of the view: in part from the columns, in part
 * from the index's snapshot or, where more is known, from the extras.
 * What is shown outside is a copy, so that a view of a million messages is a
 * few arrays; copies are used in turn.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "store/folder_priv.h"

size_t
folder_count(const struct folder *f)
{
	return f->cols.n;
}

/* What the columns say of message i. */
static void
put_brief(const struct folder *f, size_t i, struct message *m)
{
	m->uid = f->cols.uid[i];
	m->flags = f->cols.bits[i] & (MESSAGE_FLAGS_STORED | MESSAGE_RECENT);
	m->in_new = (f->cols.bits[i] & BIT_IN_NEW) != 0;
	m->keywords = columns_letters(&f->cols, i);
}

const struct message *
folder_message(const struct folder *f, size_t i)
{
	struct shown *s = f->shown;
	struct message *m;

	if (i >= f->cols.n)
		return NULL;
	s->brief_at = (s->brief_at + 1) % COUNT(s->brief);
	m = &s->brief[s->brief_at];
	put_brief(f, i, m);
	return m;
}

const struct message *
folder_find(const struct folder *f, uint32_t uid)
{
	size_t i = columns_at(&f->cols, uid);

	return i < f->cols.n && f->cols.uid[i] == uid ?
	    folder_message(f, i) : NULL;
}

/* The extra may be changed or go while its message is shown. */
static void
copy_text(struct message *m, char *text)
{
	size_t n = strlen(m->name) + 1;

	memcpy(text, m->name, n);
	m->name = text;
	if (m->ext == NULL)
		return;
	span_copy_cut(span_str(m->ext), text + n, INDEX_TEXT_MAX + 2 - n);
	m->ext = text + n;
}

const struct message *
folder_whole(struct folder *f, size_t i)
{
	struct shown *s = f->shown;
	struct message *m;
	const struct extra *e;

	s->whole_at = (s->whole_at + 1) % FOLDER_SHOWN;
	m = &s->whole[s->whole_at];
	if ((f->cols.bits[i] & BIT_EXTRA) != 0) {
		e = extras_get(&f->extras, f->cols.uid[i]);
		if (e == NULL)
			bug("message %u has no extra", f->cols.uid[i]);
		*m = e->m;
		copy_text(m, s->text[s->whole_at]);
	} else if (f->lost || !index_base_read(&f->index.base,
	    columns_row(&f->cols, i), m, s->text[s->whole_at]) ||
	    m->uid != f->cols.uid[i]) {
		/* Cut off or spoilt since it was opened. */
		f->lost = true;
		f->synced = false;
		return NULL;
	}
	put_brief(f, i, m);
	if (m->modseq != 0 && m->modseq < f->index.floor)
		m->modseq = f->index.floor;
	return m;
}

int
folder_take(struct folder *f, size_t i, struct message *out)
{
	const struct message *m = folder_whole(f, i);

	if (m == NULL)
		return -1;
	*out = *m;
	out->name = xstrdup(m->name);
	out->ext = m->ext == NULL ? NULL : xstrdup(m->ext);
	return 0;
}

void
message_fini(struct message *m)
{
	free(m->name);
	free(m->ext);
	m->name = m->ext = NULL;
}

static uint8_t
bits_of(const struct message *m)
{
	return (uint8_t)(m->flags | BIT_EXTRA | (m->in_new ? BIT_IN_NEW : 0));
}

/* m goes into the extras, to be saved. */
static void
keep_extra(struct folder *f, struct message *m)
{
	struct extra *e = extras_put(&f->extras, m->uid);

	if (!e->unsaved)
		f->index.unsaved++;
	e->unsaved = true;
	message_fini(&e->m);
	e->m = *m;
	m->name = m->ext = NULL;
}

void
folder_put(struct folder *f, size_t i, struct message *m)
{
	uint8_t changed = (uint8_t)(f->cols.bits[i] ^ m->flags);

	if ((changed & MESSAGE_FLAGS_STORED) != 0 ||
	    columns_letters(&f->cols, i) != m->keywords)
		m->modseq = 0;
	f->cols.bits[i] = bits_of(m);
	columns_set_letters(&f->cols, i, m->keywords);
	keep_extra(f, m);
}

void
folder_put_last(struct folder *f, struct columns *v, struct message *m,
    uint32_t row)
{
	columns_push(v, m->uid, bits_of(m), m->keywords, row);
	keep_extra(f, m);
}

void
folder_drop(struct folder *f, const struct uids *uids)
{
	struct extra *e;

	for (size_t i = 0; i < uids->n; i++) {
		if (!columns_has(&f->cols, uids->v[i]))
			continue;
		e = extras_get(&f->extras, uids->v[i]);
		f->index.unsaved -= e != NULL && e->unsaved;
		extras_remove(&f->extras, uids->v[i]);
		uids_add(&f->index.gone, uids->v[i]);
	}
	columns_remove(&f->cols, uids);
}
