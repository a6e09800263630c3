/*
 * quota - see quota.h.
 * The file is a journal of sums: a change is one appended line, so that
 * several programs may write at the same time.  A new count lists every folder
 * of the mail root and replaces the file; what arrives meanwhile is off by one
 * line at most until the next count, which is why nothing ever refuses mail on
 * a sum that is old and full without counting first.
 */
#include "store/quota.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "store/layout.h"
#include "store/maildir.h"

#define FILE_FULL	5120		/* octets, then it is counted afresh */
#define FILE_MAX	(64 * KIB)
#define FULL_AGE_S	(15 * 60)
#define NS_PER_S	INT64_C(1000000000)

/* Names of files may state any size: the sum stays at its end. */
static void
add_up(int64_t *sum, uint64_t more)
{
	if (more > INT64_MAX ||
	    __builtin_add_overflow(*sum, (int64_t)more, sum))
		*sum = INT64_MAX;
}

static bool
parse_signed(struct span s, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t v;

	if (num_parse(span_from(s, minus), 0, INT64_MAX, &v) != 0)
		return false;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

/* "1000S,20C": what has no letter that we know is passed over. */
static bool
parse_limits(struct span line, struct quota *q)
{
	struct span word;
	uint64_t v;

	while (line.p != NULL) {
		word = span_cut(&line, ',');
		if (word.n == 0 || num_parse(span_head(word, word.n - 1), 0,
		    INT64_MAX, &v) != 0)
			return false;
		if (word.p[word.n - 1] == 'S')
			q->octets_max = v;
		else if (word.p[word.n - 1] == 'C')
			q->messages_max = v;
	}
	return true;
}

bool
quota_parse(struct span text, struct quota *out)
{
	struct span line;
	int64_t octets, messages;

	*out = (struct quota){ .active = true };
	if (!parse_limits(span_trim_ws(span_cut(&text, '\n')), out))
		return false;
	while (text.p != NULL) {
		line = span_trim_ws(span_cut(&text, '\n'));
		if (line.n == 0)
			continue;
		if (!parse_signed(span_word(&line), &octets) ||
		    !parse_signed(span_word(&line), &messages) ||
		    __builtin_add_overflow(out->octets, octets,
		    &out->octets) ||
		    __builtin_add_overflow(out->messages, messages,
		    &out->messages))
			return false;
		out->lines++;
	}
	return true;
}

struct count {
	int	dir;
	int64_t octets, messages;
};

static int
count_file(const char *name, enum fs_kind kind, void *ctx)
{
	struct count *c = ctx;
	struct maildir_name parts;
	struct fs_stat st;

	if (kind != FS_FILE || !maildir_name_parse(span_str(name), &parts))
		return 0;
	if (!parts.has_size) {
		if (fs_stat(c->dir, name, &st) != 0)
			return 0;	/* renamed or gone meanwhile */
		parts.size_octets = st.size_octets;
	}
	add_up(&c->octets, parts.size_octets);
	c->messages++;
	return 0;
}

static int
count_dir(int dir, const char *path, struct count *c)
{
	int rc;

	c->dir = fs_open_dir(dir, path);
	if (c->dir < 0)
		return errno == ENOENT ? 0 : -1;
	rc = fs_list(c->dir, count_file, c);
	fd_close(&c->dir);
	return rc;
}

/* new/ and cur/ of a folder's directory. */
static int
count_parts(int root, const char *dir, struct count *c)
{
	char path[300];

	for (int i = 0; i < 2; i++)
		if (snprintf(path, sizeof(path), "%s/%s", dir,
		    i == 0 ? "new" : "cur") >= (int)sizeof(path) ||
		    count_dir(root, path, c) != 0)
			return -1;
	return 0;
}

struct walk {
	int	root;
	struct count count;
};

static int
count_folder(const char *name, enum fs_kind kind, void *ctx)
{
	struct walk *w = ctx;

	/* "..": on its way in or out, and nobody's. */
	if (kind != FS_DIR || name[0] != '.' || name[1] == '.')
		return 0;
	return count_parts(w->root, name, &w->count);
}

static int
count_directory(const char *name, int dir, bool exists, void *ctx)
{
	struct walk *w = ctx;

	(void)name;
	return exists && (count_dir(dir, "new", &w->count) != 0 ||
	    count_dir(dir, "cur", &w->count) != 0) ? -1 : 0;
}

static int
count_folders(int root, struct walk *w)
{
	return layout_is_fs() ? layout_walk(root, count_directory, w) :
	    fs_list(root, count_folder, w);
}

/* Count everything and write a new file with the same limits. */
static int
recount(int root, struct quota *q)
{
	struct walk w = { .root = root };
	struct buf text;
	int rc;

	if (count_dir(root, "new", &w.count) != 0 ||
	    count_dir(root, "cur", &w.count) != 0 ||
	    count_folders(root, &w) != 0)
		return -1;
	q->octets = w.count.octets;
	q->messages = w.count.messages;
	buf_init(&text, 256);
	if (q->octets_max > 0 || q->messages_max == 0)
		(void)buf_addf(&text, "%lluS",	/* all short: fits */
		    (unsigned long long)q->octets_max);
	if (q->messages_max > 0)
		(void)buf_addf(&text, "%s%lluC", text.n > 0 ? "," : "",
		    (unsigned long long)q->messages_max);
	(void)buf_addf(&text, "\n%lld %lld\n", (long long)q->octets,
	    (long long)q->messages);
	rc = fs_replace(root, QUOTA_NAME, buf_span(&text), 0600);
	buf_fini(&text);
	return rc;
}

static bool
is_full(const struct quota *q)
{
	return (q->octets_max > 0 && q->octets > (int64_t)q->octets_max) ||
	    (q->messages_max > 0 && q->messages > (int64_t)q->messages_max);
}

/* The file as it is; 1: there is none. */
static int
read_file(int root, struct quota *q, bool *count)
{
	struct fs_stat st;
	struct buf text;
	int64_t age_s;
	int rc = 0;

	buf_init(&text, FILE_MAX);
	if (fs_stat(root, QUOTA_NAME, &st) != 0 ||
	    fs_slurp(root, QUOTA_NAME, &text) != 0) {
		rc = errno == ENOENT ? 1 : errno == EFBIG ? 0 : -1;
		*count = true;
		goto out;
	}
	age_s = clock_wall_s() - st.mtime_ns / NS_PER_S;
	*count = !quota_parse(buf_span(&text), q) || q->octets < 0 ||
	    q->messages < 0 || text.n > FILE_FULL ||
	    (is_full(q) && q->lines > 1) ||
	    (is_full(q) && age_s > FULL_AGE_S);
out:
	buf_fini(&text);
	return rc;
}

int
quota_read(int root, struct quota *q, struct why *why)
{
	bool count;
	int rc;

	*q = (struct quota){ .active = false };
	rc = read_file(root, q, &count);
	if (rc == 1)
		return 0;
	q->active = true;
	if (rc == 0 && count)
		rc = recount(root, q);
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.2.0", "cannot tell the quota");
	return rc;
}

int
quota_limit(int root, bool always, uint64_t octets, uint64_t messages,
    struct why *why)
{
	struct quota q = { .active = false };
	bool count;
	int rc;

	if (octets == 0 && messages == 0)
		return 0;
	rc = read_file(root, &q, &count);
	if (rc == 0 && (!always || (q.octets_max == octets &&
	    q.messages_max == messages)))
		return 0;
	q.octets_max = octets;
	q.messages_max = messages;
	if (rc >= 0)
		rc = recount(root, &q);
	if (rc != 0)
		why_sys(why, WHY_TEMP, "4.2.0", "cannot set the quota");
	return rc;
}

static unsigned
percent(int64_t is, uint64_t max)
{
	if (max == 0 || is <= 0)
		return 0;
	return (uint64_t)is / max > 10 ? 1000 :
	    (unsigned)((double)is * 100 / (double)max);
}

unsigned
quota_used(const struct quota *q)
{
	unsigned octets = percent(q->octets, q->octets_max);
	unsigned messages = percent(q->messages, q->messages_max);

	return octets > messages ? octets : messages;
}

int
quota_room(int root, uint64_t octets, uint64_t messages, struct why *why)
{
	struct quota q;

	if (quota_read(root, &q, why) != 0)
		return -1;
	if (!q.active)
		return 0;
	add_up(&q.octets, octets);
	add_up(&q.messages, messages);
	if (!is_full(&q))
		return 0;
	why_set(why, WHY_PERM, "5.2.2", "the mailbox is full");
	return -1;
}

void
quota_add(int root, int64_t octets, int64_t messages)
{
	struct fs_stat st;
	char line[64];
	int fd, n;

	/* fs_open_append would make the file. */
	if (fs_stat(root, QUOTA_NAME, &st) != 0)
		return;
	fd = fs_open_append(root, QUOTA_NAME);
	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "%lld %lld\n", (long long)octets,
	    (long long)messages);
	/* One write; if it fails the next count puts it right. */
	if (fd_write(fd, line, (size_t)n) != n)
		errno = EIO;
	fd_close(&fd);
}

void
quota_forget(int root, const char *dir)
{
	struct count c = { .dir = -1 };
	struct fs_stat st;

	if (fs_stat(root, QUOTA_NAME, &st) == 0 &&
	    count_parts(root, dir, &c) == 0)
		quota_add(root, -c.octets, -c.messages);
}
