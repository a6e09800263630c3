/*
 * parse_list - LIST with the options of RFC 5258 section 6, RFC 5819 and RFC
 * 6154; LSUB and STATUS (RFC 3501 section 9: lsub, status); CREATE with what the
 * mailbox is for (RFC 6154 section 6).
 */
#include "imapd/lexer.h"
#include "imapd/limits.h"
#include "imapd/parse.h"
#include "store/folders.h"

bool
parse_lsub(struct cur *c, struct arena *mem, union args *a)
{
	return lexer_sp(c) && lexer_astring(c, mem, &a->list.reference) &&
	    lexer_sp(c) && lexer_pattern(c, mem, &a->list.pattern) &&
	    cur_end(c);
}

static bool
take_status_item(struct cur *c, unsigned *items)
{
	static const struct {
		const char *name;
		enum status_item bit;
	} names[] = {
		{ "MESSAGES", STATUS_MESSAGES },
		{ "RECENT", STATUS_RECENT },
		{ "UIDNEXT", STATUS_UIDNEXT },
		{ "UIDVALIDITY", STATUS_UIDVALIDITY },
		{ "UNSEEN", STATUS_UNSEEN },
		{ "DELETED", STATUS_DELETED },		/* RFC 9051 6.3.11 */
		{ "DELETED-STORAGE", STATUS_DELETED_STORAGE }, /* RFC 9208 4.1.4 */
		{ "SIZE", STATUS_SIZE },		/* RFC 8438 3 */
		{ "MAILBOXID", STATUS_MAILBOXID },	/* RFC 8474 4.3 */
		{ "APPENDLIMIT", STATUS_APPENDLIMIT },	/* RFC 7889 3.1 */
		{ "HIGHESTMODSEQ", STATUS_HIGHESTMODSEQ }, /* RFC 7162 3.1.7 */
	};
	struct span word;

	if (!lexer_atom(c, &word))
		return false;
	for (size_t i = 0; i < COUNT(names); i++)
		if (span_ieq_str(word, names[i].name)) {
			*items |= names[i].bit;
			return true;
		}
	return false;
}

/* "(" status-att *(SP status-att) ")" */
static bool
take_status_items(struct cur *c, unsigned *items)
{
	if (!lexer_sp(c) || !cur_take(c, '('))
		return false;
	do {
		if (!take_status_item(c, items))
			return false;
	} while (lexer_sp(c));
	return cur_take(c, ')');
}

bool
parse_status(struct cur *c, struct arena *mem, union args *a)
{
	a->status.items = 0;
	return lexer_sp(c) && lexer_astring(c, mem, &a->status.mailbox) &&
	    take_status_items(c, &a->status.items) && cur_end(c);
}

/* list-select-opt; REMOTE adds nothing: no mailbox is elsewhere. */
static bool
take_select(struct cur *c, struct list_args *a)
{
	struct span word;

	if (!lexer_atom(c, &word))
		return false;
	if (span_ieq_str(word, "SUBSCRIBED"))
		a->select |= LIST_SUBSCRIBED;
	else if (span_ieq_str(word, "RECURSIVEMATCH"))
		a->select |= LIST_RECURSIVE;
	else if (span_ieq_str(word, "SPECIAL-USE"))
		a->select |= LIST_SPECIAL_USE;
	else
		return span_ieq_str(word, "REMOTE");
	return true;
}

/* return-option; CHILDREN is always told. */
static bool
take_return(struct cur *c, struct list_args *a)
{
	struct span word;

	if (!lexer_atom(c, &word))
		return false;
	if (span_ieq_str(word, "STATUS"))
		return take_status_items(c, &a->status);
	if (span_ieq_str(word, "SUBSCRIBED"))
		a->returns |= LIST_SUBSCRIBED;
	else if (span_ieq_str(word, "SPECIAL-USE"))
		a->returns |= LIST_SPECIAL_USE;
	else
		return span_ieq_str(word, "CHILDREN");
	return true;
}

/* "(" [option *(SP option)] ")" */
static bool
take_options(struct cur *c, struct list_args *a,
    bool (*take)(struct cur *c, struct list_args *a))
{
	a->extended = true;
	if (!cur_take(c, '('))
		return false;
	if (cur_take(c, ')'))
		return true;
	do {
		if (!take(c, a))
			return false;
	} while (lexer_sp(c));
	return cur_take(c, ')');
}

/* mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")" */
static bool
take_patterns(struct cur *c, struct arena *mem, struct list_args *a)
{
	bool many = cur_take(c, '(');

	a->extended = a->extended || many;
	a->patterns = arena_array(mem, IMAP_PATTERNS,
	    sizeof(a->patterns[0]));
	if (a->patterns == NULL)
		return false;
	do {
		if (a->patterns_n == IMAP_PATTERNS ||
		    !lexer_pattern(c, mem, &a->patterns[a->patterns_n++]))
			return false;
	} while (many && lexer_sp(c));
	a->pattern = a->patterns[0];
	return !many || cur_take(c, ')');
}

/* RFC 5258 6: list */
bool
parse_list(struct cur *c, struct arena *mem, union args *a)
{
	struct list_args *l = &a->list;

	*l = (struct list_args){ .extended = false };
	if (!lexer_sp(c))
		return false;
	if (cur_peek(c) == '(' && (!take_options(c, l, take_select) ||
	    !lexer_sp(c)))
		return false;
	if (!lexer_astring(c, mem, &l->reference) || !lexer_sp(c) ||
	    !take_patterns(c, mem, l))
		return false;
	if (cur_take_istr(c, " RETURN ") && !take_options(c, l, take_return))
		return false;
	/* RECURSIVEMATCH needs something that it modifies. */
	return cur_end(c) && l->select != LIST_RECURSIVE;
}

/* "USE" SP "(" [use-attr *(SP use-attr)] ")" */
static bool
take_use(struct cur *c, union args *a)
{
	struct span word;

	if (!cur_take_istr(c, "USE") || !lexer_sp(c) || !cur_take(c, '('))
		return false;
	if (cur_take(c, ')'))
		return true;
	do {
		if (!cur_take(c, '\\') || !lexer_atom(c, &word))
			return false;
		if (!folder_use_parse(word, &a->create.uses))
			a->create.other = true;
	} while (lexer_sp(c));
	return cur_take(c, ')');
}

/* RFC 4466 2.2: [SP "(" create-param *(SP create-param) ")"] */
bool
parse_create(struct cur *c, struct arena *mem, union args *a)
{
	a->create.uses = 0;
	a->create.other = false;
	if (!lexer_sp(c) || !lexer_astring(c, mem, &a->create.mailbox))
		return false;
	if (cur_end(c))
		return true;
	return lexer_sp(c) && cur_take(c, '(') && take_use(c, a) &&
	    cur_take(c, ')') && cur_end(c);
}
