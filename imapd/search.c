/*
 * search - see search.h.
 * Recursion is as deep as the keys, which parse_search() has bounded.  Within
 * AND and OR, keys are ordered by what they cost: flags and sets, then a stat,
 * then the header, then the whole message; so most messages are judged
 * without being opened.
 */
#include "imapd/search.h"

#include "base/date.h"
#include "imapd/cached.h"
#include "imapd/casemap.h"
#include "imapd/envelope.h"
#include "imapd/limits.h"
#include "imapd/objectid.h"
#include "mail/header.h"
#include "store/folder_modseq.h"
#include "os/clock.h"

#define SUBJECT_ENOUGH	160	/* octets: date and subject of most envelopes */

enum cost { COST_NONE, COST_STAT, COST_HEADER, COST_WHOLE, COSTS };

static enum cost
cost_of(const struct search_key *k)
{
	enum cost most = COST_NONE, cost;

	switch (k->kind) {
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_OLDER:
	case SEARCH_YOUNGER:
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
	case SEARCH_MODSEQ:
	case SEARCH_EMAILID:
	case SEARCH_SAVEDBEFORE:
	case SEARCH_SAVEDON:
	case SEARCH_SAVEDSINCE:
		return COST_STAT;
	case SEARCH_SENTBEFORE:
	case SEARCH_SENTON:
	case SEARCH_SENTSINCE:
	case SEARCH_ADDRESS:
	case SEARCH_HEADER:
	case SEARCH_SUBJECT:
		return COST_HEADER;
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return COST_WHOLE;
	default:
		break;
	}
	for (const struct search_key *c = k->child; c != NULL; c = c->next) {
		cost = cost_of(c);
		if (cost > most)
			most = cost;
	}
	return most;
}

/* The children in order of cost; those of one cost stay as they were. */
static void
order(struct search_key *k)
{
	struct search_key *list[COSTS] = { NULL }, *c, *next;
	struct search_key **tail[COSTS], **to = &k->child;
	enum cost cost;

	for (size_t i = 0; i < COSTS; i++)
		tail[i] = &list[i];
	for (c = k->child; c != NULL; c = next) {
		next = c->next;
		c->next = NULL;
		cost = cost_of(c);
		*tail[cost] = c;
		tail[cost] = &c->next;
	}
	for (size_t i = 0; i < COSTS; i++) {
		if (list[i] == NULL)
			continue;
		*to = list[i];
		to = tail[i];
	}
}

static bool
fold(struct session *s, struct span *text)
{
	struct buf folded;

	buf_init(&folded, IMAP_ARENA_MAX);
	if (casemap_fold(&folded, *text) == 0)
		*text = arena_span(s->mem, buf_span(&folded));
	else
		*text = SPAN_NONE;
	buf_fini(&folded);
	return text->p != NULL;
}

static bool
ready(struct session *s, struct search_key *k)
{
	uint32_t last = view_last_uid(&s->view);

	/* RFC 5182 2.1: "$" stands where numbers and where UIDs may stand. */
	if (k->set.saved) {
		k->kind = SEARCH_UID;
		k->set = saved_get(&s->saved);
		return true;
	}
	if (k->kind == SEARCH_SEQ)
		seqset_resolve(&k->set, view_count(&s->view));
	if (k->kind == SEARCH_UID)
		seqset_resolve(&k->set, last > 0 ? last :
		    folder_uidnext(s->folder));
	if (k->text.p != NULL && !fold(s, &k->text))
		return false;
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		if (!ready(s, c))
			return false;
	order(k);
	return true;
}

bool
search_has_modseq(const struct search_key *k)
{
	for (const struct search_key *c = k->child; c != NULL; c = c->next)
		if (search_has_modseq(c))
			return true;
	return k->kind == SEARCH_MODSEQ;
}

bool
search_has_recent(const struct search_key *k)
{
	for (const struct search_key *c = k->child; c != NULL; c = c->next)
		if (search_has_recent(c))
			return true;
	return k->kind == SEARCH_NEW || k->kind == SEARCH_OLD ||
	    (k->kind == SEARCH_FLAG && k->flag == MESSAGE_RECENT);
}

bool
search_begin(struct search *search, struct session *s,
    struct search_key *key)
{
	search->s = s;
	search->now_s = clock_wall_s();
	search->fields_uid = search->kept_uid = 0;
	search_text_init(&search->text);
	buf_init(&search->fields, CACHE_OCTETS_MAX);
	return ready(s, key);
}

void
search_end(struct search *search)
{
	folder_cache_write(search->s->folder);
	search_text_fini(&search->text);
	buf_fini(&search->fields);
}

static bool
matches_flag(struct search *search, const struct search_key *k,
    const struct message *m)
{
	struct folder *f = search->s->folder;
	bool has;
	int i;

	if (k->kind == SEARCH_KEYWORD) {
		i = folder_keyword_index(f, k->field);
		has = i >= 0 && (m->keywords >> i & 1) != 0;
	} else
		has = (m->flags & k->flag) != 0;
	return has != k->unset;
}

static bool
compare_day(enum search_kind kind, int64_t day, int64_t than)
{
	if (kind == SEARCH_BEFORE || kind == SEARCH_SENTBEFORE ||
	    kind == SEARCH_SAVEDBEFORE)
		return day < than;
	if (kind == SEARCH_ON || kind == SEARCH_SENTON ||
	    kind == SEARCH_SAVEDON)
		return day == than;
	return day >= than;
}

/* Days are those of UTC, in which INTERNALDATE is told. */
static int64_t
day_of(int64_t time_s)
{
	return time_s >= 0 ? time_s / 86400 : -((-time_s + 86399) / 86400);
}

static bool
matches_stat(struct search *search, const struct search_key *k,
    uint32_t uid)
{
	bool size = k->kind == SEARCH_LARGER || k->kind == SEARCH_SMALLER;
	const struct message *m;
	struct why why;

	m = folder_need(search->s->folder, uid, size ? NEED_WIRE : NEED_DATE,
	    &why);
	if (m == NULL)
		return false;
	if (k->kind == SEARCH_LARGER)
		return m->wire_octets > k->octets;
	if (k->kind == SEARCH_SMALLER)
		return m->wire_octets < k->octets;
	/* RFC 5032 2: the second itself belongs to both. */
	if (k->kind == SEARCH_OLDER)
		return m->date_s <= search->now_s - k->seconds;
	if (k->kind == SEARCH_YOUNGER)
		return m->date_s >= search->now_s - k->seconds;
	return compare_day(k->kind, day_of(m->date_s), k->day);
}

/* RFC 3501 6.4.4: Date, disregarding time and timezone. */
static bool
matches_sent(const struct search_key *k, struct span header)
{
	struct header_field f;
	struct date d;

	if (!header_find(header, "Date", &f) ||
	    date_parse_rfc5322(span_trim_ws(f.value), &d) != 0)
		return false;
	d.hour = d.minute = d.second = d.zone_minutes = 0;
	return compare_day(k->kind, day_of(date_to_time(&d)), k->day);
}

bool
search_fields(struct search *search, uint32_t uid, struct span *header)
{
	struct session *s = search->s;
	struct why why;

	if (search->fields_uid != uid)
		search->fields_uid = folder_cached(s->folder, uid,
		    CACHE_FIELDS, &search->fields) ? uid : 0;
	if (search->fields_uid == uid) {
		*header = buf_span(&search->fields);
		return true;
	}
	if (content_open(&s->content, s->folder, uid, &why) != 0 ||
	    content_header(&s->content, header, &why) != 0)
		return false;
	if (search->kept_uid != uid)
		cached_keep_fields(s->folder, uid, *header);
	search->kept_uid = uid;
	return true;
}

/* The header, or at least those of its fields that the store keeps. */
static bool
find_header(struct search *search, const struct search_key *k, uint32_t uid,
    struct span *header)
{
	struct session *s = search->s;
	struct why why;

	if ((k->kind != SEARCH_ADDRESS && k->kind != SEARCH_HEADER) ||
	    cached_field(k->field))
		return search_fields(search, uid, header);
	return content_open(&s->content, s->folder, uid, &why) == 0 &&
	    content_header(&s->content, header, &why) == 0;
}

static bool
matches_header(struct search *search, const struct search_key *k,
    uint32_t uid)
{
	struct span header;

	if (!find_header(search, k, uid, &header))
		return false;
	if (k->kind == SEARCH_ADDRESS || k->kind == SEARCH_HEADER)
		return search_text_header(&search->text, header, k->field,
		    k->text);
	return matches_sent(k, header);
}

/*
 * From the envelope, where that was kept later than the fields: then its
 * beginning mostly tells.  The subject points into it.
 */
static bool
kept_subject(struct search *search, uint32_t uid, struct span *subject)
{
	struct cache_look look = { .enough = SUBJECT_ENOUGH,
	    .kinds = 1U << CACHE_ENVELOPE | 1U << CACHE_FIELDS };
	struct folder *f = search->s->folder;

	while (folder_cached_look(f, uid, &look)) {
		if (look.kind == CACHE_ENVELOPE && envelope_subject(look.text,
		    &search->text.raw, subject))
			return true;
		if (look.whole || look.enough == SIZE_MAX)
			return false;	/* the fields, or no subject */
		look.enough = SIZE_MAX;
	}
	return false;
}

static bool
find_subject(struct search *search, uint32_t uid, struct span *subject)
{
	struct header_field field;
	struct span header;

	if (search->fields_uid != uid && kept_subject(search, uid, subject))
		return true;
	if (!search_fields(search, uid, &header) ||
	    !header_find(header, "Subject", &field))
		return false;
	*subject = field.value;
	return true;
}

/* RFC 3501 6.4.4: the envelope's, which is of several fields the first. */
static bool
matches_subject(struct search *search, const struct search_key *k,
    uint32_t uid)
{
	struct span subject;

	return find_subject(search, uid, &subject) &&
	    search_text_value(&search->text, subject, k->text);
}

static bool
matches_whole(struct search *search, const struct search_key *k,
    uint32_t uid)
{
	struct session *s = search->s;
	const struct mime_tree *tree;
	struct span header, raw;
	struct why why;
	bool found;

	if (content_open(&s->content, s->folder, uid, &why) != 0)
		return false;
	if (k->kind == SEARCH_TEXT &&
	    content_header(&s->content, &header, &why) == 0 &&
	    search_text_header(&search->text, header, SPAN_NONE, k->text))
		return true;
	if (content_whole(&s->content, &raw, &why) != 0)
		return false;
	if (search_text_single(&search->text, raw, k->text, &found))
		return found;
	return content_tree(&s->content, &tree, &why) == 0 &&
	    (search_text_body(&search->text, tree, raw, k->text) ||
	    (k->kind == SEARCH_TEXT &&
	    search_text_mime(&search->text, tree, raw, k->text)));
}

/* RFC 8474 section 6, RFC 8514 4.3 */
static bool
matches_name(struct search *search, const struct search_key *k, uint32_t uid)
{
	const struct message *m;
	struct buf id;
	struct why why;
	bool same;

	m = folder_need(search->s->folder, uid, NEED_DATE, &why);
	if (m == NULL)
		return false;
	if (k->kind != SEARCH_EMAILID)
		return compare_day(k->kind, day_of(message_saved_s(m)),
		    k->day);
	buf_init(&id, KIB);
	objectid_put(&id, m);
	same = span_eq(buf_span(&id), k->field);
	buf_fini(&id);
	return same;
}

static bool
matches_self(struct search *search, const struct search_key *k, uint32_t seq,
    const struct message *m)
{
	switch (k->kind) {
	case SEARCH_SEQ:
		return seqset_has(&k->set, seq);
	case SEARCH_UID:
		return seqset_has(&k->set, m->uid);
	case SEARCH_FLAG:
	case SEARCH_KEYWORD:
		return matches_flag(search, k, m);
	case SEARCH_EMAILID:
	case SEARCH_SAVEDBEFORE:
	case SEARCH_SAVEDON:
	case SEARCH_SAVEDSINCE:
		return matches_name(search, k, m->uid);
	case SEARCH_NONE:
		return false;
	case SEARCH_MODSEQ:
		return folder_message_modseq(search->s->folder, m->uid) >=
		    k->modseq;
	case SEARCH_NEW:
		return (m->flags & (MESSAGE_RECENT | MESSAGE_SEEN)) ==
		    MESSAGE_RECENT;
	case SEARCH_OLD:
		return (m->flags & MESSAGE_RECENT) == 0;
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return matches_whole(search, k, m->uid);
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_OLDER:
	case SEARCH_YOUNGER:
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
		return matches_stat(search, k, m->uid);
	case SEARCH_SENTBEFORE:
	case SEARCH_SENTON:
	case SEARCH_SENTSINCE:
	case SEARCH_ADDRESS:
	case SEARCH_HEADER:
		return matches_header(search, k, m->uid);
	case SEARCH_SUBJECT:
		return matches_subject(search, k, m->uid);
	default:
		return true;	/* ALL */
	}
}

/* A message that cannot be read matches no key about its text. */
static bool
matches(struct search *search, const struct search_key *k, uint32_t seq,
    const struct message *m)
{
	const struct search_key *c;

	switch (k->kind) {
	case SEARCH_NOT:
		return !matches(search, k->child, seq, m);
	case SEARCH_OR:
		for (c = k->child; c != NULL; c = c->next)
			if (matches(search, c, seq, m))
				return true;
		return false;
	case SEARCH_AND:
		for (c = k->child; c != NULL; c = c->next)
			if (!matches(search, c, seq, m))
				return false;
		return true;
	default:
		return matches_self(search, k, seq, m);
	}
}

void
search_run(struct search *search, const struct search_key *key, unsigned how,
    struct uids *found)
{
	struct session *s = search->s;
	uint32_t count = view_count(&s->view), seq;
	const struct message *m;

	for (uint32_t i = 1; i <= count; i++) {
		seq = how == RETURN_MAX ? count + 1 - i : i;
		progress_tick(s, i);
		m = folder_find(s->folder, view_uid(&s->view, seq));
		if (m == NULL || !matches(search, key, seq, m))
			continue;
		uids_add(found, seq);
		if (how == RETURN_MIN || how == RETURN_MAX)
			return;
	}
}
