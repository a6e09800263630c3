/*
 * sort - see sort.h.
 * Of each message one key is made whose octets, compared as memcmp() does, give
 * the order of all criteria: numbers with the highest octet first, texts folded
 * and ended by NUL, which stands in none; REVERSE inverts the octets.  Since
 * each part of a key ends by itself, no key begins another.  Of a text the
 * first IMAP_SORT_TEXT octets count, so that nobody can fill the memory with
 * long subjects.
 */
#include "imapd/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/date.h"
#include "base/num.h"
#include "imapd/casemap.h"
#include "imapd/limits.h"
#include "imapd/subject.h"
#include "mail/addrlist.h"
#include "mail/header.h"
#include "store/folder_cache.h"

struct sort_item {
	const char *key;	/* from the end of the gathering on */
	size_t	 at;		/* in struct sort.keys */
	uint32_t n, seq;
};

struct sort {
	struct search *search;
	struct buf keys;	/* of all messages, one behind the other */
	struct buf text, folded;
	uint32_t uid;		/* of the message at hand */
	struct span header;
};

int64_t
sort_sent_date(struct search *search, uint32_t uid, struct span header)
{
	const struct message *m;
	struct header_field f;
	struct why why;
	struct date d;

	if (header_find(header, "Date", &f) &&
	    date_parse_rfc5322(span_trim_ws(f.value), &d) == 0)
		return date_to_time(&d);
	m = folder_need(search->s->folder, uid, NEED_DATE, &why);
	return m != NULL ? m->date_s : 0;
}

bool
sort_subject(struct search *search, struct span header, struct buf *text,
    struct buf *out)
{
	struct header_field f;
	struct buf base;
	bool reply;

	buf_clear(text);
	buf_clear(out);
	if (!header_find(header, "Subject", &f))
		return false;
	(void)mime_text_decode(f.value, &search->text.charset, text);
	buf_init(&base, text->n);
	reply = subject_base(buf_span(text), &base);
	(void)casemap_fold(out, buf_span(&base));	/* a beginning is enough */
	buf_fini(&base);
	return reply;
}

static void
put_number(struct sort *t, int64_t value)
{
	uint64_t v = (uint64_t)value ^ (uint64_t)1 << 63;
	char octets[8];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(v >> (56 - 8 * i));
	buf_add(&t->keys, octets, sizeof(octets));
}

static void
put_folded(struct sort *t, struct span folded)
{
	buf_add_span(&t->keys, span_head(folded, IMAP_SORT_TEXT));
	buf_add_char(&t->keys, '\0');
}

static void
put_text(struct sort *t, struct span text)
{
	buf_clear(&t->folded);
	(void)casemap_fold(&t->folded, text);
	put_folded(t, buf_span(&t->folded));
}

/* addr-name and addr-mailbox of an ENVELOPE (RFC 3501 7.4.2). */
static void
put_display(struct sort *t, const struct addrlist_item *a)
{
	bool group = a->kind == ADDRLIST_GROUP;

	buf_clear(&t->text);
	if (!group && a->name.p != NULL)
		(void)mime_text_decode(a->name, &t->search->text.charset,
		    &t->text);
	if (t->text.n == 0) {
		buf_add_span(&t->text, group ? a->name : a->mailbox);
		if (!group && a->host.n > 0) {
			buf_add_char(&t->text, '@');
			buf_add_span(&t->text, a->host);
		}
	}
	put_text(t, buf_span(&t->text));
}

/* The first address of a field; RFC 5256 3: "" where there is none. */
static void
put_address(struct sort *t, const char *field, bool display)
{
	struct addrlist list;
	struct addrlist_item a;
	struct header_field f;

	if (!header_find(t->header, field, &f)) {
		put_folded(t, SPAN_NONE);
		return;
	}
	addrlist_init(&list, f.value, 1);
	if (!addrlist_next(&list, &a))
		put_folded(t, SPAN_NONE);
	else if (display)
		put_display(t, &a);
	else
		put_text(t, a.kind == ADDRLIST_GROUP ? a.name : a.mailbox);
	addrlist_fini(&list);
}

static void
put_stat(struct sort *t, enum sort_kind kind)
{
	const struct message *m;
	struct why why;

	m = folder_need(t->search->s->folder, t->uid,
	    kind == SORT_SIZE ? NEED_WIRE : NEED_DATE, &why);
	if (m == NULL)
		put_number(t, 0);
	else
		put_number(t, kind == SORT_SIZE ? (int64_t)m->wire_octets :
		    m->date_s);
}

static void
put_key(struct sort *t, enum sort_kind kind)
{
	switch (kind) {
	case SORT_ARRIVAL:
	case SORT_SIZE:
		put_stat(t, kind);
		break;
	case SORT_DATE:
		put_number(t, sort_sent_date(t->search, t->uid, t->header));
		break;
	case SORT_SUBJECT:
		(void)sort_subject(t->search, t->header, &t->text,
		    &t->folded);
		put_folded(t, buf_span(&t->folded));
		break;
	case SORT_CC:
		put_address(t, "Cc", false);
		break;
	case SORT_FROM:
	case SORT_DISPLAYFROM:
		put_address(t, "From", kind == SORT_DISPLAYFROM);
		break;
	case SORT_TO:
	case SORT_DISPLAYTO:
		put_address(t, "To", kind == SORT_DISPLAYTO);
		break;
	}
}

static bool
needs_header(const struct sort_criterion *by, size_t by_n)
{
	for (size_t i = 0; i < by_n; i++)
		if (by[i].kind != SORT_ARRIVAL && by[i].kind != SORT_SIZE)
			return true;
	return false;
}

static void
put_keys(struct sort *t, const struct sort_criterion *by, size_t by_n)
{
	size_t from;

	t->header = SPAN_NONE;
	if (needs_header(by, by_n) &&
	    !search_fields(t->search, t->uid, &t->header))
		t->header = SPAN_NONE;
	for (size_t i = 0; i < by_n; i++) {
		from = t->keys.n;
		put_key(t, by[i].kind);
		for (; by[i].reverse && from < t->keys.n; from++)
			t->keys.p[from] = (char)~t->keys.p[from];
	}
}

/* RFC 5256 3: equal ones in the order of the mailbox. */
static int
compare(const void *a, const void *b)
{
	const struct sort_item *x = a, *y = b;
	int order = memcmp(x->key, y->key, num_min(x->n, y->n));

	if (order != 0)
		return order;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
order_by_keys(struct sort *t, struct sort_item *items, struct uids *found)
{
	for (size_t i = 0; i < found->n; i++)
		items[i].key = t->keys.p + items[i].at;
	if (found->n > 1)
		qsort(items, found->n, sizeof(items[0]), compare);
	for (size_t i = 0; i < found->n; i++)
		found->v[i] = items[i].seq;
}

bool
sort_messages(struct search *search, const struct sort_criterion *by,
    size_t by_n, struct uids *found)
{
	struct sort t = { .search = search };
	struct sort_item *items;
	bool ok;

	buf_init(&t.keys, IMAP_SORT_MEM);
	buf_init(&t.text, CACHE_OCTETS_MAX);
	buf_init(&t.folded, CACHE_OCTETS_MAX);
	items = xreallocarray(NULL, found->n + 1, sizeof(items[0]));
	for (size_t i = 0; i < found->n && !t.keys.full; i++) {
		progress_tick(search->s, view_count(&search->s->view) + i);
		items[i] = (struct sort_item){ .at = t.keys.n,
			.seq = found->v[i] };
		t.uid = view_uid(&search->s->view, found->v[i]);
		put_keys(&t, by, by_n);
		items[i].n = (uint32_t)(t.keys.n - items[i].at);
	}
	ok = !t.keys.full;
	if (ok)
		order_by_keys(&t, items, found);
	free(items);
	buf_fini(&t.keys);
	buf_fini(&t.text);
	buf_fini(&t.folded);
	return ok;
}
