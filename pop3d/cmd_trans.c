/*
 * cmd_trans.c - the commands of the TRANSACTION state.
 */
#include <inttypes.h>

#include "mail/header.h"
#include "net/dot.h"
#include "os/fd.h"
#include "pop3d/command.h"
#include "pop3d/reply.h"
#include "pop3d/session.h"
#include "pop3d/surrogate.h"

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

/* A message on its way from the file to the client. */
struct sending {
	int	 fd;
	struct top *top;		/* NULL: whole */
	struct dot_out out;
	char	*chunk;			/* CHUNK octets of the file ... */
	size_t	 n;			/* ... as many as have been read ... */
	uint64_t at;			/* ... from here on */
	struct buf surrogate;		/* in place of so many at its begin */
	size_t	 replaced;
};

/*
 * The first octets of the file, and the header that is sent in their place if
 * the client has not said UTF8.  One that is longer than a chunk goes as it is.
 */
static int
begin_sending(const struct session *s, struct sending *x)
{
	struct span header, body;
	ssize_t n = fd_pread(x->fd, x->chunk, CHUNK, 0);

	if (n < 0)
		return -1;
	x->n = (size_t)n;
	header_split(span_of(x->chunk, x->n), &header, &body);
	if (s->utf8 || !surrogate_needed(header) ||
	    (body.n == 0 && x->n == CHUNK))
		return 0;
	buf_fini(&x->surrogate);
	buf_init(&x->surrogate, header.n * SURROGATE_GROWTH + SURROGATE_MORE);
	if (surrogate_make(&x->surrogate, header) == 0)
		x->replaced = header.n;
	return 0;
}

enum sent { SENT_MORE, SENT_ENOUGH, SENT_LOST };

static enum sent
send_piece(struct sending *x, struct span piece)
{
	size_t part = x->top == NULL ? piece.n :
	    top_part(x->top, piece.p, piece.n);

	if (dot_write(&x->out, piece.p, part) != STREAM_OK)
		return SENT_LOST;
	return part < piece.n ? SENT_ENOUGH : SENT_MORE;
}

/* The message, or its top; -1: it could not be read to its end. */
static int
send_octets(struct session *s, struct sending *x)
{
	enum sent sent = SENT_MORE;
	ssize_t n;

	dot_out_init(&x->out, &s->stream, DOT_CR_KEEP);
	stream_pace(&s->stream, PACE_WINDOW_MS, PACE_OCTETS_S);
	if (x->replaced > 0)
		sent = send_piece(x, buf_span(&x->surrogate));
	if (sent == SENT_MORE)
		sent = send_piece(x, span_of(x->chunk + x->replaced,
		    x->n - x->replaced));
	while (sent == SENT_MORE) {
		x->at += x->n;
		n = fd_pread(x->fd, x->chunk, CHUNK, x->at);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		x->n = (size_t)n;
		sent = send_piece(x, span_of(x->chunk, x->n));
	}
	return sent != SENT_LOST && dot_end(&x->out) == STREAM_OK ? 0 : -1;
}

/* Lines that end in LF alone get a CR on the way. */
static uint64_t
wire_octets(struct span text)
{
	uint64_t n = text.n;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r');
	return n;
}

/* LIST says what is stored: to know more, all messages would have to be read. */
static uint64_t
octets_of(const struct drop_message *m, const struct sending *x)
{
	uint64_t gone = wire_octets(span_of(x->chunk, x->replaced));

	return x->replaced == 0 || gone > m->octets ? m->octets :
	    m->octets - gone + wire_octets(buf_span(&x->surrogate));
}

static void
send_message(struct session *s, struct drop_message *m, struct top *top)
{
	static char chunk[CHUNK];
	struct sending x = { .top = top, .chunk = chunk };
	struct why why;

	why_clear(&why);
	x.fd = maildrop_read(&s->drop, m, &why);
	buf_init(&x.surrogate, 0);
	if (x.fd < 0 || begin_sending(s, &x) != 0) {
		reply_err(s, "[SYS/%s] the message cannot be read",
		    x.fd < 0 && why.kind == WHY_PERM ? "PERM" : "TEMP");
		goto out;
	}
	if (top == NULL)
		reply_ok(s, "%" PRIu64 " octets", octets_of(m, &x));
	else
		reply_ok(s, "top of the message follows");
	/* In the middle of a message there is no way to say "no": hang up. */
	if (send_octets(s, &x) != 0)
		s->done = true;
	else {
		s->retrieved++;
		m->fetched = m->fetched || top == NULL;
	}
out:
	buf_fini(&x.surrogate);
	fd_close(&x.fd);
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
