/*
 * cmd_search - SEARCH and UID SEARCH (RFC 3501 6.4.4, 6.4.8).
 * Numbers go out as they are found.
 */
#include "imapd/command.h"
#include "imapd/reply.h"
#include "imapd/search.h"

static void
tell(struct session *s, uint32_t number)
{
	struct buf word;

	buf_init(&word, 16);
	buf_add_char(&word, ' ');
	buf_add_u64(&word, number);
	stream_write(&s->net, word.p, word.n);
	buf_fini(&word);
}

static void
run(struct session *s, struct search *search, const struct search_key *key)
{
	const struct message *m;
	uint32_t uid;

	stream_puts(&s->net, "* SEARCH");
	for (uint32_t seq = 1; seq <= view_count(&s->view); seq++) {
		uid = view_uid(&s->view, seq);
		m = folder_find(s->folder, uid);
		if (m == NULL || !search_match(search, key, seq, m))
			continue;
		/* The time that the search took is not the client's. */
		session_pace(s);
		tell(s, s->command->uid ? uid : seq);
	}
	session_pace(s);
	stream_puts(&s->net, "\r\n");
}

void
cmd_search(struct session *s, const union args *a)
{
	struct search search;

	if (!a->search.charset_known) {
		reply_no(s, "BADCHARSET (US-ASCII UTF-8)",
		    "Charset is not known");
		return;
	}
	if (search_begin(&search, s, a->search.key)) {
		run(s, &search, a->search.key);
		reply_ok(s, NULL, "Search completed");
	} else
		reply_no(s, "LIMIT", "Search is too complex");
	search_end(&search);
}
