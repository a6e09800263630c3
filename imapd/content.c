/*
 * content - see content.h.
 * A file is read into one buffer, from its beginning: in doubling steps as
 * long as only the header is wanted, then to its end.  Large messages that
 * are wanted whole are never held: they pass through in pieces.  Nothing is
 * mapped: the owner may cut the file off at any time, which here is only a
 * short read.  NUL cannot be sent to a client (RFC 3501 4.3.1), so it becomes 0x80
 * on the way in, as Dovecot does it.
 */
#include "imapd/content.h"

#include <errno.h>
#include <string.h>

#include "imapd/extract.h"
#include "imapd/limits.h"
#include "mail/header.h"
#include "os/fd.h"
#include "os/fs.h"

/* Up to this a message that is sent whole is read whole. */
#define HOLD_MAX	(256 * KIB)

void
content_init(struct content *c)
{
	*c = (struct content){ .fd = -1 };
	buf_init(&c->raw, IMAP_STRUCTURE_MAX);
}

void
content_reset(struct content *c)
{
	bool global = c->global;

	fd_close(&c->fd);
	buf_fini(&c->raw);
	mime_tree_fini(&c->tree);
	content_init(c);
	c->global = global;
}

void
content_fini(struct content *c)
{
	content_reset(c);
}

bool
content_held(const struct content *c)
{
	return c->folder != NULL;
}

int
content_open(struct content *c, struct folder *f, uint32_t uid,
    struct why *why)
{
	int fd;

	if (c->folder == f && c->uid == uid)
		return 0;
	fd = folder_open_message(f, uid, why);
	if (fd < 0)
		return -1;
	/* The buffer is kept for the next message, if it is not large. */
	if (c->raw.size > MIB)
		buf_fini(&c->raw);
	buf_clear(&c->raw);
	fd_close(&c->fd);
	mime_tree_fini(&c->tree);
	*c = (struct content){ .folder = f, .uid = uid, .fd = fd,
		.global = c->global, .raw = c->raw };
	return 0;
}

/* Who wants the header alone does not ask. */
int
content_size(struct content *c, struct why *why)
{
	struct fs_stat st;

	if (c->has_size)
		return 0;
	if (fs_fstat(c->fd, &st) != 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "message");
		return -1;
	}
	c->size_octets = st.size_octets;
	c->has_size = true;
	return 0;
}

static void
replace_nul(char *p, size_t n)
{
	char *end = p + n, *nul;

	while ((nul = memchr(p, '\0', (size_t)(end - p))) != NULL) {
		*nul = (char)0x80;
		p = nul + 1;
	}
}

/* One piece more, of at most so many octets; none: that was the end. */
static int
read_piece(struct content *c, size_t room, struct why *why)
{
	char *to = buf_room(&c->raw, room);
	ssize_t n;

	if (to == NULL) {
		why_set(why, WHY_PERM, "5.3.4",
		    "Message is too large to be taken apart");
		return -1;
	}
	n = fd_pread(c->fd, to, room, c->raw.n);
	if (n < 0) {
		why_sys(why, WHY_TEMP, "4.3.0", "reading a message");
		return -1;
	}
	replace_nul(to, (size_t)n);
	buf_grown(&c->raw, (size_t)n);
	c->whole = n == 0 || (c->has_size && c->raw.n == c->size_octets);
	return 0;
}

/* Read on until raw holds want octets, or the file ends (then whole). */
static int
read_up_to(struct content *c, uint64_t want, struct why *why)
{
	while (!c->whole && c->raw.n < want)
		if (read_piece(c, (size_t)(want - c->raw.n), why) != 0)
			return -1;
	return 0;
}

/*
 * The header, if what was read holds all of it: a body has begun, or there is
 * no more.  A last line that is cut off could be anything.
 */
static bool
header_in(const struct content *c, struct span *header)
{
	struct span text = buf_span(&c->raw), body;
	size_t lf;

	if (!c->whole) {
		lf = span_rchr(text, '\n');
		if (lf == text.n)
			return false;
		text.n = lf + 1;
	}
	header_split(text, header, &body);
	return c->whole || body.n > 0;
}

int
content_header(struct content *c, struct span *header, struct why *why)
{
	size_t want = IMAP_PIECE / 2;

	while (!c->has_header) {
		if ((c->whole || c->raw.n > 0) && header_in(c, header)) {
			c->header_n = header->n;
			c->has_header = true;
			break;
		}
		while (want <= c->raw.n)
			want *= 2;
		if (read_piece(c, want - c->raw.n, why) != 0)
			return -1;
	}
	*header = span_head(buf_span(&c->raw), c->header_n);
	return 0;
}

/* -1 also when it is over IMAP_STRUCTURE_MAX. */
int
content_whole(struct content *c, struct span *raw, struct why *why)
{
	/* One octet more than there should be, to see the end. */
	if (content_size(c, why) != 0 || read_up_to(c, c->size_octets, why) != 0)
		return -1;
	c->whole = true;
	*raw = buf_span(&c->raw);
	return 0;
}

int
content_tree(struct content *c, const struct mime_tree **tree,
    struct why *why)
{
	struct span raw;

	if (content_whole(c, &raw, why) != 0)
		return -1;
	if (!c->has_tree && c->global)
		mime_walk_global(raw, IMAP_MIME_DEPTH, IMAP_PARTS_MAX,
		    &c->tree);
	else if (!c->has_tree)
		mime_walk(raw, IMAP_MIME_DEPTH, IMAP_PARTS_MAX, &c->tree);
	c->has_tree = true;
	*tree = &c->tree;
	return 0;
}

/*
 * The file in pieces, until x has what it wants: from its beginning, or from
 * the piece in which the last part ended.  A client that reads in parts costs
 * as much as one that does not, and one piece for each part.
 */
static int
pass_file(struct content *c, struct extract *x, struct why *why)
{
	char piece[IMAP_PIECE];
	uint64_t at = 0;
	ssize_t n;

	if (x->to != NULL && c->part_wire <= x->from) {
		at = c->part_at;
		x->at = c->part_wire;
		x->after_cr = c->part_after_cr;
	}
	do {
		if (x->to != NULL) {
			c->part_at = at;
			c->part_wire = x->at;
			c->part_after_cr = x->after_cr;
		}
		n = fd_pread(c->fd, piece, sizeof(piece), at);
		if (n < 0) {
			why_sys(why, WHY_TEMP, "4.3.0", "reading a message");
			return -1;
		}
		replace_nul(piece, (size_t)n);
		at += (uint64_t)n;
	} while (n > 0 &&
	    extract_piece(x, span_of(piece, (size_t)n)) == (size_t)n);
	return 0;
}

int
content_octets(struct content *c, uint64_t *octets, struct why *why)
{
	struct extract x;
	struct span raw;

	if (content_size(c, why) != 0)
		return -1;
	if (!c->has_wire && c->size_octets <= HOLD_MAX &&
	    content_whole(c, &raw, why) != 0)
		return -1;
	if (!c->has_wire && c->whole) {
		c->wire_octets = extract_octets(buf_span(&c->raw));
	} else if (!c->has_wire) {
		extract_init(&x, NULL, 0, UINT64_MAX);
		if (pass_file(c, &x, why) != 0)
			return -1;
		c->wire_octets = x.at;
	}
	c->has_wire = true;
	*octets = c->wire_octets;
	return 0;
}

int
content_send(struct content *c, struct stream *to, uint64_t from,
    uint64_t octets, struct why *why)
{
	struct extract x;

	extract_init(&x, to, from, octets);
	if (c->whole)
		(void)extract_piece(&x, buf_span(&c->raw));
	else if (pass_file(c, &x, why) != 0)
		return -1;
	if (x.at >= from + octets)
		return 0;
	why_set(why, WHY_TEMP, "4.3.0", "Message became shorter");
	return -1;
}
