/*
 * entry_read - the part of entry that reads: head, checksum, log.
 * A file is never mapped: who can shorten it would stop us by SIGBUS.  Short
 * reads are damage (the lengths are known) or trouble (an error), told apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "os/fd.h"
#include "os/fs.h"
#include "queue/entry.h"

#define HEAD_READ	(4 * KIB)
#define PIECE		(64 * KIB)

static enum queue_got
trouble(struct why *why, const char *what)
{
	why_sys(why, WHY_TEMP, "4.3.0", "queue file: %s", what);
	return QUEUE_TROUBLE;
}

static enum queue_got
damaged(struct why *why, const char *what)
{
	why_set(why, WHY_PERM, "5.6.0", "queue file: %s", what);
	return QUEUE_DAMAGED;
}

/* Is the last line of the file one of the log? */
static bool
ends_in_log(int fd, uint64_t size)
{
	size_t n = size < QUEUE_LOG_LINE_MAX ? (size_t)size :
	    QUEUE_LOG_LINE_MAX;
	char *p = xmalloc(n);
	struct queue_log l;
	struct buf store;
	struct span s;
	bool is = false;

	buf_init(&store, QUEUE_LOG_LINE_MAX);
	if (fd_pread_all(fd, p, n, size - n) == 0) {
		s = span_head(span_of(p, n), span_rchr(span_of(p, n), '\n'));
		if (span_has(s, '\n'))
			s = span_from(s, span_rchr(s, '\n') + 1);
		is = queue_log_parse(s, &store, &l) == 0;
	}
	buf_fini(&store);
	free(p);
	return is;
}

/* The envelope: what the first read did not bring is read behind it. */
static enum queue_got
read_envelope(int fd, struct span have, struct arena *a,
    struct queue_head *out, struct why *why)
{
	size_t n = (size_t)out->first.envelope_octets;
	enum queue_got got = QUEUE_GOT;
	char *p = NULL;

	if (n > have.n) {
		p = xmalloc(n);
		memcpy(p, have.p, have.n);
		if (fd_pread_all(fd, p + have.n, n - have.n,
		    QUEUE_FIRST_LEN + have.n) != 0)
			got = trouble(why, "envelope");
		have.p = p;
	}
	if (got == QUEUE_GOT && queue_envelope_parse(span_of(have.p, n), a,
	    &out->envelope, why) != 0)
		got = why->kind == WHY_PERM ? QUEUE_DAMAGED : QUEUE_TROUBLE;
	free(p);
	return got;
}

enum queue_got
queue_read_head(int fd, struct arena *a, struct queue_head *out,
    struct why *why)
{
	char p[HEAD_READ];
	struct fs_stat st;
	struct span have;
	ssize_t n;

	if (fs_fstat(fd, &st) != 0)
		return trouble(why, "stat");
	n = fd_pread(fd, p, sizeof(p), 0);
	if (n < 0)
		return trouble(why, "read");
	have = span_of(p, (size_t)n);
	/* Less than a first line: its session did not come far. */
	if (n < QUEUE_FIRST_LEN)
		return span_trim(have).n > 0 ? damaged(why, "cut off") :
		    QUEUE_UNFINISHED;
	out->size_octets = st.size_octets;
	switch (queue_first_parse(span_head(have, QUEUE_FIRST_LEN),
	    &out->first)) {
	case QUEUE_FIRST_BLANK:
		return ends_in_log(fd, st.size_octets) ?
		    damaged(why, "first line blank, but a log") :
		    QUEUE_UNFINISHED;
	case QUEUE_FIRST_BAD:
		return damaged(why, "first line");
	case QUEUE_FIRST_FILLED:
		break;
	}
	if (queue_first_end(&out->first) > st.size_octets)
		return damaged(why, "shorter than its first line says");
	return read_envelope(fd, span_from(have, QUEUE_FIRST_LEN), a, out,
	    why);
}

void
queue_check_begin(struct queue_check *c, const struct queue_first *f)
{
	sum64_init(&c->sum);
	c->at = QUEUE_FIRST_LEN;
	c->end = queue_first_end(f);
	c->want = f->sum;
}

enum queue_checked
queue_check_step(struct queue_check *c, int fd, size_t octets)
{
	char *p = xmalloc(PIECE);
	enum queue_checked got = QUEUE_CHECK_MORE;
	size_t n;

	while (octets > 0 && c->at < c->end) {
		n = octets < PIECE ? octets : PIECE;
		if (n > c->end - c->at)
			n = (size_t)(c->end - c->at);
		if (fd_pread_all(fd, p, n, c->at) != 0) {
			got = errno == ENODATA ? QUEUE_CHECK_BAD :
			    QUEUE_CHECK_TROUBLE;
			break;
		}
		sum64_add(&c->sum, p, n);
		c->at += n;
		octets -= n;
	}
	free(p);
	if (got == QUEUE_CHECK_MORE && c->at == c->end)
		got = sum64_end(&c->sum) == c->want ? QUEUE_CHECK_GOOD :
		    QUEUE_CHECK_BAD;
	return got;
}

struct log_reader {
	void	 (*each)(const struct queue_log *l, void *ctx);
	void	  *ctx;
	struct buf line, store;
};

/* Lines that end in s; what is left stays in r->line. */
static void
feed(struct log_reader *r, struct span s)
{
	struct queue_log l;
	size_t n;

	while ((n = span_chr(s, '\n')) < s.n) {
		(void)buf_add_span(&r->line, span_head(s, n));
		/* Too long for a line: full, and no line. */
		if (!r->line.full && queue_log_parse(buf_span(&r->line),
		    &r->store, &l) == 0)
			r->each(&l, r->ctx);
		buf_clear(&r->line);
		s = span_from(s, n + 1);
	}
	(void)buf_add_span(&r->line, s);	/* as above */
}

int
queue_each_log(int fd, uint64_t at,
    void (*each)(const struct queue_log *l, void *ctx), void *ctx,
    struct queue_tail *tail)
{
	struct log_reader r = { .each = each, .ctx = ctx };
	char *p = xmalloc(PIECE);
	ssize_t n;

	buf_init(&r.line, QUEUE_LOG_LINE_MAX);
	buf_init(&r.store, QUEUE_LOG_LINE_MAX);
	tail->torn = false;
	while ((n = fd_pread(fd, p, PIECE, at)) > 0) {
		feed(&r, span_of(p, (size_t)n));
		at += (uint64_t)n;
		tail->torn = p[n - 1] != '\n';
	}
	tail->end = at;
	buf_fini(&r.line);
	buf_fini(&r.store);
	free(p);
	return n == 0 ? 0 : -1;
}
