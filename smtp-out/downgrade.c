/*
 * downgrade.c - the message is read whole into memory, for its parts must be
 * known before the first of them is written; that is why there is a limit.  It
 * is converted twice: to see that it can be and how long it becomes, then for
 * the host.
 */
#include "smtp-out/downgrade.h"

#include <stdlib.h>

#include "base/bug.h"
#include "mail/mime_down.h"
#include "os/fd.h"
#include "smtp-out/limits.h"
#include "smtp/ehlo.h"

static int
count(void *ctx, struct span octets)
{
	uint64_t *n = ctx;

	*n += octets.n;
	return 0;
}

static int
load(struct job_out *j, struct why *why)
{
	size_t n = (size_t)j->in.head.size_octets;

	if (j->text != NULL)
		return 0;		/* for a host of before */
	j->text = xmalloc(n > 0 ? n : 1);
	if (fd_pread_all(j->in.file, j->text, n, j->in.head.at_octets) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read the queue file");
	free(j->text);
	j->text = NULL;
	return -1;
}

static struct span
message(const struct job_out *j)
{
	return span_of(j->text, (size_t)j->in.head.size_octets);
}

int
downgrade_prepare(struct job_out *j, unsigned caps, struct why *why)
{
	uint64_t n = 0;
	const struct mime_down_sink counter = { count, &n };

	j->downgraded = j->in.head.body_8bit && (caps & EHLO_8BITMIME) == 0;
	j->octets = j->in.head.size_octets;
	if (!j->downgraded)
		return 0;
	if (j->octets > LOWER_MAX) {
		why_set(why, WHY_PERM, "5.6.3", "the host takes no 8-bit "
		    "mail, and this is too big to be converted");
		return -1;
	}
	if (load(j, why) != 0)
		return -1;
	if (mime_down(message(j), &counter) != MIME_DOWN_DONE) {
		why_set(why, WHY_PERM, "5.6.3", "the host takes no 8-bit "
		    "mail, and this cannot be converted");
		return -1;
	}
	j->octets = n;
	return 0;
}

static int
write_out(void *ctx, struct span octets)
{
	return dot_write(ctx, octets.p, octets.n) == STREAM_OK ? 0 : -1;
}

int
downgrade_send(struct dot_out *out, const struct job_out *j)
{
	const struct mime_down_sink sink = { write_out, out };

	return mime_down(message(j), &sink) == MIME_DOWN_DONE ? 0 : -1;
}
