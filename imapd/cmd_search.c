/*
 * cmd_search - SEARCH and UID SEARCH (RFC 3501 6.4.4, 6.4.8).
 * Where only the first or the last message is wanted, the search ends with it
 * (RFC 4731 section 1).
 */
#include "imapd/command.h"
#include "imapd/found.h"
#include "imapd/reply.h"
#include "imapd/search.h"

static void
find(struct session *s, struct search *search, const struct search_args *a,
    struct uids *found)
{
	unsigned how = a->returns & ~(unsigned)RETURN_SAVE;
	uint32_t count = view_count(&s->view), seq;
	const struct message *m;

	for (uint32_t i = 1; i <= count; i++) {
		seq = how == RETURN_MAX ? count + 1 - i : i;
		m = folder_find(s->folder, view_uid(&s->view, seq));
		if (m == NULL || !search_match(search, a->key, seq, m))
			continue;
		uids_add(found, seq);
		if (how == RETURN_MIN || how == RETURN_MAX)
			return;
	}
}

void
cmd_search(struct session *s, const union args *a)
{
	struct search search;
	struct uids found;

	if (!a->search.charset_known) {
		found_fail(s, &a->search);
		reply_no(s, "BADCHARSET (US-ASCII UTF-8)",
		    "Charset is not known");
		return;
	}
	uids_init(&found);
	if (search_begin(&search, s, a->search.key)) {
		find(s, &search, &a->search, &found);
		found_tell(s, &a->search, "SEARCH", &found);
		reply_ok(s, NULL, "Search completed");
	} else {
		found_fail(s, &a->search);
		reply_no(s, "LIMIT", "Search is too complex");
	}
	search_end(&search);
	uids_fini(&found);
}
