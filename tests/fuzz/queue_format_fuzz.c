/*
 * queue_format_fuzz - the parsers of a queue file never read past their
 * input, and what they take they write again octet for octet; any string is
 * a value that comes back (threats A4, E9).
 * The first octet says which: envelope, log line, first line, value.
 */
#include <stdlib.h>
#include <string.h>

#include "queue/format.h"
#include "queue/log.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
envelope(struct span s)
{
	struct arena *a = arena_new(4 * MIB);
	struct queue_envelope e;
	struct queue_writer w;
	struct buf again;

	buf_init(&again, 4 * MIB);
	if (queue_envelope_parse(s, a, &e, NULL) == 0) {
		must(queue_writer_begin(&w, &e, &again) == 0);
		must(span_eq(s, span_from(buf_span(&again), QUEUE_FIRST_LEN)));
	}
	buf_fini(&again);
	arena_free(&a);
}

static void
log_line(struct span s)
{
	struct buf store, again;
	struct queue_log l;

	buf_init(&store, QUEUE_LOG_LINE_MAX);
	buf_init(&again, QUEUE_LOG_LINE_MAX);
	if (queue_log_parse(s, &store, &l) == 0) {
		must(queue_log_put(&again, &l) == 0);
		must(span_eq(s, span_head(buf_span(&again), again.n - 1)));
	}
	buf_fini(&store);
	buf_fini(&again);
}

static void
value(struct span s)
{
	struct buf word, back;

	buf_init(&word, 3 * QUEUE_VALUE_MAX);
	buf_init(&back, QUEUE_VALUE_MAX);
	if (queue_put_word(&word, s) == 0) {
		must(!span_has(buf_span(&word), ' '));
		must(!span_has(buf_span(&word), '\n'));
		must(queue_get_word(buf_span(&word), &back) == 0);
		must(span_eq(s, buf_span(&back)));
		buf_clear(&word);
		buf_clear(&back);
		must(queue_put_text(&word, s) == 0);
		must(!span_has(buf_span(&word), '\n'));
		must(queue_get_text(buf_span(&word), &back) == 0);
		must(span_eq(s, buf_span(&back)));
	} else
		must(s.n > QUEUE_VALUE_MAX);
	buf_fini(&word);
	buf_fini(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queue_first f;
	struct span s;

	if (size == 0)
		return 0;
	s = span_of(data + 1, size - 1);
	switch (data[0] & 3) {
	case 0:
		envelope(s);
		break;
	case 1:
		log_line(s);
		break;
	case 2:
		(void)queue_first_parse(s, &f);	/* only that it survives */
		break;
	case 3:
		value(s);
		break;
	}
	return 0;
}
