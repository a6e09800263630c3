/*
 * body.c - reads the file in pieces and passes them through the dot writer.
 * The file is read, never mapped: what is cut off under us is a short read and
 * a temporary failure, not a signal.
 */
#include "smtp-out/body.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "smtp-out/limits.h"
#include "smtp-out/downgrade.h"

static int
lost(struct why *why)
{
	why_set(why, WHY_TEMP, "4.4.2",
	    "connection lost while sending the message");
	return -1;
}

uint64_t
body_octets(const struct job_out *j)
{
	return j->in.head.size_octets - j->header_was + j->header.n;
}

int
body_send(struct dot_out *out, struct stream *s, const struct job_out *j,
    struct why *why)
{
	static char chunk[CHUNK];
	uint64_t at = j->in.head.at_octets + j->header_was;
	uint64_t left = j->in.head.size_octets - j->header_was;

	dot_out_init(out, s, DOT_CR_SPACE);
	stream_pace(s, DATA_BLOCK_MS, PACE_OCTETS_S);
	if (j->downgraded ? downgrade_send(out, j) != 0 : j->header.n > 0 &&
	    dot_write(out, j->header.p, j->header.n) != STREAM_OK)
		return lost(why);
	while (left > 0 && !j->downgraded) {
		size_t n = left < CHUNK ? (size_t)left : CHUNK;

		if (fd_pread_all(j->in.file, chunk, n, at) != 0) {
			why_sys(why, WHY_TEMP, "4.3.0",
			    "cannot read the queue file");
			return -1;
		}
		if (dot_write(out, chunk, n) != STREAM_OK)
			return lost(why);
		at += n;
		left -= n;
	}
	/* All but the end must have left before the end may. */
	return stream_flush(s) == STREAM_OK ? 0 : lost(why);
}

int
body_end(struct dot_out *out, struct why *why)
{
	if (dot_end(out) != STREAM_OK || stream_flush(out->s) != STREAM_OK)
		return lost(why);
	return 0;
}

int
body_load(struct job_out *j, struct why *why)
{
	size_t n = (size_t)body_octets(j), first = j->header.n;

	if (j->text != NULL)
		return 0;		/* for a host of before */
	j->text = xmalloc(n > 0 ? n : 1);
	if (first > 0)
		memcpy(j->text, j->header.p, first);
	if (fd_pread_all(j->in.file, j->text + first, n - first,
	    j->in.head.at_octets + j->header_was) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read the queue file");
	free(j->text);
	j->text = NULL;
	return -1;
}

struct span
body_text(const struct job_out *j)
{
	return span_of(j->text, (size_t)body_octets(j));
}
