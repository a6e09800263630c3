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
	if (e->in_new)
		m->flags |= MESSAGE_RECENT;	/* until folder_claim() */
}

static void
update_message(struct folder *f, struct message *m, const struct scan *s,
    const struct scan_entry *e)
{
	uint32_t keywords = m->keywords;
	uint8_t flags = m->flags;

	m->in_new = e->in_new;
	if (strcmp(m->name, scan_name(s, e)) == 0)
		return;
	message_set_name(m, scan_name(s, e));
	if (m->flags != flags || m->keywords != keywords)
		uids_add(&f->pending.flagged, m->uid);
}

static int
by_uid(const void *a, const void *b)
{
	const struct scan_entry *const *x = a, *const *y = b;

	return (*x)->uid < (*y)->uid ? -1 : (*x)->uid > (*y)->uid;
}

/* Entries in order of UIDs. */
static struct scan_entry **
sort_entries(struct scan *s)
{
	struct scan_entry **v = xcalloc(s->n + 1, sizeof(v[0]));
	bool sorted = true;

	for (size_t i = 0; i < s->n; i++) {
		v[i] = &s->v[i];
		sorted = sorted && (i == 0 || v[i - 1]->uid < v[i]->uid);
	}
	if (!sorted)
		qsort(v, s->n, sizeof(v[0]), by_uid);
	return v;
}

void
folder_take_scan(struct folder *f, struct scan *s)
{
	struct scan_entry **e = sort_entries(s);
	struct message *v = xcalloc(s->n + 1, sizeof(v[0]));
	size_t i = 0, k, n = 0;

	for (k = 0; k < s->n; k++) {
		/* Two records of one UID cannot be: the list ascends. */
		if (k > 0 && e[k]->uid == e[k - 1]->uid)
			continue;
		while (i < f->n && f->v[i].uid < e[k]->uid) {
			uids_add(&f->pending.expunged, f->v[i].uid);
			message_fini(&f->v[i++]);
		}
		if (i < f->n && f->v[i].uid == e[k]->uid) {
			v[n] = f->v[i++];
			update_message(f, &v[n++], s, e[k]);
			continue;
		}
		make_message(&v[n++], s, e[k]);
		uids_add(&f->pending.added, e[k]->uid);
	}
	for (; i < f->n; i++) {
		uids_add(&f->pending.expunged, f->v[i].uid);
		message_fini(&f->v[i]);
	}
	free(e);
	free(f->v);
	f->v = v;
	f->n = n;
	f->size = s->n + 1;
}
