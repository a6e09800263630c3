/*
 * folder_index_read - the view comes from the index; see folder_index.c.
 * A snapshot is taken whole, then the log says what came since.  A session
 * that has a view goes on from where it was in the log, or, if others have
 * written a new snapshot, compares it with its view.  What the log makes no
 * sense of makes the index void: then a listing says what is there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define BOOT_SLACK_S	5	/* the clock is set right by less at a time */

static void
take_state(struct folder *f, const struct index_state *s)
{
	struct folder_index *ix = &f->index;

	ix->state = *s;
	f->new_at = s->new_at;
	f->cur_at = s->cur_at;
	if (ix->modseq < s->modseq)
		ix->modseq = s->modseq;
	if (ix->floor < s->floor)
		ix->floor = s->floor;
	if (ix->forgot < s->forgot)
		ix->forgot = s->forgot;
	if (f->nextuid < s->list.nextuid)
		f->nextuid = s->list.nextuid;
}

/* One reading of the log. */
struct news {
	struct folder *f;
	struct uids gone;
	bool	any;
};

/* A copy of m becomes what is known, and the index knows it, too. */
static void
note_extra(struct folder *f, const struct message *m)
{
	struct extra *e = extras_put(&f->extras, m->uid);

	if (e->unsaved)
		f->index.unsaved--;
	message_fini(&e->m);
	*e = (struct extra){ .m = *m };
	e->m.name = xstrdup(m->name);
	e->m.ext = m->ext == NULL ? NULL : xstrdup(m->ext);
}

static uint8_t
bits_of(const struct message *m)
{
	return (uint8_t)(m->flags | BIT_EXTRA | (m->in_new ? BIT_IN_NEW : 0));
}

static void
note_known(struct folder *f, size_t i, const struct message *m)
{
	uint8_t recent = f->cols.bits[i] & MESSAGE_RECENT;

	if (((f->cols.bits[i] ^ m->flags) & MESSAGE_FLAGS_STORED) != 0 ||
	    columns_letters(&f->cols, i) != m->keywords)
		uids_add(&f->pending.flagged, m->uid);
	f->cols.bits[i] = bits_of(m) | recent;
	columns_set_letters(&f->cols, i, m->keywords);
	note_extra(f, m);
}

/* Those in new/ are \Recent for who comes first. */
static uint8_t
recent_of(uint8_t bits)
{
	return (bits & BIT_IN_NEW) != 0 ? bits | MESSAGE_RECENT : bits;
}

/*
 * It has left this view, where UIDs only ascend: if it is back, it gets another
 * UID, and those who know it by this one have to be told.
 */
static void
left_before(struct folder *f, uint32_t uid)
{
	uids_add(&f->index.gone, uid);
	f->synced = false;
}

static bool
on_message(void *ctx, const struct message *m)
{
	struct news *n = ctx;
	struct folder *f = n->f;
	const struct columns *c = &f->cols;
	size_t i = columns_at(c, m->uid);

	n->any = true;
	if (i < c->n && c->uid[i] == m->uid)
		note_known(f, i, m);
	else if (i == c->n && m->uid > f->top) {
		if (c->n == FOLDER_MESSAGES_MAX)
			return false;
		columns_push(&f->cols, m->uid, recent_of(bits_of(m)),
		    m->keywords, ROW_NONE);
		note_extra(f, m);
		if (!f->silent)
			uids_add(&f->pending.added, m->uid);
	} else
		left_before(f, m->uid);
	return true;
}

static bool
on_gone(void *ctx, uint32_t uid, uint64_t modseq)
{
	struct news *n = ctx;

	(void)modseq;
	n->any = true;
	uids_add(&n->gone, uid);
	return true;
}

/*
 * Who noted this had read the uidlist to there, and the log says what of; so we
 * go on from there, too.
 */
static void
follow_list(struct folder *f, const struct index_state *s)
{
	struct uidlist_file *u = &f->uidlist;

	if (u->fd < 0 || u->state != UIDLIST_GOOD ||
	    u->inode != s->list_inode || s->list_octets < u->at_octets)
		return;
	u->at_octets = s->list_octets;
	u->last = s->list_last;
	if (u->header.nextuid < s->list.nextuid)
		u->header.nextuid = s->list.nextuid;
	if (f->index.settled < s->list_settled)
		f->index.settled = s->list_settled;
}

static bool
on_state(void *ctx, const struct index_state *s)
{
	struct news *n = ctx;

	n->any = true;
	if (n->f->uidvalidity != 0 &&
	    s->list.uidvalidity != n->f->uidvalidity)
		return false;
	take_state(n->f, s);
	follow_list(n->f, s);
	return true;
}

/* What the log says is gone leaves the view, and need not be noted again. */
static void
drop_gone(struct folder *f, struct uids *gone)
{
	struct uids *own = &f->index.gone;
	size_t had = own->n, n = 0;

	uids_sort(gone);
	for (size_t i = 0; i < gone->n; i++)
		if (columns_has(&f->cols, gone->v[i]) && !f->silent)
			uids_add(&f->pending.expunged, gone->v[i]);
	folder_drop(f, gone);
	own->n = had;
	for (size_t i = 0; i < own->n; i++)
		if (!uids_has(gone, own->v[i]))
			own->v[n++] = own->v[i];
	own->n = n;
}

/* From log_at to the end; false: it is not the log of this snapshot. */
static bool
log_text(struct folder_index *ix, struct buf *out)
{
	uint8_t head[INDEX_LOG_HEAD];
	struct fs_stat st;
	char *to;
	size_t n;

	if (ix->log_fd < 0 || fs_fstat(ix->log_fd, &st) != 0 ||
	    st.size_octets < ix->log_at ||
	    st.size_octets - ix->log_at > INDEX_LOG_MAX ||
	    fd_pread_all(ix->log_fd, head, sizeof(head), 0) != 0 ||
	    index_get_log_head(head) != ix->base.head.generation)
		return false;
	n = (size_t)(st.size_octets - ix->log_at);
	if (n == 0)
		return true;
	to = buf_room(out, n);
	if (to == NULL || fd_pread_all(ix->log_fd, to, n, ix->log_at) != 0)
		return false;
	buf_grown(out, n);
	return true;
}

/*
 * What the log says from log_at on reaches the view.
 * any      set if there was something
 * returns  false: the log is not this snapshot's, or makes no sense
 */
static bool
read_log(struct folder *f, bool *any)
{
	struct news n = { .f = f };
	const struct index_log_reader r = { .message = on_message,
	    .gone = on_gone, .state = on_state, .ctx = &n };
	struct buf text;
	size_t good = 0;
	bool ok;

	uids_init(&n.gone);
	buf_init(&text, INDEX_LOG_MAX);
	ok = log_text(&f->index, &text) && index_log_each(buf_span(&text),
	    f->index.base.head.generation, &r, &good);
	f->index.log_at += good;
	if (ok)
		drop_gone(f, &n.gone);
	*any = n.any;
	buf_fini(&text);
	uids_fini(&n.gone);
	return ok;
}

/* The line that ends at list_octets is the one of list_last. */
static bool
list_ends_so(int fd, const struct index_state *s)
{
	char text[UIDLIST_LINE_MAX + 1];
	size_t n = num_min(sizeof(text), (size_t)s->list_octets);
	struct uidlist_record r;
	struct span end;

	if (n == 0 || fd_pread_all(fd, text, n, s->list_octets - n) != 0 ||
	    text[n - 1] != '\n')
		return false;
	end = span_of(text, n - 1);
	end = span_from(end, span_rchr(end, '\n') == end.n ? 0 :
	    span_rchr(end, '\n') + 1);
	if (s->list_last == 0)
		return true;
	return uidlist_parse_record(end, &r) && r.uid == s->list_last;
}

static bool
list_begins_so(int fd, uint64_t size, const struct index_state *s)
{
	char text[UIDLIST_LINE_MAX + 1];
	size_t n = num_min(sizeof(text), (size_t)size);
	struct uidlist_header h;

	if (fd_pread_all(fd, text, n, 0) != 0)
		return false;
	return uidlist_parse(span_head(span_of(text, n),
	    num_min(n, span_chr(span_of(text, n), '\n') + 1)), &h,
	    uidlist_ignore, NULL) && h.uidvalidity == s->list.uidvalidity &&
	    strcmp(h.guid, s->list.guid) == 0;
}

/* Nobody has replaced or edited it: at most there are more lines. */
static bool
list_goes_on(int fd, const struct fs_stat *st, const struct index_state *s)
{
	if (st->inode != s->list_inode || st->size_octets < s->list_octets)
		return false;
	if (st->size_octets == s->list_octets &&
	    st->mtime_ns != s->list_mtime_ns)
		return false;
	return list_ends_so(fd, s);
}

/*
 * Go on reading the uidlist where the index was, or from its beginning if it
 * was edited.
 * returns  false: it is gone, or the list of other UIDs: the index is void
 */
static bool
adopt_list(struct folder *f)
{
	const struct index_state *s = &f->index.state;
	struct uidlist_file *u = &f->uidlist;
	struct fs_stat st;
	bool ours;

	uidlist_file_fini(u);
	uidlist_file_init(u, f->dir);
	u->fd = fs_open_read(f->dir, UIDLIST_NAME);
	ours = u->fd >= 0 && fs_fstat(u->fd, &st) == 0 &&
	    list_begins_so(u->fd, st.size_octets, s);
	if (!ours || !list_goes_on(u->fd, &st, s)) {
		uidlist_file_fini(u);
		uidlist_file_init(u, f->dir);
		return ours;
	}
	u->inode = st.inode;
	u->device = st.device;
	u->ctime_ns = st.ctime_ns;
	u->at_octets = s->list_octets;
	u->last = s->list_last;
	u->header = s->list;
	u->state = UIDLIST_GOOD;
	return true;
}

static bool
is_other_boot(const struct index_state *s)
{
	int64_t apart_s = clock_boot_s() - s->boot_s;

	return apart_s > BOOT_SLACK_S || apart_s < -BOOT_SLACK_S;
}

/* All messages of a snapshot appear. */
static void
show_all(struct folder *f)
{
	for (size_t i = 0; i < f->cols.n; i++) {
		f->cols.bits[i] &= (uint8_t)~MESSAGE_RECENT;
		f->cols.bits[i] = recent_of(f->cols.bits[i]);
		if (!f->silent)
			uids_add(&f->pending.added, f->cols.uid[i]);
	}
}

static void
unload(struct folder *f)
{
	columns_fini(&f->cols);
	extras_fini(&f->extras);
	index_base_close(&f->index.base);
	f->index.loaded = false;
	f->index.unsaved = 0;
	uids_clear(&f->index.gone);
	f->nextuid = 1;
	changes_clear(&f->pending);
}

void
index_load(struct folder *f)
{
	struct folder_index *ix = &f->index;
	bool any, usable, silent = f->silent;
	struct stamp foreign;

	if (ix->off || !index_base_open(&ix->base, f->dir, &f->cols))
		return;
	take_state(f, &ix->base.head.state);
	if (ix->log_fd < 0)
		ix->log_fd = fs_open_rw(f->dir, INDEX_LOG_NAME);
	ix->log_at = INDEX_LOG_HEAD;
	f->silent = true;		/* what came and went is nobody's news */
	usable = read_log(f, &any) && adopt_list(f);
	f->silent = silent;
	if (!usable) {
		unload(f);
		return;
	}
	changes_clear(&f->pending);
	show_all(f);
	f->uidvalidity = ix->state.list.uidvalidity;
	ix->settled = ix->state.list_settled;
	ix->loaded = f->known = true;
	index_foreign(f, &foreign);
	ix->restamp = is_other_boot(&ix->state) ||
	    !index_same_foreign(&foreign, &ix->state.foreign);
	f->synced = !ix->restamp && ix->gone.n == 0;
}

/* Another snapshot is there: what it does not say of this view is unsaved. */
static void
merge(struct folder *f, const struct columns *fresh)
{
	const struct columns *c = &f->cols;
	struct columns v;
	size_t i = 0, k = 0;
	uint8_t bits;

	columns_init(&v);
	columns_reserve(&v, fresh->n + 1);
	v.rows_n = fresh->n;
	while (k < fresh->n || i < c->n) {
		const struct extra *e;

		if (k == fresh->n || (i < c->n && c->uid[i] < fresh->uid[k])) {
			e = extras_get(&f->extras, c->uid[i]);
			if (e != NULL && e->unsaved)
				columns_push(&v, c->uid[i], c->bits[i],
				    columns_letters(c, i), ROW_NONE);
			else
				uids_add(&f->pending.expunged, c->uid[i]);
			i++;
			continue;
		}
		bits = fresh->bits[k];
		if (i < c->n && c->uid[i] == fresh->uid[k]) {
			if (((bits ^ c->bits[i]) & MESSAGE_FLAGS_STORED) != 0
			    || columns_letters(c, i) !=
			    columns_letters(fresh, k))
				uids_add(&f->pending.flagged, c->uid[i]);
			bits |= c->bits[i] & MESSAGE_RECENT;
			extras_remove(&f->extras, c->uid[i++]);
		} else if (i == c->n && fresh->uid[k] > f->top) {
			bits = recent_of(bits);
			uids_add(&f->pending.added, fresh->uid[k]);
		} else {
			left_before(f, fresh->uid[k++]);
			continue;
		}
		columns_push(&v, fresh->uid[k], bits,
		    columns_letters(fresh, k), (uint32_t)k);
		k++;
	}
	columns_fini(&f->cols);
	f->cols = v;
}

/* The view becomes that of a snapshot that others have written. */
static bool
attach(struct folder *f)
{
	struct folder_index *ix = &f->index;
	struct index_base base;
	struct columns fresh;
	bool any, ok;

	index_base_init(&base);
	columns_init(&fresh);
	ix->loaded = false;
	ok = index_base_open(&base, f->dir, &fresh) &&
	    base.head.state.list.uidvalidity == f->uidvalidity;
	if (ok) {
		merge(f, &fresh);
		index_base_close(&ix->base);
		ix->base = base;
		take_state(f, &base.head.state);
		ix->log_at = INDEX_LOG_HEAD;
		ix->loaded = read_log(f, &any);
		f->lost = false;
	} else
		index_base_close(&base);
	/* What was not merged, or read by half, is found by listing. */
	f->synced = false;
	columns_fini(&fresh);
	return false;
}

bool
index_catch_up(struct folder *f)
{
	struct folder_index *ix = &f->index;
	bool any = false;

	if (!f->known) {
		index_load(f);
		return f->known;
	}
	if (!ix->loaded || ix->base.fd < 0 ||
	    !index_is_same(f, INDEX_NAME, ix->base.fd) || !read_log(f, &any))
		return attach(f);
	if (!any)
		return false;
	/* Who had a reason to list still has it, whatever others have seen. */
	f->synced = f->synced && ix->unsaved == 0 && ix->gone.n == 0 &&
	    !f->lost && !ix->restamp;
	return f->synced;
}
