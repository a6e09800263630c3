/*
 * Any octets as subjects and message identifiers: base subjects end, are no
 * longer than the text and their own base; threads hold every message once,
 * in brackets that close.
 * links: imapd/subject.c imapd/msgid.c imapd/thread.c imapd/thread_join.c
 * links: imapd/thread_order.c imapd/thread_table.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "imapd/limits.h"
#include "imapd/msgid.h"
#include "imapd/subject.h"
#include "imapd/thread.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t
number(uint32_t seq, void *ctx)
{
	*(uint32_t *)ctx += 1;
	return seq;
}

static void
put(struct span piece, void *ctx)
{
	static int depth;

	(void)ctx;
	for (size_t i = 0; i < piece.n; i++) {
		depth += piece.p[i] == '(' ? 1 : piece.p[i] == ')' ? -1 : 0;
		must(depth >= 0);
	}
	must(depth == 0 || piece.n >= IMAP_PIECE / 2);
}

/* A line is a message: Message-ID and references, then the subject. */
static void
add(struct thread *t, struct span line, uint32_t seq)
{
	struct span ids = span_cut(&line, ';'), rest = ids;
	struct thread_message m = { .seq = seq, .date_s = (int64_t)ids.n };
	struct buf id, base;

	buf_init(&id, MSGID_MAX);
	buf_init(&base, line.n);
	m.reply = subject_base(line, &base);
	must(!base.full && base.n <= line.n);
	m.subject = buf_span(&base);
	if (msgid_next(&rest, &id))
		m.id = buf_span(&id);
	thread_add(t, &m);
	while (msgid_next(&rest, &id))
		thread_refer(t, buf_span(&id));
	buf_fini(&id);
	buf_fini(&base);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[16] = { 7 };
	struct span rest = span_of(data, size);
	struct thread *t;
	struct thread_sink sink = { number, put, NULL };
	uint32_t seq = 0, told = 0;

	if (size == 0)
		return 0;
	t = thread_new((enum thread_kind)(data[0] % 3), seed);
	rest = span_from(rest, 1);
	while (rest.p != NULL)
		add(t, span_cut(&rest, '\n'), ++seq);
	thread_finish(t);
	sink.ctx = &told;
	thread_put(t, &sink);
	must(told == seq);
	thread_free(&t);
	return 0;
}
