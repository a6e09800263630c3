/*
 * downgrade.c - the message is read whole into memory, for its parts must be
 * known before the first of them is written; that is why there is a limit.  It
 * is converted twice: to see that it can be and how long it becomes, then for
 * the host.
 */
#include "smtp-out/downgrade.h"

#include "mail/mime_down.h"
#include "smtp-out/body.h"
#include "smtp-out/limits.h"
#include "smtp/ehlo.h"

static int
count(void *ctx, struct span octets)
{
	uint64_t *n = ctx;

	*n += octets.n;
	return 0;
}

int
downgrade_prepare(struct job_out *j, unsigned caps, struct why *why)
{
	uint64_t n = 0;
	const struct mime_down_sink counter = { count, &n };

	j->downgraded = j->in.head.body_8bit && (caps & EHLO_8BITMIME) == 0;
	j->octets = body_octets(j);
	if (!j->downgraded)
		return 0;
	if (j->octets > LOWER_MAX) {
		why_set(why, WHY_PERM, "5.6.3", "the host takes no 8-bit "
		    "mail, and this is too big to be converted");
		return -1;
	}
	if (body_load(j, why) != 0)
		return -1;
	if (mime_down(body_text(j), &counter) != MIME_DOWN_DONE) {
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

	return mime_down(body_text(j), &sink) == MIME_DOWN_DONE ? 0 : -1;
}
