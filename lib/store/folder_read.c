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

static int
open_now(const struct folder *f, const struct message *m)
{
	return fs_open_read(m->in_new ? f->new_dir : f->cur_dir, m->name);
}

int
folder_open_message(struct folder *f, uint32_t uid, struct why *why)
{
	const struct message *m = folder_get(f, uid);
	int fd = -1;

	errno = ENOENT;
	if (m != NULL)
		fd = open_now(f, m);
	if (fd < 0 && errno == ENOENT && m != NULL) {
		f->synced = false;	/* whatever the stamps say */
		if (folder_refresh(f, why) != 0)
			return -1;
		m = folder_get(f, uid);
		errno = ENOENT;
		if (m != NULL)
			fd = open_now(f, m);
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

const struct message *
folder_need(struct folder *f, uint32_t uid, unsigned need, struct why *why)
{
	struct message *m = folder_get(f, uid);
	int fd, rc = 0;

	if (m != NULL && (need & ~(unsigned)m->known) == 0)
		return m;
	fd = folder_open_message(f, uid, why);
	if (fd < 0)
		return NULL;
	m = folder_get(f, uid);		/* the view may have moved */
	need &= ~(unsigned)m->known;
	if ((need & (NEED_SIZE | NEED_DATE)) != 0)
		rc = know_stat(m, fd);
	if (rc == 0 && (need & NEED_WIRE) != 0)
		rc = know_wire(m, fd);
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.3.0", "cannot read the message");
	fd_close(&fd);
	return rc == 0 ? m : NULL;
}
