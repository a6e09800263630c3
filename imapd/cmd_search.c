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
	struct search search;
	struct uids found;

	uids_init(&found);
	if (find(s, &search, &a->search,
	    a->search.returns & ~(unsigned)RETURN_SAVE, 1, &found)) {
		found_tell(s, &a->search, "SEARCH", &found);
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
