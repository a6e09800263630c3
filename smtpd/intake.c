/*
 * intake - see intake.h.
 * The header is gathered first (bounded), because Date and Message-ID go in
 * front of it where a user's program left them out, and looked at once.  From
 * there on octets go from the connection's buffer to one of 64 KiB and with
 * one write to the file; a small message is one write, its first line and all.
 * Those of BODY=BINARYMIME are made lines by mime_binary before all of that.
 * What follows a failure is read to its end and dropped, so that the reply
 * stands where the client expects it.
 */
#include "smtpd/intake.h"

#include <errno.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/log.h"
#include "mail/received.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fs.h"
#include "smtpd/ask_lookup.h"
#include "smtpd/ask_queue.h"
#include "smtpd/readdressed.h"

#define TRACE_OCTETS	(8 * KIB)	/* all fields that we add */

static void take(struct intake *in, struct span chunk);

/* Made of lines now, in pieces that take() has room for. */
static void
take_lines(void *ctx, struct span octets)
{
	struct intake *in = ctx;

	if (mime_binary_octets(in->binary) > in->s->set->message_size_max)
		in->grown_too_big = true;
	for (; octets.n > 0 && !intake_is_lost(in);
	    octets = span_from(octets, LIMIT_IN_OCTETS))
		take(in, span_head(octets, LIMIT_IN_OCTETS));
}

static void
begin_binary(struct intake *in)
{
	static const struct mime_binary_limits limits = {
		.header_octets = LIMIT_HEADER_OCTETS,
		.header_fields = LIMIT_HEADER_FIELDS,
	};
	const struct mime_binary_sink sink = { take_lines, in };

	in->binary = mime_binary_new(&limits, &sink);
}

/* What the queue is asked to have room for; 0: not known. */
static uint64_t
expected(const struct session *s)
{
	uint64_t most = s->set->message_size_max, n = s->env.size;

	if (!s->env.binary || n == 0)
		return n;
	/* Base64: 78 octets for 57; what becomes larger than most is lost. */
	n = n / 57 * 78 + 4 * KIB;
	return n < most ? n : most;
}

int
intake_begin(struct intake *in, struct session *s, struct why *why)
{
	*in = (struct intake){ .s = s, .time = clock_wall_s() };
	in->fd = ask_queue_new(s, expected(s), in->id, why);
	if (in->fd < 0)
		return -1;
	if (s->env.binary)
		begin_binary(in);
	in->open = true;
	dot_in_init(&in->dot, &s->net, s->set->message_size_max,
	    LIMIT_DROP_OCTETS);
	header_intake_init(&in->header, LIMIT_HEADER_OCTETS,
	    LIMIT_HEADER_FIELDS);
	buf_init(&in->wait, LIMIT_HEADER_OCTETS + LIMIT_WRITE_OCTETS +
	    LIMIT_IN_OCTETS);
	return 0;
}

/* From now on the connection has to bring octets. */
static void
pace(struct session *s)
{
	int64_t window = s->set->timeout_ms;

	if (window < LIMIT_DATA_WINDOW_MS)
		window = LIMIT_DATA_WINDOW_MS;
	stream_pace(&s->net, session_patience_ms(s, window),
	    LIMIT_DATA_OCTETS_S);
}

void
intake_fini(struct intake *in)
{
	fd_close(&in->fd);
	if (in->open)
		ask_queue_abort(in->s, in->id);
	in->open = false;
	header_intake_fini(&in->header);
	mime_binary_free(&in->binary);
	buf_fini(&in->wait);
}

uint64_t
intake_octets(const struct intake *in)
{
	return in->binary != NULL ? mime_binary_octets(in->binary) :
	    in->dot.octets;
}

static bool
has_eight_bit(const struct intake *in)
{
	return in->binary != NULL ? mime_binary_eight_bit(in->binary) :
	    in->dot.eight_bit;
}

/* What no line may hold, in octets that are kept as they came. */
static bool
has_bad_octets(const struct intake *in)
{
	return in->binary == NULL &&
	    (in->dot.bare_cr || in->dot.bare_lf || in->dot.nul);
}

static enum mime_binary_state
binary_state(const struct intake *in)
{
	return in->binary != NULL ? mime_binary_state(in->binary) :
	    MIME_BINARY_GOOD;
}

/* Nothing more is written; the reply is decided. */
static void
fail_write(struct intake *in)
{
	if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		why_sys(&in->why, WHY_TEMP, "4.3.1", "cannot store");
	else
		why_sys(&in->why, WHY_TEMP, "4.3.0", "cannot store");
}

static int
put_envelope(const struct intake *in, bool body_8bit, struct queue_writer *w,
    struct buf *out)
{
	const struct session *s = in->s;
	size_t n;
	struct queue_rcpt *rcpts = envelope_rcpts(&s->env, &s->set->bcc, &n);
	struct queue_envelope e = {
		.from = addr_text(&s->env.sender),
		.client = span_str(s->client),
		.helo = span_str(s->helo),
		.auth = s->facts.logged_in || s->facts.kind == LISTENER_LOCAL ?
		    span_str(s->login) : SPAN_NONE,
		.time = in->time,
		.body_8bit = body_8bit,
		.ret = s->env.ret == VERB_RET_FULL ? QUEUE_RET_FULL :
		    s->env.ret == VERB_RET_HDRS ? QUEUE_RET_HDRS :
		    QUEUE_RET_NONE,
		.envid = span_str(s->env.envid),
		.verp = span_str(s->env.verp),
		.smtputf8 = s->env.utf8,
		.rcpts = rcpts,
		.rcpts_n = n,
	};
	int rc = queue_writer_begin(w, &e, out);

	free(rcpts);
	return rc;
}

/* Programs of users may leave these to us (RFC 5321 6.4). */
static void
put_missing(const struct intake *in, struct buf *out, int zone)
{
	enum listener_kind kind = in->s->facts.kind;

	if (kind != LISTENER_SUBMISSION && kind != LISTENER_LOCAL)
		return;
	if (!in->has_date) {
		(void)buf_add_str(out, "Date: ");
		date_rfc5322(out, in->time, zone);
		(void)buf_add_str(out, "\r\n");
	}
	if (!in->has_message_id)
		(void)buf_addf(out, "Message-ID: <%s@%s>\r\n", in->id,
		    in->s->set->hostname);
}

/* Our fields; -1 if they do not fit. */
static int
put_trace(const struct intake *in, struct buf *out)
{
	const struct session *s = in->s;
	int zone = clock_zone_minutes(in->time);
	struct received r = {
		.helo = span_str(s->helo),
		.client_ip = s->facts.kind == LISTENER_LOCAL ? SPAN_NONE :
		    span_str(s->client),
		.by = span_str(s->set->hostname),
		.how = s->how,
		.tls = s->facts.tls,
		.version = span_str(s->tls),
		.cipher = span_str(s->cipher),
		.auth = s->facts.logged_in,
		.utf8 = s->env.utf8,
		.id = span_str(in->id),
		.for_rcpt = s->env.rcpts_n == 1 ? envelope_first(&s->env) :
		    SPAN_NONE,
		.time = in->time,
		.zone_minutes = zone,
	};

	if (received_write(out, &r) != 0)
		return -1;
	put_missing(in, out, zone);
	/* Else our last field would swallow the first line of the body. */
	if (in->headless)
		(void)buf_add_str(out, "\r\n");
	return out->full ? -1 : 0;
}

static void
account(struct intake *in, const void *p, size_t n)
{
	queue_writer_add(&in->writer, p, n);
	if (in->undecided)
		queue_writer_add(&in->writer_8bit, p, n);
}

/* The other envelope, for its checksum; same length or -1. */
static int
begin_8bit(struct intake *in, size_t envelope_end)
{
	struct buf scratch;
	int rc;

	buf_init(&scratch, QUEUE_ENVELOPE_MAX);
	rc = put_envelope(in, true, &in->writer_8bit, &scratch);
	if (scratch.n != envelope_end)
		rc = -1;
	buf_fini(&scratch);
	return rc;
}

/* Blank first line, envelope and trace fields into out. */
static int
begin_file(struct intake *in, bool last, struct buf *out)
{
	bool body_8bit = in->s->env.body_8bit || has_eight_bit(in);
	size_t end;

	if (put_envelope(in, body_8bit, &in->writer, out) != 0)
		return -1;
	end = out->n;
	if (!body_8bit && !last) {
		if (begin_8bit(in, end) != 0)
			return -1;
		in->undecided = true;
	}
	if (put_trace(in, out) != 0)
		return -1;
	account(in, out->p + end, out->n - end);
	in->begun = true;
	return 0;
}

/* What waits goes to the file.  last: no more will come. */
static void
flush(struct intake *in, bool last)
{
	struct buf out;

	if (in->why.kind != WHY_NONE)
		return;
	if (in->begun) {
		account(in, in->wait.p, in->wait.n);
		if (in->wait.n > 0 && fd_write_all(in->fd, in->wait.p,
		    in->wait.n) != 0)
			fail_write(in);
		buf_clear(&in->wait);
		return;
	}
	buf_init(&out, QUEUE_ENVELOPE_MAX + TRACE_OCTETS + in->wait.n);
	if (begin_file(in, last, &out) != 0 ||
	    buf_add_span(&out, buf_span(&in->wait)) != 0) {
		why_set(&in->why, WHY_TEMP, "4.3.0", "envelope too large");
	} else {
		account(in, in->wait.p, in->wait.n);
		/* All of it: so the first line can say what it is at once. */
		if (last) {
			queue_writer_first(&in->writer, out.p);
			in->first = true;
		}
		if (fd_write_all(in->fd, out.p, out.n) != 0)
			fail_write(in);
	}
	buf_clear(&in->wait);
	buf_fini(&out);
}

/* The one look at the header. */
static void
examine(struct intake *in)
{
	struct span text = buf_span(&in->header.text);
	struct header_walk w;
	struct header_field f;

	header_walk_init(&w, text, LIMIT_HEADER_FIELDS);
	while (header_next(&w, &f)) {
		if (span_ieq_str(f.name, "Received"))
			in->hops++;
		else if (span_ieq_str(f.name, "Date"))
			in->has_date = true;
		else if (span_ieq_str(f.name, "Message-ID"))
			in->has_message_id = true;
		authors_take(&in->authors, &f);
	}
	/* A mailbox file's "From " line is no field, and no body either. */
	in->headless = in->header.fields == 0 && text.n > 0 &&
	    !span_starts(text, SPAN_LIT("\r\n")) &&
	    !span_starts(text, SPAN_LIT("From "));
	/* All of it is body then, behind an empty line of ours. */
	in->end = in->headless ? HEADER_EMPTY_LINE : w.why_end;
	/* Fits: LIMIT_HEADER_OCTETS. */
	if (readdressed(in->s, in->id, text, &in->wait, &in->why) != 0)
		buf_clear(&in->wait);
	header_intake_fini(&in->header);
	in->header_done = true;
}

static void
take(struct intake *in, struct span chunk)
{
	size_t used = 0;

	if (!in->header_done) {
		switch (header_intake_feed(&in->header, chunk, &used)) {
		case HEADER_FEED_MORE:
			return;
		case HEADER_FEED_TOO_BIG:
			in->header_too_big = true;
			header_intake_fini(&in->header);
			return;
		case HEADER_FEED_END:
			examine(in);
			break;
		}
	}
	(void)buf_add_span(&in->wait, span_from(chunk, used)); /* flushed */
	if (in->wait.n >= LIMIT_WRITE_OCTETS)
		flush(in, false);
}

bool
intake_is_lost(const struct intake *in)
{
	return in->why.kind != WHY_NONE || in->header_too_big ||
	    in->dot.too_big || in->grown_too_big || has_bad_octets(in) ||
	    binary_state(in) != MIME_BINARY_GOOD;
}

/* What is lost is only read. */
static enum dot_result
read_on(struct intake *in)
{
	enum dot_result r;
	struct span chunk;

	pace(in->s);
	while ((r = dot_read(&in->dot, &chunk)) == DOT_CHUNK)
		if (in->binary != NULL && !intake_is_lost(in))
			mime_binary_add(in->binary, chunk);
		else if (!intake_is_lost(in))
			take(in, chunk);
	return r;
}

/* All has been read. */
static void
end_text(struct intake *in, bool open)
{
	if (in->binary != NULL && !intake_is_lost(in))
		mime_binary_end(in->binary);
	else if (open && !intake_is_lost(in))
		take(in, SPAN_LIT("\r\n"));
	if (!in->header_done && !intake_is_lost(in))
		examine(in);	/* all of it is header */
}

enum dot_result
intake_read(struct intake *in)
{
	enum dot_result r = read_on(in);

	if (r == DOT_END)
		end_text(in, false);
	return r;
}

enum dot_result
intake_read_chunk(struct intake *in, uint64_t octets, bool last)
{
	enum dot_result r;

	dot_in_chunk(&in->dot, octets);
	r = read_on(in);
	if (r == DOT_END && last)
		end_text(in, dot_in_finish(&in->dot));
	return r;
}

/* Is each author the user's own?  One question for each that is new. */
static int
judge_authors(struct intake *in, enum say *what, struct why *why)
{
	const struct authors *a = &in->authors;
	bool own = true;

	if (!authors_clear(a, in->end)) {
		*what = SAY_AUTHOR_UNCLEAR;
		return 0;
	}
	for (size_t i = 0; i < a->n && own; i++) {
		if (ask_sender(in->s, &a->list[i], &own, why) != 0)
			return -1;
		if (!own)
			log_info(LF_STR("event", "author-refused"),
			    LF_STR("id", in->id),
			    LF_STR("session", in->s->id),
			    LF_STR("user", in->s->login),
			    LF_STR("from", a->list[i].text));
	}
	*what = own ? SAY_NOTHING : SAY_AUTHOR_NOT_YOURS;
	return 0;
}

int
intake_judge(struct intake *in, enum say *what, struct why *why)
{
	struct message_facts m = {
		.bad_octets = has_bad_octets(in),
		.binary = binary_state(in),
		.too_big = in->dot.too_big || in->grown_too_big,
		.header_too_big = in->header_too_big,
		.hops = in->hops,
		.hops_max = in->s->set->received_max,
	};

	*what = policy_message(&m);
	if (*what != SAY_NOTHING || in->why.kind != WHY_NONE ||
	    !policy_checks_authors(&in->s->facts))
		return 0;
	return judge_authors(in, what, why);
}

/* 8-bit octets were found after the envelope had been written without. */
static void
correct_envelope(struct intake *in)
{
	struct queue_writer unused;
	struct buf out;

	buf_init(&out, QUEUE_ENVELOPE_MAX);
	if (put_envelope(in, true, &unused, &out) != 0)
		why_set(&in->why, WHY_TEMP, "4.3.0", "envelope too large");
	else if (fd_pwrite_all(in->fd, out.p, out.n, 0) != 0)
		fail_write(in);
	in->writer = in->writer_8bit;
	buf_fini(&out);
}

static int
fill_first(struct intake *in)
{
	char first[QUEUE_FIRST_LEN];

	if (in->first)
		return 0;
	queue_writer_first(&in->writer, first);
	return fd_pwrite_all(in->fd, first, sizeof(first), 0);
}

int
intake_commit(struct intake *in, struct why *why)
{
	flush(in, true);
	if (in->undecided && has_eight_bit(in) && in->why.kind == WHY_NONE)
		correct_envelope(in);
	if (in->why.kind == WHY_NONE && (fill_first(in) != 0 ||
	    fs_sync(in->fd) != 0 || fd_close_check(&in->fd) != 0))
		fail_write(in);
	if (in->why.kind != WHY_NONE) {
		*why = in->why;
		return -1;
	}
	/* Whatever the answer is, the file is not ours to abort any more. */
	in->open = false;
	return ask_queue_commit(in->s, in->id, why);
}
