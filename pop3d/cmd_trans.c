/*
 * cmd_trans.c - the commands of the TRANSACTION state.
 */
#include <inttypes.h>

#include "net/dot.h"
#include "os/fd.h"
#include "pop3d/command.h"
#include "pop3d/reply.h"
#include "pop3d/session.h"

static struct drop_message *
find(struct session *s, const struct args *a)
{
	struct drop_message *m = maildrop_get(&s->drop, a->number);

	if (m == NULL)
		reply_err(s, "no such message");
	return m;
}

void
cmd_stat(struct session *s, const struct args *a)
{
	(void)a;
	reply_ok(s, "%zu %" PRIu64, s->drop.left, s->drop.octets);
}

void
cmd_list(struct session *s, const struct args *a)
{
	if (a->has_number) {
		const struct drop_message *m = find(s, a);

		if (m != NULL)
			reply_ok(s, "%" PRIu64 " %" PRIu64, a->number,
			    m->octets);
		return;
	}
	reply_ok(s, "%zu messages (%" PRIu64 " octets)", s->drop.left,
	    s->drop.octets);
	for (size_t i = 0; i < s->drop.n; i++)
		if (!s->drop.v[i].deleted)
			reply_line(s, "%zu %" PRIu64, i + 1,
			    s->drop.v[i].octets);
	reply_end(s);
}

void
cmd_uidl(struct session *s, const struct args *a)
{
	char id[UIDL_MAX + 1];

	if (a->has_number) {
		const struct drop_message *m = find(s, a);

		if (m == NULL)
			return;
		maildrop_uidl(&s->drop, m, id);
		reply_ok(s, "%" PRIu64 " %s", a->number, id);
		return;
	}
	reply_ok(s, "unique ids follow");
	for (size_t i = 0; i < s->drop.n; i++) {
		if (s->drop.v[i].deleted)
			continue;
		maildrop_uidl(&s->drop, &s->drop.v[i], id);
		reply_line(s, "%zu %s", i + 1, id);
	}
	reply_end(s);
}

/*
 * How much of p belongs to the header and the first lines of the body.
 * TOP: RFC 1939 7.  The header ends at the first line that leaves empty: LF
 * or CRLF in the file, and nothing else.
 */
struct top {
	enum { TOP_AT_START, TOP_AFTER_CR, TOP_IN_LINE } at;
	bool	 in_body;
	uint64_t lines;		/* of the body still wanted */
};

static size_t
top_part(struct top *t, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (t->in_body && t->lines == 0)
			return i;
		if (p[i] == '\n') {
			if (t->in_body)
				t->lines--;
			else if (t->at != TOP_IN_LINE)
				t->in_body = true;
			t->at = TOP_AT_START;
		} else if (p[i] == '\r' && t->at == TOP_AT_START) {
			t->at = TOP_AFTER_CR;
		} else {
			t->at = TOP_IN_LINE;
		}
	}
	return n;
}

/* The message, or its top; -1: it could not be read to its end. */
static int
send_octets(struct session *s, int fd, struct top *top)
{
	static char chunk[CHUNK];
	struct dot_out out;
	uint64_t at = 0;

	dot_out_init(&out, &s->stream, DOT_CR_KEEP);
	stream_pace(&s->stream, PACE_WINDOW_MS, PACE_OCTETS_S);
	for (;;) {
		ssize_t n = fd_pread(fd, chunk, sizeof(chunk), at);
		size_t part;

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		part = top != NULL ? top_part(top, chunk, (size_t)n) :
		    (size_t)n;
		if (dot_write(&out, chunk, part) != STREAM_OK)
			return -1;
		if (part < (size_t)n)
			break;
		at += (size_t)n;
	}
	return dot_end(&out) == STREAM_OK ? 0 : -1;
}

static void
send_message(struct session *s, struct drop_message *m, struct top *top)
{
	struct why why;
	int fd = maildrop_read(&s->drop, m, &why);

	if (fd < 0) {
		reply_err(s, "[SYS/%s] the message cannot be read",
		    why.kind == WHY_PERM ? "PERM" : "TEMP");
		return;
	}
	if (top == NULL)
		reply_ok(s, "%" PRIu64 " octets", m->octets);
	else
		reply_ok(s, "top of the message follows");
	/* In the middle of a message there is no way to say "no": hang up. */
	if (send_octets(s, fd, top) != 0)
		s->done = true;
	else {
		s->retrieved++;
		m->fetched = m->fetched || top == NULL;
	}
	fd_close(&fd);
}

void
cmd_retr(struct session *s, const struct args *a)
{
	struct drop_message *m = find(s, a);

	if (m != NULL)
		send_message(s, m, NULL);
}

void
cmd_top(struct session *s, const struct args *a)
{
	struct top top = { .at = TOP_AT_START, .lines = a->lines };
	struct drop_message *m = find(s, a);

	if (m != NULL)
		send_message(s, m, &top);
}

void
cmd_dele(struct session *s, const struct args *a)
{
	struct drop_message *m = find(s, a);

	if (m == NULL)
		return;
	maildrop_delete(&s->drop, m);
	reply_ok(s, "message %" PRIu64 " deleted", a->number);
}

void
cmd_rset(struct session *s, const struct args *a)
{
	(void)a;
	maildrop_reset(&s->drop);
	reply_ok(s, "maildrop has %zu messages (%" PRIu64 " octets)",
	    s->drop.left, s->drop.octets);
}

void
cmd_noop(struct session *s, const struct args *a)
{
	(void)a;
	reply_ok(s, "nothing done");
}
