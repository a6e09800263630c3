/*
 * body.c - see body.h.
 */
#include "local-deliver/body.h"

#include <errno.h>

#include "os/fd.h"

int
body_read(const struct job_in *j, uint64_t offset, void *p, size_t n,
    struct why *why)
{
	if (fd_pread_all(j->file, p, n, j->head.at_octets + offset) == 0)
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read the queue file");
	return -1;
}

int
body_head(const struct job_in *j, struct buf *out, struct why *why)
{
	size_t n = j->head.size_octets < out->cap ?
	    (size_t)j->head.size_octets : out->cap;
	char *to = buf_room(out, n);

	if (to == NULL || body_read(j, 0, to, n, why) != 0)
		return -1;
	buf_grown(out, n);
	return 0;
}

int
body_added(struct buf *out, const struct job_in *j,
    const struct job_rcpt *rcpt)
{
	(void)buf_addf(out, "Return-Path: <%s>\r\n", j->head.sender);
	(void)buf_addf(out, "Delivered-To: %s\r\n", rcpt->address);
	return out->full ? -1 : 0;
}
