/* parse: arguments as RFC 3501 section 9 and the examples of section 6 have them. */
#include "../t.h"

#include "base/bug.h"
#include "imapd/limits.h"
#include "imapd/parse.h"
#include "store/maildir.h"

static struct arena *mem;
static union args args;

static bool
try(parser *parse, struct span text)
{
	struct cur c;

	arena_clear(mem);
	memset(&args, 0, sizeof(args));
	cur_init(&c, text, 0, 0);
	return parse(&c, mem, &args);
}

static bool
parses(parser *parse, const char *text)
{
	t_case(text);
	return try(parse, t_exact(span_str(text)));
}

static const struct { const char *in, *labels; } fetches[] = {
	/* RFC 3501 6.4.5 */
	{ " 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
	    "FLAGS BODY[HEADER.FIELDS (DATE FROM)] " },
	{ " 1 ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE " },
	{ " 1 fast", "FLAGS INTERNALDATE RFC822.SIZE " },
	{ " 1 FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY " },
	{ " 1 BODY[]", "BODY[] " },
	{ " 1 body.peek[]<0.2048>", "BODY[]<0> " },
	{ " 1 BODY[4.2.2.1]<7.1>", "BODY[4.2.2.1]<7> " },
	{ " 1 BODY[1.MIME]", "BODY[1.MIME] " },
	{ " 1 BODY[4.2.HEADER.FIELDS.NOT (\"a(b\" c)]",
	    "BODY[4.2.HEADER.FIELDS.NOT (\"a(b\" c)] " },
	{ " 1 BODY[TEXT]", "BODY[TEXT] " },
	{ " 1 (BODY BODYSTRUCTURE UID RFC822 RFC822.HEADER RFC822.TEXT)",
	    "BODY BODYSTRUCTURE UID RFC822 RFC822.HEADER RFC822.TEXT " },
	{ " 1", NULL },
	{ " 1 ", NULL },
	{ " 1 ()", NULL },
	{ " 1 (FLAGS", NULL },
	{ " 1 (FLAGS )", NULL },
	{ " 1 FLAGS)", NULL },
	{ " 1 (ALL)", NULL },		/* a macro stands alone */
	{ " 1 ALL FLAGS", NULL },
	{ " 1 FLAGSX", NULL },
	{ " 1 BODY[0]", NULL },
	{ " 1 BODY[1.]", NULL },
	{ " 1 BODY[.1]", NULL },
	{ " 1 BODY[MIME]", NULL },	/* must have a number */
	{ " 1 BODY[HEADERS]", NULL },
	{ " 1 BODY[HEADER.FIELDS]", NULL },
	{ " 1 BODY[HEADER.FIELDS ()]", NULL },
	{ " 1 BODY[HEADER.FIELDS (a:b)]", NULL },
	{ " 1 BODY[]<0.0>", NULL },	/* nz-number */
	{ " 1 BODY[]<0>", NULL },
	{ " 1 BODY[]<4294967296.1>", NULL },
	{ " 1 BODY[", NULL },
	{ " 1 BODYSTRUCTURE[1]", NULL },
	{ " x FLAGS", NULL },
	{ "1 FLAGS", NULL },
};

static void
fetch(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, KIB);
	for (size_t i = 0; i < COUNT(fetches); i++) {
		bool ok = parses(parse_fetch, fetches[i].in);

		T_TRUE(ok == (fetches[i].labels != NULL));
		buf_clear(&b);
		for (size_t k = 0; ok && k < args.fetch.n; k++) {
			buf_add_span(&b, args.fetch.v[k].label);
			buf_add_char(&b, ' ');
		}
		if (ok)
			T_STR(buf_span(&b), fetches[i].labels);
	}
	buf_fini(&b);
	T_TRUE(parses(parse_fetch, " 1 BODY.PEEK[4.2.TEXT]<10.20>"));
	T_TRUE(args.fetch.v[0].peek && args.fetch.v[0].partial);
	T_INT(args.fetch.v[0].from, 10);
	T_INT(args.fetch.v[0].octets, 20);
	T_INT(args.fetch.v[0].section.part_n, 2);
	T_INT(args.fetch.v[0].section.part[1], 2);
	T_INT(args.fetch.v[0].section.text, SECTION_TEXT);
	/* 6.4.5: \Seen is not set by these */
	T_TRUE(parses(parse_fetch, " 1 RFC822.HEADER") &&
	    args.fetch.v[0].peek);
	T_TRUE(parses(parse_fetch, " 1 RFC822.TEXT") &&
	    !args.fetch.v[0].peek);
}

static const struct { const char *in; bool ok; } searches[] = {
	/* RFC 3501 6.4.4 */
	{ " FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"", true },
	{ " TEXT \"string not in mailbox\"", true },
	{ " CHARSET UTF-8 TEXT {6}\r\nabcdef", true },
	{ " ALL", true },
	{ " 1:* UID 5,7", true },
	{ " OR SEEN (ANSWERED NOT DELETED)", true },
	{ " HEADER Message-ID \"\"", true },
	{ " ON \"1-Feb-1994\"", true },
	{ " LARGER 4294967295 SMALLER 0", true },
	{ " KEYWORD $Forwarded UNKEYWORD x", true },
	{ " SENTBEFORE 1-Feb-1994 SENTON 12-Mar-2000 SENTSINCE 1-Apr-1999",
	    true },
	{ " RETURN () ALL", true },		/* RFC 4731 3.1 */
	{ " RETURN (MIN COUNT) FLAGGED", true },
	{ " RETURN (SAVE) OR $ 1,3000:3021", true }, /* RFC 5182 2.2 */
	{ " UNSEEN YOUNGER 259200", true },	/* RFC 5032 4 */
	{ " RETURN (PARTIAL -1:-100) UNDELETED", true }, /* RFC 9394 3.1 */
	{ " RETURN (PARTIAL 1:2 ALL) UNDELETED", false },
	{ " RETURN ALL", false },
	{ " OLDER 0", false },
	{ " $:2", false },
	{ "", false },
	{ " ", false },
	{ " NOT", false },
	{ " OR SEEN", false },
	{ " ()", false },
	{ " (SEEN", false },
	{ " SEEN)", false },
	{ " SINCE 1-Foo-1994", false },
	{ " SINCE 31-Feb-1994", false },
	{ " LARGER 4294967296", false },
	{ " LARGER x", false },
	{ " BODY", false },
	{ " KEYWORD \\Seen", false },
	{ " NONSENSE", false },
	{ " TEXT {2}\r\n\xc0\x80", false },
	{ " CHARSET", false },
};

static void
search(void **state)
{
	const struct search_key *k;

	(void)state;
	for (size_t i = 0; i < COUNT(searches); i++)
		T_TRUE(parses(parse_search, searches[i].in) ==
		    searches[i].ok);
	T_TRUE(parses(parse_search, " FLAGGED SINCE 1-Feb-1994 NOT FROM "
	    "\"Smith\""));
	k = args.search.key->child;
	T_TRUE(args.search.key->kind == SEARCH_AND);
	T_TRUE(k->kind == SEARCH_FLAG && k->flag == MESSAGE_FLAGGED);
	k = k->next;
	T_TRUE(k->kind == SEARCH_SINCE);
	T_INT(k->day, 8797);	/* 1994-02-01: 24 years of 365, 6 leap days, 31 */
	k = k->next;
	T_TRUE(k->kind == SEARCH_NOT && k->next == NULL);
	T_STR(k->child->field, "From");
	T_STR(k->child->text, "Smith");
	T_TRUE(parses(parse_search, " CHARSET KOI8-R TEXT x"));
	T_TRUE(!args.search.charset_known);
	T_TRUE(parses(parse_search, " charset us-ascii ALL"));
	T_TRUE(args.search.charset_known);
}

static struct span
nested(const char *unit, size_t times, const char *end)
{
	static struct buf b;

	buf_fini(&b);
	buf_init(&b, 4 * MIB);
	for (size_t i = 0; i < times; i++)
		buf_add_str(&b, unit);
	buf_add_str(&b, end);
	return buf_span(&b);
}

/* RFC 3501 does not say how deep keys may nest; we do. */
static void
search_depth(void **state)
{
	(void)state;
	t_case("NOT");
	T_TRUE(try(parse_search, nested(" NOT", IMAP_SEARCH_DEPTH - 1,
	    " SEEN")));
	T_TRUE(!try(parse_search, nested(" NOT", IMAP_SEARCH_DEPTH + 1,
	    " SEEN")));
	T_TRUE(!try(parse_search, nested(" NOT", 100000, " SEEN")));
	t_case("OR");
	T_TRUE(!try(parse_search, nested(" OR", 100000, " SEEN")));
	t_case("(");
	T_TRUE(!try(parse_search, nested(" (", 100000, "")));
	t_case("many");
	T_TRUE(!try(parse_search, nested(" SEEN", IMAP_SEARCH_KEYS + 1, "")));
	T_TRUE(try(parse_search, nested(" SEEN", IMAP_SEARCH_KEYS - 1, "")));
}

static void
store(void **state)
{
	static const struct { const char *in; bool ok; } cases[] = {
		{ " 2:4 +FLAGS (\\Deleted)", true },	/* 6.4.6 */
		{ " 1 FLAGS ()", true },
		{ " 1 -FLAGS.SILENT \\Seen $Junk", true },
		{ " 1 +FLAGS (\\Recent)", false },
		{ " 1 +FLAGS (\\Foo)", false },
		{ " 1 +FLAGS", false },
		{ " 1 +FLAGS ", false },
		{ " 1 *FLAGS (\\Seen)", false },
		{ " 1 FLAGS (\\Seen", false },
		{ " 1 FLAGS (\\Seen  x)", false },
		{ " 1 FLAGS (a\"b\")", false },
		{ " 1 FLAG (a)", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		T_TRUE(parses(parse_store, cases[i].in) == cases[i].ok);
	T_TRUE(parses(parse_store, " 1 -flags.silent (\\seen a \\Draft b)"));
	T_TRUE(args.store.how == STORE_REMOVE && args.store.silent);
	T_INT(args.store.flags.system, MESSAGE_SEEN | MESSAGE_DRAFT);
	T_INT(args.store.flags.keywords_n, 2);
	T_STR(args.store.flags.keywords[1], "b");
}

static void
append(void **state)
{
	static const struct { const char *in; bool ok; } cases[] = {
		{ " saved-messages (\\Seen) ", true },	/* 6.3.11 */
		{ " INBOX ", true },
		{ " \"a b\" \"17-Jul-1996 02:44:25 -0700\" ", true },
		{ " x () \" 7-Jul-1996 02:44:25 -0700\" ", true },
		{ " INBOX", false },
		{ " INBOX (\\Seen)", false },
		{ " INBOX \"17-Jul-96 02:44:25 -0700\" ", false },
		{ " INBOX x ", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		T_TRUE(parses(parse_append, cases[i].in) == cases[i].ok);
	T_TRUE(parses(parse_append, cases[2].in) && args.append.has_date);
	T_INT(args.append.date_s, 837596665);	/* 1996-07-17T09:44:25Z */
	t_case("which literal");
	T_TRUE(!parse_append_at_message(SPAN_LIT("APPEND "), mem));
	T_TRUE(parse_append_at_message(SPAN_LIT("APPEND INBOX "), mem));
	T_TRUE(parse_append_at_message(SPAN_LIT("APPEND {5}\r\nINBOX "),
	    mem));
	T_TRUE(parse_append_at_message(SPAN_LIT("APPEND INBOX (\\Seen) "),
	    mem));
	T_TRUE(parse_append_at_message(SPAN_LIT("REPLACE 4 INBOX "), mem));
	T_TRUE(parse_append_at_message(SPAN_LIT("uid replace * INBOX "), mem));
	T_TRUE(!parse_append_at_message(SPAN_LIT("REPLACE 4 "), mem));
	T_TRUE(!parse_append_at_message(SPAN_LIT("REPLACE INBOX x "), mem));
	T_TRUE(!parse_append_at_message(SPAN_LIT("SELECT INBOX "), mem));
}

static void
others(void **state)
{
	static const struct { parser *parse; const char *in; bool ok; }
	    cases[] = {
		{ parse_nothing, "", true },
		{ parse_nothing, " ", false },
		{ parse_mailbox, " INBOX", true },
		{ parse_mailbox, " \"a b\"", true },
		{ parse_mailbox, " a b", false },
		{ parse_mailbox, " a*", false },
		{ parse_mailbox, "", false },
		{ parse_rename, " a b", true },
		{ parse_rename, " a", false },
		{ parse_list, " \"\" *", true },
		/* RFC 5258 5, 6; RFC 5819 3; RFC 6154 5.2 */
		{ parse_list, " (SUBSCRIBED RECURSIVEMATCH REMOTE) \"\" *",
		    true },
		{ parse_list, " () \"\" (\"INBOX\" \"Drafts\" \"Sent/%\")",
		    true },
		{ parse_list, " \"\" % RETURN (STATUS (MESSAGES UNSEEN))",
		    true },
		{ parse_list, " \"\" % RETURN (CHILDREN SPECIAL-USE)", true },
		{ parse_list, " (SPECIAL-USE) \"\" % RETURN ()", true },
		{ parse_list, " (RECURSIVEMATCH) \"\" *", false },
		{ parse_list, " (NONSENSE) \"\" *", false },
		{ parse_list, " \"\" () RETURN (CHILDREN)", false },
		{ parse_list, " \"\" * RETURN (STATUS)", false },
		{ parse_list, " \"\" * RETURN (STATUS ())", false },
		{ parse_lsub, " \"\" *", true },
		{ parse_lsub, " () \"\" *", false },
		{ parse_list, " ~/Mail/ %", true },
		{ parse_list, " \"\"", false },
		{ parse_list, " * *", false },
		{ parse_status, " blurdybloop (UIDNEXT MESSAGES)", true },
		{ parse_status, " x ()", false },
		{ parse_status, " x (NOTHING)", false },
		{ parse_status, " x UIDNEXT", false },
		{ parse_copy, " 2:4 MEETING", true },
		{ parse_copy, " 2:4", false },
		{ parse_set, " 3000:3002", true },
		{ parse_set, " ", false },
		{ parse_id, " NIL", true },
		{ parse_id, " (\"name\" \"sodr\" \"version\" \"19.34\")", true },
		{ parse_id, " (\"os\" NIL)", true },
		{ parse_id, " ()", true },
		{ parse_id, " (\"name\")", false },
		{ parse_id, "", false },
		{ parse_atoms, " CONDSTORE X-GOOD-IDEA", true },
		{ parse_atoms, "", false },
		/* RFC 5256 3, RFC 5957 5, RFC 5267 3.3 */
		{ parse_sort, " (SUBJECT) UTF-8 SINCE 1-Feb-1994", true },
		{ parse_sort, " (SUBJECT REVERSE DATE) UTF-8 ALL", true },
		{ parse_sort, " (displayfrom) US-ASCII TEXT \"x\"", true },
		{ parse_sort, " RETURN () (REVERSE DATE) UTF-8 UNDELETED",
		    true },
		{ parse_sort, " () UTF-8 ALL", false },
		{ parse_sort, " (REVERSE) UTF-8 ALL", false },
		{ parse_sort, " (SUBJECT) ALL", false },
		{ parse_sort, " (DATE DATE DATE DATE DATE DATE DATE DATE DATE"
		    " DATE DATE DATE DATE DATE DATE DATE DATE) UTF-8 ALL",
		    false },
		{ parse_thread, " ORDEREDSUBJECT UTF-8 SINCE 5-MAR-2000",
		    true },
		{ parse_thread, " REFERENCES US-ASCII TEXT \"gewp\"", true },
		{ parse_thread, " REFS UTF-8 ALL", true },
		{ parse_thread, " JWZ UTF-8 ALL", false },
		{ parse_thread, " REFERENCES UTF-8", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		T_TRUE(parses(cases[i].parse, cases[i].in) == cases[i].ok);
	T_TRUE(parses(parse_status, " x (UIDNEXT UNSEEN)"));
	T_INT(args.status.items, STATUS_UIDNEXT | STATUS_UNSEEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetch),
		cmocka_unit_test(search),
		cmocka_unit_test(search_depth),
		cmocka_unit_test(store),
		cmocka_unit_test(append),
		cmocka_unit_test(others),
	};

	mem = arena_new(IMAP_ARENA_MAX);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
