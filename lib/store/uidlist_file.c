/*
 * uidlist_file - see uidlist_file.h.
 * The file grows by whole lines or is replaced; so a reader goes on from where
 * it was as long as the name leads to the same inode and the file has not
 * shrunk, and reads afresh otherwise.  Readers take no lock.
 *
 * Who only adds a message needs the header and the last line, not the file:
 * in a folder of 100,000 messages that is 8 KiB in place of 7 MiB.
 */
#include "store/uidlist_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"

/*
 * What has not changed for an hour is on the disk: the system writes dirty
 * pages back within half a minute.  Saves two syncs per look at a folder that
 * nobody uses.
 */
#define SETTLED_NS	(INT64_C(3600) * 1000000000)
#define NS_PER_S	INT64_C(1000000000)
#define SWEEP_AGE_S	(24 * 3600)	/* nobody writes a file for so long */

void
uidlist_file_init(struct uidlist_file *u, int dir)
{
	*u = (struct uidlist_file){ .dir = dir, .fd = -1,
	    .state = UIDLIST_MISSING, .header = { .nextuid = 1 } };
}

void
uidlist_file_fini(struct uidlist_file *u)
{
	fd_close(&u->fd);
}

void
uidlist_news_init(struct uidlist_news *n)
{
	*n = (struct uidlist_news){ .v = NULL };
	buf_init(&n->text, UIDLIST_FILE_MAX);
}

void
uidlist_news_fini(struct uidlist_news *n)
{
	buf_fini(&n->text);
	free(n->v);
	n->v = NULL;
	n->n = n->size = 0;
}

static bool
take_record(const struct uidlist_record *r, void *ctx)
{
	struct uidlist_news *n = ctx;

	if (n->n == n->size) {
		n->size = n->size == 0 ? 64 : n->size * 2;
		n->v = xreallocarray(n->v, n->size, sizeof(n->v[0]));
	}
	n->v[n->n++] = *r;
	return true;
}

/* The file of that name, opened if it is not the one that is open. */
static int
reopen(struct uidlist_file *u, struct uidlist_news *news, struct fs_stat *st)
{
	if (u->fd >= 0 && fs_stat(u->dir, UIDLIST_NAME, st) == 0 &&
	    st->inode == u->inode && st->device == u->device &&
	    st->size_octets >= u->at_octets && u->state == UIDLIST_GOOD)
		return 0;
	fd_close(&u->fd);
	u->at_octets = 0;
	u->last = 0;
	news->afresh = true;
	u->fd = fs_open_read(u->dir, UIDLIST_NAME);
	if (u->fd < 0) {
		u->state = UIDLIST_MISSING;
		return errno == ENOENT ? 0 : -1;
	}
	if (fs_fstat(u->fd, st) != 0)
		return -1;
	u->inode = st->inode;
	u->device = st->device;
	return 0;
}

/* From where we were to the end, as octets. */
static int
read_rest(struct uidlist_file *u, uint64_t size, struct buf *out)
{
	size_t n;
	char *to;

	if (size - u->at_octets > UIDLIST_FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	n = (size_t)(size - u->at_octets);
	if (n == 0)
		return 0;
	to = buf_room(out, n);
	if (to == NULL || fd_pread_all(u->fd, to, n, u->at_octets) != 0)
		return -1;
	buf_grown(out, n);
	return 0;
}

/* More lines of a file whose beginning was good. */
static bool
parse_more(struct uidlist_file *u, struct span text,
    struct uidlist_news *news)
{
	struct uidlist_record r;

	if (!span_ends(text, SPAN_LIT("\n")))
		return text.n == 0;
	text.n--;
	while (text.p != NULL) {
		if (!uidlist_parse_record(span_cut(&text, '\n'), &r) ||
		    r.uid <= u->last)
			return false;
		u->last = r.uid;
		if (r.uid >= u->header.nextuid)
			u->header.nextuid = r.uid + 1;
		(void)take_record(&r, news);	/* always goes on */
	}
	return true;
}

static bool
parse_all(struct uidlist_file *u, struct span text, struct uidlist_news *news)
{
	bool good = uidlist_parse(text, &u->header, take_record, news);

	if (news->n > 0)
		u->last = news->v[news->n - 1].uid;
	return good;
}

static void
news_clear(struct uidlist_news *n)
{
	buf_clear(&n->text);
	n->n = 0;
	n->afresh = false;
}

int
uidlist_file_read(struct uidlist_file *u, bool locked,
    struct uidlist_news *news, struct why *why)
{
	struct fs_stat st = { .size_octets = 0 };
	struct span text;
	bool good;

	news_clear(news);
	if (reopen(u, news, &st) != 0)
		goto failed;
	if (u->fd < 0)
		return 0;
	u->ctime_ns = st.ctime_ns;
	if (read_rest(u, st.size_octets, &news->text) != 0)
		goto failed;
	text = buf_span(&news->text);
	if (!locked)
		text = span_head(text, span_rchr(text, '\n') == text.n ? 0 :
		    span_rchr(text, '\n') + 1);
	if (u->at_octets == 0)
		good = parse_all(u, text, news);
	else if (!(good = parse_more(u, text, news))) {
		/* Damage is judged over the whole file. */
		u->state = UIDLIST_DAMAGED;
		return uidlist_file_read(u, locked, news, why);
	}
	u->at_octets += text.n;
	u->state = good ? UIDLIST_GOOD : UIDLIST_DAMAGED;
	return 0;
failed:
	why_sys(why, WHY_TEMP, "4.3.0", "cannot read " UIDLIST_NAME);
	fd_close(&u->fd);
	u->state = UIDLIST_MISSING;
	return -1;
}

int
uidlist_file_adopt(struct uidlist_file *u, const struct uidlist_header *h,
    uint32_t last)
{
	struct fs_stat st;

	fd_close(&u->fd);
	u->state = UIDLIST_MISSING;
	u->fd = fs_open_read(u->dir, UIDLIST_NAME);
	if (u->fd < 0 || fs_fstat(u->fd, &st) != 0)
		return -1;
	u->inode = st.inode;
	u->device = st.device;
	u->ctime_ns = st.ctime_ns;
	u->at_octets = st.size_octets;
	u->last = last;
	u->header = *h;
	u->state = UIDLIST_GOOD;
	return 0;
}

int
uidlist_file_settle(struct uidlist_file *u, bool afresh, struct why *why)
{
	int64_t now_ns = (int64_t)clock_wall_us() * 1000;

	if (u->fd < 0 ||
	    (u->ctime_ns < now_ns - SETTLED_NS && u->ctime_ns > 0))
		return 0;
	if (fs_datasync(u->fd) == 0 && (!afresh || fs_dirsync(u->dir) == 0))
		return 0;
	why_sys(why, WHY_TEMP, "4.3.0", "cannot sync " UIDLIST_NAME);
	return -1;
}

bool
uidlist_ignore(const struct uidlist_record *r, void *ctx)
{
	(void)r;
	(void)ctx;
	return true;
}

/* The last line, if it ends as it should; else the header alone counts. */
static bool
tail_ok(struct uidlist_tail *t, struct span end, bool whole)
{
	struct uidlist_record r;

	if (!span_ends(end, SPAN_LIT("\n")))
		return false;
	end.n--;
	if (whole && !span_has(end, '\n'))
		return true;		/* the header and no record */
	end = span_from(end, span_rchr(end, '\n') + 1);
	if (!uidlist_parse_record(end, &r))
		return false;
	if (r.uid >= t->header.nextuid)
		t->header.nextuid = r.uid + 1;
	return true;
}

static int
tail_read(struct uidlist_tail *t)
{
	char text[2 * UIDLIST_LINE_MAX];
	struct span s;
	uint64_t at;
	size_t n;

	n = (size_t)(t->size_octets < sizeof(text) ? t->size_octets :
	    sizeof(text));
	if (fd_pread_all(t->fd, text, n, 0) != 0)
		return -1;
	s = span_of(text, n);
	errno = EINVAL;
	/* The header line alone, so that records do not matter here. */
	if (!uidlist_parse(span_head(s, num_min(n, span_chr(s, '\n') + 1)),
	    &t->header, uidlist_ignore, NULL))
		return -1;
	at = t->size_octets - n;
	if (at > 0 && fd_pread_all(t->fd, text, n, at) != 0)
		return -1;
	errno = EINVAL;
	return tail_ok(t, span_of(text, n), at == 0) ? 0 : -1;
}

int
uidlist_tail_open(struct uidlist_tail *t, int dir)
{
	struct fs_stat st;

	*t = (struct uidlist_tail){ .fd = fs_open_rw(dir, UIDLIST_NAME) };
	if (t->fd < 0)
		return -1;
	if (fs_fstat(t->fd, &st) != 0)
		goto failed;
	t->size_octets = st.size_octets;
	if (tail_read(t) == 0)
		return 0;
failed:
	uidlist_tail_close(t);
	return -1;
}

int
uidlist_tail_append(struct uidlist_tail *t, struct span text, bool sync)
{
	int error;

	if (fd_pwrite_all(t->fd, text.p, text.n, t->size_octets) == 0 &&
	    (!sync || fs_datasync(t->fd) == 0)) {
		t->size_octets += text.n;
		return 0;
	}
	error = errno;
	/* If this fails, too, a torn line stays, which the next one sees. */
	if (fs_truncate(t->fd, t->size_octets) != 0)
		t->size_octets = 0;
	errno = error;
	return -1;
}

void
uidlist_tail_close(struct uidlist_tail *t)
{
	int error = errno;

	fd_close(&t->fd);
	errno = error;
}

static bool
count_record(const struct uidlist_record *r, void *ctx)
{
	(void)r;
	++*(size_t *)ctx;
	return true;
}

int
uidlist_rewrite(int dir, const struct uidlist_header *h,
    const struct uidlist_record *v, size_t n, struct why *why)
{
	struct uidlist_header back;
	struct fs_stat st;
	struct buf text;
	uint32_t mode = 0600;
	size_t count = 0;
	int rc = -1;

	buf_init(&text, UIDLIST_FILE_MAX);
	(void)uidlist_put_header(&text, h);	/* judged by `full` below */
	for (size_t i = 0; i < n; i++)
		(void)uidlist_put_record(&text, &v[i]);
	if (fs_stat(dir, UIDLIST_NAME, &st) == 0 && st.kind == FS_FILE)
		mode = st.mode;
	/* A list that we could not read ourselves must not replace anything. */
	if (text.full ||
	    !uidlist_parse(buf_span(&text), &back, count_record, &count) ||
	    count != n || back.uidvalidity != h->uidvalidity ||
	    back.nextuid != h->nextuid)
		why_set(why, WHY_TEMP, "4.3.0",
		    "the new " UIDLIST_NAME " cannot be read back");
	else if (fs_replace(dir, UIDLIST_NAME, buf_span(&text), mode) != 0)
		why_sys(why, WHY_TEMP, "4.3.0",
		    "cannot replace " UIDLIST_NAME);
	else
		rc = 0;
	buf_fini(&text);
	if (rc == 0)
		uidlist_sweep(dir);
	return rc;
}

void
uidlist_sweep(int dir)
{
	/* What cannot be removed harms nobody. */
	(void)!fs_replace_sweep(dir,
	    (clock_wall_s() - SWEEP_AGE_S) * NS_PER_S);
}
