/*
 * Any octets as the log of an index, first as they are, then as operations of
 * a transaction whose sum is right.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/index_format.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
on_message(void *ctx, const struct message *m)
{
	struct maildir_name parts;

	(void)ctx;
	if (m->uid == 0 || !maildir_name_parse(span_str(m->name), &parts) ||
	    (m->flags & ~MESSAGE_FLAGS_STORED) != 0 ||
	    (m->ext != NULL && strlen(m->ext) > UIDLIST_LINE_MAX))
		abort();
	return true;
}

static bool
on_gone(void *ctx, uint32_t uid, uint64_t modseq)
{
	(void)ctx;
	(void)modseq;
	return uid != 0;
}

static bool
on_state(void *ctx, const struct index_state *s)
{
	(void)ctx;
	if (s->list.nextuid == 0 || strlen(s->list.guid) > 32 ||
	    strlen(s->list.others) >= sizeof(s->list.others))
		abort();
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct index_log_reader r = { .message = on_message,
	    .gone = on_gone, .state = on_state };
	struct buf whole;
	size_t good;

	(void)index_log_each(span_of(data, size), 7, &r, &good);
	if (good > size)
		abort();
	buf_init(&whole, size + 64);
	index_log_begin(&whole);
	(void)buf_add(&whole, data, size);
	index_log_end(&whole, 0, 7, 9);
	if (index_log_each(buf_span(&whole), 7, &r, &good) && good != whole.n)
		abort();
	if (!index_log_each(buf_span(&whole), 8, &r, &good) || good != 0)
		abort();	/* of another generation */
	buf_fini(&whole);
	return 0;
}
