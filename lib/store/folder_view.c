/*
 * folder_view - the array of messages becomes what a scan has found.
 * One pass over the view and the entries, both in UID order: what only the
 * view has is gone, what only the scan has is new.  Linear but for sorting the
 * new ones.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "store/folder_priv.h"

/* The fields of m that come from the file's name. */
void
message_set_name(struct message *m, const char *name)
{
	uint8_t recent = m->flags & MESSAGE_RECENT;
	struct maildir_name parts;

	free(m->name);
	m->name = xstrdup(name);
	if (!maildir_name_parse(span_str(m->name), &parts))
		bug("a scan gave the name %s", name);
	m->flags = parts.flags | recent;
	m->keywords = parts.keywords;
	if (parts.has_size) {
		m->size_octets = parts.size_octets;
		m->known |= NEED_SIZE;
	}
	if (parts.has_wire) {
		m->wire_octets = parts.wire_octets;
		m->known |= NEED_WIRE;
	}
}

/* Sizes from the record, where the name has none (Dovecot's S and W keys). */
static void
sizes_from_ext(struct message *m, struct span ext)
{
	struct span s = uidlist_ext(ext, 'S'), w = uidlist_ext(ext, 'W');

	if ((m->known & NEED_SIZE) == 0 && s.n > 0 &&
	    num_parse(s, 0, UINT64_MAX >> 1, &m->size_octets) == 0)
		m->known |= NEED_SIZE;
	if ((m->known & NEED_WIRE) == 0 && w.n > 0 &&
	    num_parse(w, 0, UINT64_MAX >> 1, &m->wire_octets) == 0)
		m->known |= NEED_WIRE;
}

static void
make_message(struct message *m, const struct scan *s,
    const struct scan_entry *e)
{
	*m = (struct message){ .uid = e->uid, .in_new = e->in_new };
	message_set_name(m, scan_name(s, e));
	if (e->ext.n > 0) {
		m->ext = xmemdup_str(e->ext.p, e->ext.n);
		sizes_from_ext(m, e->ext);
	}
}

void
folder_add_entry(struct folder *f, struct columns *v, const struct scan *s,
    const struct scan_entry *e)
{
	struct message m;

	make_message(&m, s, e);
	if (e->in_new)
		m.flags |= MESSAGE_RECENT;	/* until claim_new() */
	folder_put_last(f, v, &m, ROW_NONE);
	if (!f->silent)
		uids_add(&f->pending.added, e->uid);
}

/* Message i as the scan has it, into out; false: it is as it was. */
static bool
changed_message(struct folder *f, size_t i, const struct scan *s,
    const struct scan_entry *e, struct message *out)
{
	const struct message *m = f->lost ? NULL : folder_whole(f, i);

	if (m != NULL && m->in_new == e->in_new &&
	    strcmp(m->name, scan_name(s, e)) == 0)
		return false;
	if (m == NULL || folder_take(f, i, out) != 0)
		make_message(out, s, e);	/* what is lost is read again */
	else
		message_set_name(out, scan_name(s, e));
	out->in_new = e->in_new;
	out->flags |= f->cols.bits[i] & MESSAGE_RECENT;
	return true;
}

static void
keep_message(struct folder *f, struct columns *v, size_t i,
    const struct scan *s, const struct scan_entry *e)
{
	uint32_t letters = columns_letters(&f->cols, i);
	uint32_t row = columns_row(&f->cols, i);
	uint8_t bits = f->cols.bits[i];
	struct message m;

	if (!changed_message(f, i, s, e, &m)) {
		columns_push(v, e->uid, bits, letters, row);
		return;
	}
	if (((bits ^ m.flags) & MESSAGE_FLAGS_STORED) != 0 ||
	    m.keywords != letters) {
		uids_add(&f->pending.flagged, m.uid);
		m.modseq = 0;
	}
	folder_put_last(f, v, &m, row);
}

static void
lose_message(struct folder *f, size_t i)
{
	uint32_t uid = f->cols.uid[i];
	const struct extra *e = extras_get(&f->extras, uid);

	f->index.unsaved -= e != NULL && e->unsaved;
	extras_remove(&f->extras, uid);
	uids_add(&f->index.gone, uid);
	uids_add(&f->pending.expunged, uid);
}

static int
by_uid(const void *a, const void *b)
{
	const struct scan_entry *const *x = a, *const *y = b;

	return (*x)->uid < (*y)->uid ? -1 : (*x)->uid > (*y)->uid;
}

/* Each to its place, as UIDs leave few gaps; -1: they leave too many. */
static int
place_by_uid(struct scan *s, struct scan_entry **v)
{
	uint32_t first = UINT32_MAX, last = 0;
	struct scan_entry **at;
	size_t k = 0, places;

	for (size_t i = 0; i < s->n; i++) {
		first = s->v[i].uid < first ? s->v[i].uid : first;
		last = s->v[i].uid > last ? s->v[i].uid : last;
	}
	places = (size_t)(last - first) + 1;
	if (s->n == 0 || places > s->n * 2)
		return -1;
	at = xcalloc(places, sizeof(at[0]));
	for (size_t i = 0; i < s->n; i++)
		if (at[s->v[i].uid - first] == NULL) {
			at[s->v[i].uid - first] = &s->v[i];
			k++;
		}
	/* Two of one UID have one place. */
	if (k == s->n)
		for (size_t i = k = 0; i < places; i++)
			if (at[i] != NULL)
				v[k++] = at[i];
	free(at);
	return k == s->n ? 0 : -1;
}

struct scan_entry **
scan_by_uid(struct scan *s)
{
	struct scan_entry **v = xcalloc(s->n + 1, sizeof(v[0]));

	if (place_by_uid(s, v) == 0)
		return v;
	for (size_t i = 0; i < s->n; i++)
		v[i] = &s->v[i];
	qsort(v, s->n, sizeof(v[0]), by_uid);
	return v;
}

void
folder_take_scan(struct folder *f, struct scan *s)
{
	struct scan_entry **e = scan_by_uid(s);
	const struct columns *c = &f->cols;
	struct columns v;
	size_t i = 0;

	columns_init(&v);
	columns_reserve(&v, s->n + 1);
	v.rows_n = c->rows_n;
	if (s->n > c->n)
		extras_reserve(&f->extras, f->extras.n + s->n - c->n);
	for (size_t k = 0; k < s->n; k++) {
		/* Two records of one UID cannot be: the list ascends. */
		if (k > 0 && e[k]->uid == e[k - 1]->uid)
			continue;
		while (i < c->n && c->uid[i] < e[k]->uid)
			lose_message(f, i++);
		if (i < c->n && c->uid[i] == e[k]->uid)
			keep_message(f, &v, i++, s, e[k]);
		else
			folder_add_entry(f, &v, s, e[k]);
	}
	while (i < c->n)
		lose_message(f, i++);
	free(e);
	columns_fini(&f->cols);
	f->cols = v;
	f->lost = false;
}
