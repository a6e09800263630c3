/*
 * maildrop.c - a snapshot of the folder.  Numbers do not change during a
 * session (RFC 1939 4), so new mail waits for the next one, and a message that
 * another program removes meanwhile keeps its number and cannot be read any
 * more.
 *
 * A unique id is Dovecot's: the one it kept for clients of a server before it
 * (P in the uidlist), else what pop3_uidl says.  The order too:
 * what had a place in the listing of the server before (O) keeps it, in front
 * of all others, which come by UID.
 */
#include "pop3d/maildrop.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/rand.h"
#include "pop3d/uidl.h"
#include "store/uidlist.h"

#define DAY_S	INT64_C(86400)

/* The word with that key of a message's uidlist record, or p == NULL. */
static struct span
kept_word(const struct message *m, char key)
{
	return m == NULL || m->ext == NULL ? SPAN_NONE :
	    uidlist_ext(span_str(m->ext), key);
}

static uint64_t
place_of(const struct message *m)
{
	uint64_t place;

	return num_parse(kept_word(m, 'O'), 0, UINT32_MAX, &place) == 0 ?
	    place : UINT64_MAX;
}

static int
by_place(const void *a, const void *b)
{
	const struct drop_message *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Where nothing has a place they come in order, by UID. */
static void
put_in_order(struct maildrop *d)
{
	for (size_t i = 1; i < d->n; i++)
		if (by_place(&d->v[i - 1], &d->v[i]) > 0) {
			qsort(d->v, d->n, sizeof(*d->v), by_place);
			return;
		}
}

static int
take_messages(struct maildrop *d, struct why *why)
{
	size_t count = folder_count(d->folder);

	d->v = xcalloc(count > 0 ? count : 1, sizeof(*d->v));
	for (size_t i = 0; i < count; i++) {
		uint32_t uid = folder_message(d->folder, i)->uid;
		const struct message *m = folder_need(d->folder, uid,
		    NEED_WIRE, why);

		/* Gone between the scan and here: not in the maildrop. */
		if (m == NULL && why->kind == WHY_PERM)
			continue;
		if (m == NULL)
			return -1;
		d->v[d->n].uid = uid;
		d->v[d->n].seen = (m->flags & MESSAGE_SEEN) != 0;
		d->v[d->n].octets = m->wire_octets;
		d->v[d->n].place = place_of(m);
		d->octets += m->wire_octets;
		d->n++;
	}
	put_in_order(d);
	d->left = d->n;
	return 0;
}

static void	make_table(struct maildrop *d);

enum droplock_result
maildrop_open(struct maildrop *d, const struct maildrop_how *how,
    struct why *why)
{
	enum droplock_result got;

	memset(d, 0, sizeof(*d));
	d->uidl = how->uidl;
	got = droplock_take(&d->lock, how->root, how->wait_s, how->delay_s,
	    why);
	if (got != DROPLOCK_TAKEN)
		return got;
	d->folder = folder_open(how->root, "INBOX", false, why);
	if (d->folder == NULL || folder_sync(d->folder, NULL, why) != 0 ||
	    take_messages(d, why) != 0) {
		maildrop_close(d);
		return DROPLOCK_FAILED;
	}
	if (how->uidl_rename)
		make_table(d);
	return DROPLOCK_TAKEN;
}

void
maildrop_close(struct maildrop *d)
{
	folder_close(&d->folder);
	uidl_table_free(&d->ids);
	free(d->v);
	d->v = NULL;
	d->n = 0;
	droplock_drop(&d->lock);
}

struct drop_message *
maildrop_get(struct maildrop *d, uint64_t number)
{
	if (number == 0 || number > d->n || d->v[number - 1].deleted)
		return NULL;
	return &d->v[number - 1];
}

void
maildrop_delete(struct maildrop *d, struct drop_message *m)
{
	m->deleted = true;
	d->left--;
	d->octets -= m->octets;
}

void
maildrop_reset(struct maildrop *d)
{
	d->left = d->n;
	d->octets = 0;
	for (size_t i = 0; i < d->n; i++) {
		d->v[i].deleted = false;
		d->octets += d->v[i].octets;
	}
}

int
maildrop_read(struct maildrop *d, const struct drop_message *m,
    struct why *why)
{
	return folder_open_message(d->folder, m->uid, why);
}

/* What it would be if no other message had it. */
static void
own_uidl(const struct maildrop *d, const struct drop_message *m,
    char out[UIDL_MAX + 1])
{
	struct why why;
	const struct message *in = folder_need(d->folder, m->uid, 0, &why);
	struct span kept = kept_word(in, 'P');
	struct uidl_facts f = { .uid = m->uid,
		.uidvalidity = folder_uidvalidity(d->folder) };

	if (in != NULL) {
		f.file = span_head(span_str(in->name),
		    span_chr(span_str(in->name), ':'));
		f.guid = kept_word(in, 'G').n > 0 ? kept_word(in, 'G') :
		    f.file;
	}
	/* An empty one stands for the file's name without its flags. */
	if (kept.p != NULL && kept.n == 0)
		kept = f.file;
	if (uidl_is_good(kept) && span_copy(kept, out, UIDL_MAX + 1) == 0)
		return;
	if (uidl_make(span_str(d->uidl), &f, out) != 0 &&
	    uidl_make(SPAN_LIT("%08Xu%08Xv"), &f, out) != 0)
		bug("16 digits are no unique id");
}

static void
make_table(struct maildrop *d)
{
	char id[UIDL_MAX + 1];
	uint8_t seed[16];

	rand_octets(seed, sizeof(seed));
	d->ids = uidl_table_new(d->n, seed);
	for (size_t i = 0; i < d->n; i++) {
		own_uidl(d, &d->v[i], id);
		uidl_table_add(d->ids, id);
	}
}

void
maildrop_uidl(const struct maildrop *d, const struct drop_message *m,
    char out[UIDL_MAX + 1])
{
	own_uidl(d, m, out);
	if (d->ids != NULL)
		uidl_table_rename(d->ids, (size_t)(m - d->v), out);
}

/*
 * RFC 2449 6.7: a server may delete what it has kept for so long.  Only what
 * somebody has read, though.
 */
static bool
is_old(struct maildrop *d, const struct drop_message *m, unsigned keep_days)
{
	const struct message *full;
	struct why why;

	if (keep_days == 0 || !(m->seen || m->fetched))
		return false;
	full = folder_need(d->folder, m->uid, NEED_DATE, &why);
	return full != NULL &&
	    full->date_s < clock_wall_s() - (int64_t)keep_days * DAY_S;
}

/* In ascending order, whatever the order of the listing is. */
static void
choose(struct maildrop *d, const struct maildrop_policy *p, struct uids *gone,
    struct uids *seen)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct drop_message *m = &d->v[i];

		if (m->deleted || is_old(d, m, p->keep_days))
			uids_add(gone, m->uid);
		else if (p->mark_seen && m->fetched && !m->seen)
			uids_add(seen, m->uid);
	}
	uids_sort(gone);
	uids_sort(seen);
}

int
maildrop_update(struct maildrop *d, const struct maildrop_policy *p,
    struct why *why)
{
	struct folder_change changes[2] = {
		{ .kind = CHANGE_EXPUNGE },
		{ .kind = CHANGE_FLAGS_ADD, .flags = MESSAGE_SEEN } };
	struct uids gone, seen;
	int rc = 0;

	uids_init(&gone);
	uids_init(&seen);
	choose(d, p, &gone, &seen);
	changes[0].uids = gone.v;
	changes[0].uids_n = gone.n;
	changes[1].uids = seen.v;
	changes[1].uids_n = seen.n;
	for (size_t i = 0; rc == 0 && i < COUNT(changes); i++)
		if (changes[i].uids_n > 0)
			rc = folder_commit(d->folder, &changes[i], 1, NULL,
			    why);
	uids_fini(&seen);
	uids_fini(&gone);
	return rc;
}
