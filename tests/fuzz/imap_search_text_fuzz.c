/*
 * Any octets as a message that is searched, and as the text that is looked
 * for: ends, and an empty text is found in every header that has a field.  What
 * is searched as one text has the same found as with its tree.
 * links: imapd/search_text.c imapd/casemap.c -lutf8proc
 */
#include <stdint.h>
#include <stdlib.h>

#include "imapd/casemap.h"
#include "imapd/limits.h"
#include "imapd/search_text.h"
#include "mail/header.h"
#include "os/charset.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), header, body;
	struct search_text t;
	struct mime_tree tree;
	struct header_walk w;
	struct header_field f;
	struct buf want;
	static bool open;
	bool found, single;

	if (!open)
		charset_open_all();
	open = true;
	buf_init(&want, 64 * KIB + size * 18);
	if (casemap_fold(&want, span_head(in, 64)) != 0)
		abort();
	search_text_init(&t);
	header_split(in, &header, &body);
	header_walk_init(&w, header, SIZE_MAX);
	if (search_text_header(&t, header, SPAN_NONE, SPAN_NONE) !=
	    header_next(&w, &f))
		abort();
	(void)search_text_header(&t, header, SPAN_LIT("Subject"),
	    buf_span(&want));
	mime_walk(in, IMAP_MIME_DEPTH, IMAP_PARTS_MAX, &tree);
	if (!search_text_body(&t, &tree, in, SPAN_NONE))
		abort();
	found = search_text_body(&t, &tree, in, buf_span(&want));
	if (search_text_single(&t, in, buf_span(&want), &single) &&
	    single != found)
		abort();
	(void)search_text_mime(&t, &tree, in, buf_span(&want));
	mime_tree_fini(&tree);
	search_text_fini(&t);
	buf_fini(&want);
	return 0;
}
