/*
 * deliver_forward.c - see deliver_forward.h.
 * Who may write the file decides where the owner's mail goes: the owner alone.
 * Group and others must not be able to write the directory either, or they
 * could put another file in its place.
 */
#include "local-deliver/deliver_forward.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/log.h"
#include "local-deliver/rules.h"
#include "os/fd.h"
#include "os/fs.h"

#define WRITABLE_BY_OTHERS	022

static const char *
fault_of(const struct fs_stat *st, enum fs_kind kind, uint32_t uid)
{
	if (st->kind != kind)
		return "not a regular file in a directory";
	if (st->uid != uid)
		return "not the owner's";
	if ((st->mode & WRITABLE_BY_OTHERS) != 0)
		return "others may write it";
	return NULL;
}

/* The file opened and judged, or -1 with the reason (NULL: there is none). */
static int
open_judged(int home, uint32_t uid, const char **reason)
{
	struct fs_stat st;
	int fd;

	*reason = "cannot look at it";
	if (fs_fstat(home, &st) != 0 ||
	    (*reason = fault_of(&st, FS_DIR, uid)) != NULL)
		return -1;
	fd = fs_open_read(home, FORWARD_NAME);
	if (fd < 0) {
		*reason = errno == ENOENT ? NULL : "cannot open it";
		return -1;
	}
	*reason = "cannot look at it";
	if (fs_fstat(fd, &st) != 0 ||
	    (*reason = fault_of(&st, FS_FILE, uid)) != NULL)
		fd_close(&fd);
	else if (st.links != 1) {
		*reason = "it has a second name";
		fd_close(&fd);
	}
	return fd;
}

void
forward_read(const struct mail_roots *roots, const char *home, uint32_t uid,
    struct buf *text)
{
	const char *reason = NULL;
	int dir, fd = -1;

	dir = mail_roots_find(roots, home);
	if (dir < 0)
		return;		/* no home, no forward file */
	fd = open_judged(dir, uid, &reason);
	if (fd >= 0 && fs_slurp_fd(fd, text) != 0) {
		reason = errno == EFBIG ? "too large" : "cannot read it";
		buf_clear(text);
	}
	if (reason != NULL)
		log_warn(LF_STR("event", "forward-ignored"),
		    LF_STR("home", home), LF_STR("why", reason));
	fd_close(&fd);
	fd_close(&dir);
}

int
forward_apply(struct ipc_client *qmgr, struct span text,
    const struct job_rcpt *rcpt, bool *keep)
{
	struct rules *r;
	struct addr self;
	int rc = 0;

	*keep = true;
	if (text.n == 0 ||
	    addr_parse(span_str(rcpt->address), &self, NULL) != 0)
		return 0;
	r = xcalloc(1, sizeof(*r));
	rules_parse(text, &self, r);
	if (r->ignored > 0)
		log_warn(LF_STR("event", "forward-entry-ignored"),
		    LF_STR("rcpt", rcpt->address),
		    LF_STR("entry", r->first_ignored),
		    LF_NUM("count", r->ignored));
	for (size_t i = 0; rc >= 0 && i < r->n; i++)
		rc = job_forward(qmgr, rcpt->index, &r->to[i]) != 0 ? -1 :
		    rc + 1;
	*keep = r->keep;
	free(r);
	return rc;
}
