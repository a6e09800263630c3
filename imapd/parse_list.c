/*
 * parse_list - LIST, LSUB and STATUS (RFC 3501 section 9: list, status).
 */
#include "imapd/lexer.h"
#include "imapd/parse.h"

bool
parse_list(struct cur *c, struct arena *mem, union args *a)
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

bool
parse_status(struct cur *c, struct arena *mem, union args *a)
{
	a->status.items = 0;
	if (!lexer_sp(c) || !lexer_astring(c, mem, &a->status.mailbox) ||
	    !lexer_sp(c) || !cur_take(c, '('))
		return false;
	do {
		if (!take_status_item(c, &a->status.items))
			return false;
	} while (lexer_sp(c));
	return cur_take(c, ')') && cur_end(c);
}
