/*
 * folder_read - one message: its file, and what only the file can say.
 * Another program may have renamed the file since the last sync (a flag was
 * set): then one refresh finds it under its new name.
 */
#include <errno.h>

#include "os/fd.h"
#include "os/fs.h"
#include "store/folder_priv.h"

#define NS_PER_S	INT64_C(1000000000)

/* The message's file; -1 errno ENOENT: not there, or not in the view. */
static int
open_now(struct folder *f, uint32_t uid)
{
	size_t i = columns_at(&f->cols, uid);
	const struct message *m = NULL;

	if (i < f->cols.n && f->cols.uid[i] == uid)
		m = folder_whole(f, i);
	errno = ENOENT;
	return m == NULL ? -1 : fs_open_read(m->in_new ? f->new_dir :
	    f->cur_dir, m->name);
}

int
folder_open_message(struct folder *f, uint32_t uid, struct why *why)
{
	int fd = open_now(f, uid);

	if (fd < 0 && errno == ENOENT && columns_has(&f->cols, uid)) {
		f->synced = false;	/* whatever the stamps say */
		if (folder_refresh(f, why) != 0)
			return -1;
		fd = open_now(f, uid);
	}
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		why_set(why, WHY_PERM, "5.1.1", "the message is gone");
	else
		why_sys(why, WHY_TEMP, "4.3.0", "cannot open the message");
	return -1;
}

static int
know_stat(struct message *m, int fd)
{
	struct fs_stat st;

	if (fs_fstat(fd, &st) != 0)
		return -1;
	if ((m->known & NEED_SIZE) == 0)
		m->size_octets = st.size_octets;
	m->date_s = st.mtime_ns / NS_PER_S;
	m->known |= NEED_SIZE | NEED_DATE;
	return 0;
}

/* Every LF without a CR before it will be CRLF. */
static int
know_wire(struct message *m, int fd)
{
	char text[32 * 1024], last = 0;
	uint64_t n = 0;
	ssize_t got;

	while ((got = fd_read(fd, text, sizeof(text))) > 0) {
		n += (uint64_t)got;
		for (ssize_t i = 0; i < got; i++) {
			n += text[i] == '\n' && last != '\r';
			last = text[i];
		}
	}
	if (got < 0)
		return -1;
	m->wire_octets = n;
	m->known |= NEED_WIRE;
	return 0;
}

/* What its file says becomes known of message i. */
static int
learn(struct folder *f, uint32_t uid, int fd, unsigned need, struct why *why)
{
	size_t i = columns_at(&f->cols, uid);
	struct message m;
	int rc = 0;

	if (!columns_has(&f->cols, uid) || folder_take(f, i, &m) != 0) {
		why_set(why, WHY_TEMP, "4.3.0", "the index was spoilt");
		return -1;
	}
	need &= ~(unsigned)m.known;
	if ((need & (NEED_SIZE | NEED_DATE)) != 0)
		rc = know_stat(&m, fd);
	if (rc == 0 && (need & NEED_WIRE) != 0)
		rc = know_wire(&m, fd);
	if (rc == 0)
		folder_put(f, i, &m);
	else
		why_sys(why, WHY_TEMP, "4.3.0", "cannot read the message");
	message_fini(&m);
	return rc;
}

/* In the view, as far as it can be shown. */
static const struct message *
whole_of(struct folder *f, uint32_t uid)
{
	size_t i = columns_at(&f->cols, uid);

	return i < f->cols.n && f->cols.uid[i] == uid ? folder_whole(f, i) :
	    NULL;
}

const struct message *
folder_need(struct folder *f, uint32_t uid, unsigned need, struct why *why)
{
	const struct message *m = whole_of(f, uid);
	int fd, rc;

	if (m != NULL && (need & ~(unsigned)m->known) == 0)
		return m;
	fd = folder_open_message(f, uid, why);	/* the view may have moved */
	if (fd < 0)
		return NULL;
	rc = learn(f, uid, fd, need, why);
	fd_close(&fd);
	/* A view of many that nothing was known of does not grow for ever. */
	if (f->index.unsaved > INDEX_UNSAVED_MAX)
		folder_flush(f);
	return rc == 0 ? whole_of(f, uid) : NULL;
}
