/*
 * parse_search - search keys as a tree (RFC 3501 section 9: search-key; RFC
 * 5032 section 3).
 * Words are looked up in a table that names their argument.  NOT, OR and
 * brackets may nest IMAP_SEARCH_DEPTH deep, and there may be IMAP_SEARCH_KEYS
 * keys in all, so the recursion here and in the search is bounded.
 */
#include "base/date.h"
#include "base/utf8.h"
#include "imapd/lexer.h"
#include "imapd/limits.h"
#include "imapd/parse.h"
#include "store/maildir.h"

enum argument { ARG_NONE, ARG_TEXT, ARG_FIELD_TEXT, ARG_DATE, ARG_NUMBER,
	ARG_SECONDS, ARG_KEYWORD, ARG_SET, ARG_KEY, ARG_TWO_KEYS,
	ARG_MODSEQ };

static const struct search_word {
	const char *name;
	enum argument arg;
	enum search_kind kind;
	uint8_t flag;
	bool unset;
	const char *field;
} words[] = {
	{ "ALL", ARG_NONE, SEARCH_ALL, 0, false, NULL },
	{ "ANSWERED", ARG_NONE, SEARCH_FLAG, MESSAGE_ANSWERED, false, NULL },
	{ "BCC", ARG_TEXT, SEARCH_ADDRESS, 0, false, "Bcc" },
	{ "BEFORE", ARG_DATE, SEARCH_BEFORE, 0, false, NULL },
	{ "BODY", ARG_TEXT, SEARCH_BODY, 0, false, NULL },
	{ "CC", ARG_TEXT, SEARCH_ADDRESS, 0, false, "Cc" },
	{ "DELETED", ARG_NONE, SEARCH_FLAG, MESSAGE_DELETED, false, NULL },
	{ "DRAFT", ARG_NONE, SEARCH_FLAG, MESSAGE_DRAFT, false, NULL },
	{ "EMAILID", ARG_KEYWORD, SEARCH_EMAILID, 0, false, NULL },
	{ "FLAGGED", ARG_NONE, SEARCH_FLAG, MESSAGE_FLAGGED, false, NULL },
	{ "FROM", ARG_TEXT, SEARCH_ADDRESS, 0, false, "From" },
	{ "HEADER", ARG_FIELD_TEXT, SEARCH_HEADER, 0, false, NULL },
	{ "KEYWORD", ARG_KEYWORD, SEARCH_KEYWORD, 0, false, NULL },
	{ "LARGER", ARG_NUMBER, SEARCH_LARGER, 0, false, NULL },
	{ "MODSEQ", ARG_MODSEQ, SEARCH_MODSEQ, 0, false, NULL },
	{ "NEW", ARG_NONE, SEARCH_NEW, 0, false, NULL },
	{ "NOT", ARG_KEY, SEARCH_NOT, 0, false, NULL },
	{ "OLD", ARG_NONE, SEARCH_OLD, 0, false, NULL },
	{ "OLDER", ARG_SECONDS, SEARCH_OLDER, 0, false, NULL },
	{ "ON", ARG_DATE, SEARCH_ON, 0, false, NULL },
	{ "OR", ARG_TWO_KEYS, SEARCH_OR, 0, false, NULL },
	{ "RECENT", ARG_NONE, SEARCH_FLAG, MESSAGE_RECENT, false, NULL },
	{ "SAVEDATESUPPORTED", ARG_NONE, SEARCH_ALL, 0, false, NULL },
	{ "SAVEDBEFORE", ARG_DATE, SEARCH_SAVEDBEFORE, 0, false, NULL },
	{ "SAVEDON", ARG_DATE, SEARCH_SAVEDON, 0, false, NULL },
	{ "SAVEDSINCE", ARG_DATE, SEARCH_SAVEDSINCE, 0, false, NULL },
	{ "SEEN", ARG_NONE, SEARCH_FLAG, MESSAGE_SEEN, false, NULL },
	{ "SENTBEFORE", ARG_DATE, SEARCH_SENTBEFORE, 0, false, NULL },
	{ "SENTON", ARG_DATE, SEARCH_SENTON, 0, false, NULL },
	{ "SENTSINCE", ARG_DATE, SEARCH_SENTSINCE, 0, false, NULL },
	{ "SINCE", ARG_DATE, SEARCH_SINCE, 0, false, NULL },
	{ "SMALLER", ARG_NUMBER, SEARCH_SMALLER, 0, false, NULL },
	{ "SUBJECT", ARG_TEXT, SEARCH_SUBJECT, 0, false, NULL },
	{ "TEXT", ARG_TEXT, SEARCH_TEXT, 0, false, NULL },
	/* RFC 8474 5.2: there are none. */
	{ "THREADID", ARG_KEYWORD, SEARCH_NONE, 0, false, NULL },
	{ "TO", ARG_TEXT, SEARCH_ADDRESS, 0, false, "To" },
	{ "UID", ARG_SET, SEARCH_UID, 0, false, NULL },
	{ "UNANSWERED", ARG_NONE, SEARCH_FLAG, MESSAGE_ANSWERED, true, NULL },
	{ "UNDELETED", ARG_NONE, SEARCH_FLAG, MESSAGE_DELETED, true, NULL },
	{ "UNDRAFT", ARG_NONE, SEARCH_FLAG, MESSAGE_DRAFT, true, NULL },
	{ "UNFLAGGED", ARG_NONE, SEARCH_FLAG, MESSAGE_FLAGGED, true, NULL },
	{ "UNKEYWORD", ARG_KEYWORD, SEARCH_KEYWORD, 0, true, NULL },
	{ "UNSEEN", ARG_NONE, SEARCH_FLAG, MESSAGE_SEEN, true, NULL },
	{ "YOUNGER", ARG_SECONDS, SEARCH_YOUNGER, 0, false, NULL },
};

static struct search_key *take_key(struct cur *c, struct arena *mem);

static struct search_key *
new_key(struct cur *c, struct arena *mem, enum search_kind kind)
{
	struct search_key *k;

	if (!cur_item(c))
		return NULL;
	k = arena_alloc(mem, sizeof(*k));
	if (k != NULL)
		k->kind = kind;
	return k;
}

/* date = date-text / DQUOTE date-text DQUOTE */
static bool
take_day(struct cur *c, struct arena *mem, int64_t *day)
{
	struct span text;
	struct date d;

	if (!lexer_astring(c, mem, &text) ||
	    date_parse_imap_day(text, &d) != 0)
		return false;
	*day = date_to_time(&d) / 86400;
	return true;
}

static bool
take_text(struct cur *c, struct arena *mem, struct search_key *k)
{
	return lexer_sp(c) && lexer_astring(c, mem, &k->text) &&
	    utf8_valid(k->text);
}

/* search-key *(SP search-key), as one AND. */
static struct search_key *
take_keys(struct cur *c, struct arena *mem)
{
	struct search_key *all = new_key(c, mem, SEARCH_AND);
	struct search_key **tail;

	if (all == NULL)
		return NULL;
	tail = &all->child;
	do {
		*tail = take_key(c, mem);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
	} while (lexer_sp(c));
	return all;
}

static bool
take_children(struct cur *c, struct arena *mem, struct search_key *k,
    unsigned n)
{
	struct search_key **tail = &k->child;

	for (; n > 0; n--) {
		if (!lexer_sp(c))
			return false;
		*tail = take_key(c, mem);
		if (*tail == NULL)
			return false;
		tail = &(*tail)->next;
	}
	return true;
}

/*
 * RFC 7162 section 7: search-modsequence.  There is one number for all of a
 * message: entry-name and entry-type-req are passed over (3.1.5).
 */
static bool
take_modseq(struct cur *c, struct arena *mem, struct search_key *k)
{
	struct span word;

	if (!lexer_sp(c))
		return false;
	if (cur_peek(c) == '"' && (!lexer_string(c, mem, &word) ||
	    !lexer_sp(c) || !lexer_atom(c, &word) || !lexer_sp(c) ||
	    (!span_ieq_str(word, "priv") && !span_ieq_str(word, "shared") &&
	    !span_ieq_str(word, "all"))))
		return false;
	return parse_modseq(c, true, &k->modseq);
}

static bool
take_argument(struct cur *c, struct arena *mem, enum argument arg,
    struct search_key *k)
{
	switch (arg) {
	case ARG_NONE:
		return true;
	case ARG_TEXT:
		return take_text(c, mem, k);
	case ARG_FIELD_TEXT:
		return lexer_sp(c) && lexer_astring(c, mem, &k->field) &&
		    take_text(c, mem, k);
	case ARG_DATE:
		return lexer_sp(c) && take_day(c, mem, &k->day);
	case ARG_NUMBER:
		return lexer_sp(c) && lexer_number(c, &k->octets);
	case ARG_SECONDS:
		return lexer_sp(c) && lexer_nz_number(c, &k->seconds);
	case ARG_KEYWORD:
		return lexer_sp(c) && lexer_atom(c, &k->field);
	case ARG_SET:
		return lexer_sp(c) && seqset_parse(c, mem, &k->set);
	case ARG_KEY:
		return take_children(c, mem, k, 1);
	case ARG_MODSEQ:
		return take_modseq(c, mem, k);
	case ARG_TWO_KEYS:
		return take_children(c, mem, k, 2);
	}
	return false;
}

static struct search_key *
take_word(struct cur *c, struct arena *mem)
{
	struct span name;
	struct search_key *k;

	if (!lexer_atom(c, &name))
		return NULL;
	for (size_t i = 0; i < COUNT(words); i++) {
		const struct search_word *w = &words[i];

		if (!span_ieq_str(name, w->name))
			continue;
		k = new_key(c, mem, w->kind);
		if (k == NULL)
			return NULL;
		k->flag = w->flag;
		k->unset = w->unset;
		k->field = span_str(w->field);
		return take_argument(c, mem, w->arg, k) ? k : NULL;
	}
	return NULL;
}

static struct search_key *
take_set(struct cur *c, struct arena *mem)
{
	struct search_key *k = new_key(c, mem, SEARCH_SEQ);

	return k != NULL && seqset_parse(c, mem, &k->set) ? k : NULL;
}

static struct search_key *
take_key(struct cur *c, struct arena *mem)
{
	struct search_key *k;

	if (!cur_enter(c))
		return NULL;
	if (cur_take(c, '(')) {
		k = take_keys(c, mem);
		if (k != NULL && !cur_take(c, ')'))
			k = NULL;
	} else if (cur_peek(c) == '*' || cur_peek(c) == '$' ||
	    ascii_isdigit((char)cur_peek(c)))
		k = take_set(c, mem);
	else
		k = take_word(c, mem);
	cur_leave(c);
	return k;
}

bool
parse_search_keys(struct cur *c, struct arena *mem, struct search_key **out)
{
	struct cur keys;

	cur_init(&keys, cur_rest(c), IMAP_SEARCH_DEPTH, IMAP_SEARCH_KEYS);
	*out = take_keys(&keys, mem);
	return *out != NULL && cur_end(&keys);
}
