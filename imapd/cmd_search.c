/*
 * cmd_search - SEARCH and UID SEARCH (RFC 3501 6.4.4, 6.4.8), SORT, THREAD and
 * these with UIDs (RFC 5256 section 3).
 * Where only the first or the last message is wanted, the search ends with it
 * (RFC 4731 section 1).
 */
#include "imapd/command.h"
#include "imapd/found.h"
#include "imapd/modseq.h"
#include "imapd/reply.h"
#include "imapd/search.h"
#include "imapd/sort.h"
#include "imapd/thread_read.h"

/*
 * Search, and hand on what was found.
 * how      enum search_return: MIN or MAX alone
 * phases   how often the messages are passed through
 * returns  false: the answer is given
 */
static bool
find(struct session *s, struct search *search, const struct search_args *a,
    unsigned how, unsigned phases, struct uids *found)
{
	/* RFC 6855 3: the client has said already that it is UTF-8. */
	if (a->charset_given && (s->enabled & ENABLED_UTF8) != 0) {
		reply_bad(s, "CHARSET with UTF8=ACCEPT");
		return false;
	}
	if (a->charset_known && session_is_rev2(s) &&
	    search_has_recent(a->key)) {
		reply_bad(s, "NEW, OLD and RECENT are not in IMAP4rev2");
		return false;
	}
	if (!a->charset_known) {
		reply_no(s, "BADCHARSET (US-ASCII UTF-8)",
		    "Charset is not known");
		found_fail(s, a);
		return false;
	}
	if (search_has_modseq(a->key) && !modseq_begin(s)) {
		found_fail(s, a);
		return false;
	}
	if (!search_begin(search, s, a->key)) {
		search_end(search);
		reply_no(s, "LIMIT", "Search is too complex");
		found_fail(s, a);
		return false;
	}
	/* SORT and THREAD look again at what was found. */
	progress_goal(s, (uint64_t)view_count(&s->view) * phases);
	search_run(search, a->key, how, found);
	return true;
}

void
cmd_search(struct session *s, const union args *a)
{
	struct search_args args = a->search;
	struct search search;
	struct uids found;

	/* RFC 9051 6.4.4: the answer is ESEARCH, with ALL if nothing is said. */
	if (session_is_rev2(s) && !args.extended) {
		args.extended = true;
		args.returns = RETURN_ALL;
	}
	uids_init(&found);
	if (find(s, &search, &args, args.returns & ~(unsigned)RETURN_SAVE, 1,
	    &found)) {
		found_tell(s, &args, "SEARCH", &found);
		search_end(&search);
		reply_ok(s, NULL, "Search completed");
	}
	uids_fini(&found);
}

void
cmd_sort(struct session *s, const union args *a)
{
	struct search search;
	struct uids found;

	uids_init(&found);
	if (find(s, &search, &a->search, 0, 2, &found)) {
		if (sort_messages(&search, a->search.sort, a->search.sort_n,
		    &found)) {
			found_tell(s, &a->search, "SORT", &found);
			reply_ok(s, NULL, "Sort completed");
		} else {
			found_fail(s, &a->search);
			reply_no(s, "LIMIT", "Too much to sort");
		}
		search_end(&search);
	}
	uids_fini(&found);
}

void
cmd_thread(struct session *s, const union args *a)
{
	struct search search;
	struct uids found;

	uids_init(&found);
	if (find(s, &search, &a->search, 0, 2, &found)) {
		thread_messages(&search, a->search.thread, &found);
		search_end(&search);
		reply_ok(s, NULL, "Thread completed");
	}
	uids_fini(&found);
}
